"""What a header that is none of ours probably is, and what to do about it: words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.timestamps import read_timestamp

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
"""Columns that a table with a column for each sensor does without."""


def advice_about(names: Sequence[str], missing: Sequence[str]) -> str:
    """Say what a header probably is; empty if nothing suggests itself.

    :param names: of its columns
    :param missing: columns that it should name and does not

    >>> advice_about(["TS", "temp", "rpm"], ["Device", "Tag", "Value"])[:41]
    'it looks wide, with a column for each sen'
    """
    if any(read_timestamp(name) for name in names):
        return "it is a reading already: put a header above it"
    others = {column: _other_name(column, names) for column in missing}
    if all(others.values()):
        renames = ", ".join(f"{other} to {column}" for column, other in others.items())
        return f"other names for the same: rename {renames}"
    if set(_LONG) <= {column for column, other in others.items() if not other} and _is_wide(names):
        return (
            "it looks wide, with a column for each sensor: turn it into lines of one reading each "
            "(pandas: melt)"
        )
    return ""


def _other_name(column: str, names: Sequence[str]) -> str:
    known = _OTHER_NAMES.get(column, set())
    return next((name for name in names if _plain(name) in known), "")


def _is_wide(names: Sequence[str]) -> bool:
    return len(names) > 1 and any(_plain(name) in _TIMES for name in names)


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
