"""Advice about headers without the wanted columns: their probable form, and how to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.reading_files.timestamps import read_timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

_OTHER_NAMES = {
    "TS": {"timestamp", "time", "datetime", "date", "eventtime", "eventenqueuedutctime", "enqueuedtimeutc"},
    "Device": {"deviceid", "devicename", "machine", "machineid", "asset", "assetid", "equipment", "unit"},
    "Tag": {"tagid", "tagname", "sensor", "sensorid", "channel", "signal", "metric", "point", "parameter"},
    "Value": {"val", "reading", "measurement", "measure", "data"},
}
_TIMES = _OTHER_NAMES["TS"] | {"ts"}
_LONG = ("Device", "Tag")
"""Columns that a wide table, with a column for each sensor, does not have."""


def advice_about(names: Sequence[str], missing: Sequence[str]) -> str:
    """Return advice about a header; empty if its form is unknown.

    :param names: names of its columns
    :param missing: wanted columns that it lacks

    >>> advice_about(["TS", "temp", "rpm"], ["Device", "Tag", "Value"])[:41]
    'it looks wide, with a column for each sen'
    """
    if any(read_timestamp(name) for name in names):
        return "it is already a reading: add a header above it"
    others = {column: _other_name(column, names) for column in missing}
    if all(others.values()):
        renames = ", ".join(f"{other} to {column}" for column, other in others.items())
        return f"rename {renames}"
    if set(_LONG) <= {column for column, other in others.items() if not other} and _is_wide(names):
        return (
            "it looks wide, with a column for each sensor: reshape it to one reading per line (pandas: melt)"
        )
    return ""


def _other_name(column: str, names: Sequence[str]) -> str:
    known = _OTHER_NAMES.get(column, set())
    return next((name for name in names if _plain(name) in known), "")


def _is_wide(names: Sequence[str]) -> bool:
    return len(names) > 1 and any(_plain(name) in _TIMES for name in names)


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
