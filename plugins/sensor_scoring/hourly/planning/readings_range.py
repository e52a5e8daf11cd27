"""From which hour to which there are readings, found in a few listings. Pure: callers list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LEVELS = 4
"""Year, month, day, hour."""


def range_of_readings(folders: Callable[[str], list[str]]) -> tuple[RunHour, RunHour] | None:
    """Return the first and the last hour with a folder of readings; None if there is none.

    :param folders: lists the folders right below one, whose name ends in ``/``; names are whole paths
    """
    first = _descend(folders, "readings/", _LEVELS, at=0)
    last = _descend(folders, "readings/", _LEVELS, at=-1)
    return (first, last) if first and last else None


def _descend(folders: Callable[[str], list[str]], folder: str, levels: int, *, at: int) -> RunHour | None:
    if not levels:
        return _hour_of(folder)
    found = _numbered(folders(folder))
    while found:
        hour = _descend(folders, f"{found.pop(at)}/", levels - 1, at=at)
        if hour is not None:
            return hour
    return None


def _numbered(names: Sequence[str]) -> list[str]:
    """Return the folders that can be a part of a date, in order: others lie beside them, too."""
    return sorted(name for name in names if name.rpartition("/")[2].isdecimal())


def _hour_of(folder: str) -> RunHour | None:
    year, month, day, hour = folder.strip("/").split("/")[1:]
    try:
        return RunHour.parse(f"{year}-{month}-{day}T{hour}")
    except LayoutError:
        return None
