"""Packing sensors into Batch tasks. Pure.

A Batch task costs a process, an image start and about three calls, whatever it scores; a sensor costs tens of
milliseconds. One sensor a task reads best in the web UI and retries alone, so a small fleet is not packed. A
large one is, into no more task instances than Airflow's scheduler starts and ends in a few minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_TASKS = 400
"""A fleet that is larger is packed, unless a setting says how."""
_BETWEEN = ".."


def size_for(sensors: int, *, wanted: int) -> int:
    """Return how many sensors one Batch task scores.

    :param sensors: number of sensors to score
    :param wanted: the setting; 0 chooses: one each up to :data:`MOST_TASKS`, above that just as many as make
        no more tasks than that
    """
    return wanted or max(1, -(-sensors // MOST_TASKS))


def packed(sensors: Sequence[str], *, size: int) -> Mapping[str, tuple[str, ...]]:
    """Divide sensors into groups of a size, neighbours together; the last may be smaller.

    :param sensors: ids in order
    :return: group to its sensors. A group of one that stands alone by choice is called like its sensor, a
        packed one ``first..last``: with sensors in order, no two groups share a name
    """
    if size == 1:
        return {sensor: (sensor,) for sensor in sensors}
    chunks = [tuple(sensors[start : start + size]) for start in range(0, len(sensors), size)]
    return {f"{chunk[0]}{_BETWEEN}{chunk[-1]}": chunk for chunk in chunks}
