"""Formats the registry as aligned text, or as JSON for programs. No I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoring_contract.messages.registry import Registry, SensorEntry, TrainedModel


def list_text(registry: Registry) -> Iterator[str]:
    """Yield a heading and a line for each sensor."""
    rows = [
        (
            *(sensor, entry.device, entry.tag, entry.pack or "-", entry.current),
            *(_trained(entry.versions[entry.current]), str(len(entry.versions))),
        )
        for sensor, entry in sorted(registry.sensors.items())
    ]
    heading = ("SENSOR", "DEVICE", "TAG", "PACK", "CURRENT", "TRAINED ON", "VERSIONS")
    return _aligned([heading, *rows])


def list_json(registry: Registry) -> str:
    """Return a JSON list with an object for each sensor."""
    facts = [
        {
            "sensor": sensor,
            "device": entry.device,
            "tag": entry.tag,
            "pack": entry.pack,
            "current": entry.current,
            "versions": sorted(entry.versions),
        }
        for sensor, entry in sorted(registry.sensors.items())
    ]
    return json.dumps(facts, indent=2, ensure_ascii=False)


def show_text(sensor: str, entry: SensorEntry) -> Iterator[str]:
    """Yield a sensor's facts, then its versions."""
    yield f"{sensor}: device {entry.device}, tag {entry.tag}, pack {entry.pack or 'none'}"
    yield f"rollback goes to {entry.former[-1]}" if entry.former else "no earlier version to roll back to"
    heading = ("", "VERSION", "FORMAT", "TRAINED ON", "READINGS", "SHA256", "IN PACK FILE")
    rows = [
        (
            "current" if version == entry.current else "",
            *(version, model.ref.format, _trained(model), str(model.rows or "-"), model.ref.sha256[:12]),
            model.ref.pack.blob if model.ref.pack else "-",
        )
        for version, model in sorted(entry.versions.items())
    ]
    yield from _aligned([heading, *rows])


def show_json(sensor: str, entry: SensorEntry) -> str:
    """Return a sensor as a JSON object, with the members of its registry entry."""
    facts: dict[str, Any] = {"sensor": sensor, **entry.to_json()}
    return json.dumps(facts, indent=2, ensure_ascii=False)


def _trained(model: TrainedModel) -> str:
    if model.trained_from is None:
        return "elsewhere"
    return f"{model.trained_from} until {model.trained_until}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
