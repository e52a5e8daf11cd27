"""Packing sensors into Batch tasks. Pure.

A Batch task costs a process, an image start and about three calls, whatever it scores; a sensor costs tens of
milliseconds. One sensor a task reads best in the web UI and retries alone, so a small fleet is not packed. A
large one is, into no more task instances than Airflow's scheduler starts and ends in a few minutes.

Sensors that share files (a *pack* of the registry) are never divided: each of their tasks would read, and
write, the files of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.sensor_names import display_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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


def packed(
    sensors: Sequence[str], *, size: int, pack_of: Mapping[str, str] | None = None
) -> Mapping[str, tuple[str, ...]]:
    """Divide sensors into groups of a size, neighbours together; the last may be smaller.

    :param sensors: ids in order
    :param pack_of: sensor to its pack, for those that have one; a group holds whole packs, begins no other
        once it has its size, and may so become larger than that
    :return: group to its sensors. A group of one that stands alone by choice is called like its sensor, any
        other ``first..last``: no two groups share a sensor, so no two share a name
    """
    packs = pack_of or {}
    return {
        group[0] if size == 1 and group[0] not in packs else f"{group[0]}{_BETWEEN}{group[-1]}": group
        for group in _groups(_units(sensors, packs), size)
    }


def shown_group(group: str) -> str:
    """Return what people read as the name of a group."""
    return _BETWEEN.join(map(display_of, group.split(_BETWEEN)))


def _units(sensors: Sequence[str], packs: Mapping[str, str]) -> Iterable[tuple[str, ...]]:
    """Put together what is not divided, in the order of its first sensor."""
    units: dict[str, list[str]] = {}
    for sensor in sensors:
        pack = packs.get(sensor)
        units.setdefault(f"pack {pack}" if pack else sensor, []).append(sensor)
    return map(tuple, units.values())


def _groups(units: Iterable[tuple[str, ...]], size: int) -> Iterator[tuple[str, ...]]:
    group: tuple[str, ...] = ()
    for unit in units:
        if group and len(group) + len(unit) > size:
            yield group
            group = ()
        group += unit
    if group:
        yield group
