"""The cases of ``docs/sensor_names.toml``, for the tests of all that make or read sensor ids."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[2] / "docs" / "sensor_names.toml"


@dataclass(frozen=True, slots=True)
class SensorName:
    """A device and a tag, and what becomes of them."""

    says: str
    device: str
    tag: str
    id: str
    display: str
    twin: str
    reversible: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A text that cannot be a name."""

    says: str
    name: str
    problem: str


def sensor_names() -> list[SensorName]:
    """Return the accepted names."""
    return [
        SensorName(
            says=case["says"],
            device=case["device"],
            tag=case["tag"],
            id=case["id"],
            display=case.get("display", case["id"]),
            twin=case.get("twin", ""),
            reversible=case.get("reversible", True),
        )
        for case in _table()["name"]
    ]


def refused_names() -> list[Refused]:
    """Return the refused names."""
    return [Refused(case["says"], case["name"], case["problem"]) for case in _table()["refused"]]


def _table() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))
