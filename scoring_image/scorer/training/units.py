"""Groups sensors that are trained together: the sensors of a pack share files of readings. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring_contract.layout import pack_of_readings, sensor_of_readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Unit:
    """Sensors and the files that may hold their readings."""

    sensors: tuple[str, ...]
    training: tuple[str, ...]
    """Blobs in ``data``, in the order of hours."""
    evaluation: tuple[str, ...] = ()
    """Likewise with later hours."""


def units_of(
    sensors: Iterable[str],
    packs_of: Mapping[str, Sequence[str]],
    training: Iterable[str],
    evaluation: Iterable[str] = (),
) -> list[Unit]:
    """Divide sensors into units, in the order of each unit's first sensor.

    Sensors of a pack are together only if there are files of the pack: each is then read once. The files of
    a pack that a sensor has left are read once more for it.

    :param sensors: ids in order
    :param packs_of: sensor to the packs in whose files its readings may be, the present one first
    """
    trained, evaluated = _by_owner(training), _by_owner(evaluation)
    owners = {sensor: (sensor, *map(_folder_of, packs_of.get(sensor, ()))) for sensor in sensors}
    members: dict[str, list[str]] = {}
    for sensor, (_, *folders) in owners.items():
        shared = [folder for folder in folders if folder in trained or folder in evaluated]
        members.setdefault(shared[0] if shared else sensor, []).append(sensor)
    return [
        Unit(tuple(group), _of(trained, group, owners), _of(evaluated, group, owners))
        for group in members.values()
    ]


def _by_owner(blobs: Iterable[str]) -> Mapping[str, list[str]]:
    owned: defaultdict[str, list[str]] = defaultdict(list)
    for blob in blobs:
        if sensor := sensor_of_readings(blob):
            owned[sensor].append(blob)
        elif pack := pack_of_readings(blob):
            owned[_folder_of(pack)].append(blob)
    return dict(owned)


def _folder_of(pack: str) -> str:
    return f"_packs/{pack}"  # no sensor can have this name


def _of(
    owned: Mapping[str, list[str]], group: Iterable[str], owners: Mapping[str, Iterable[str]]
) -> tuple[str, ...]:
    """Return the blobs of a unit; names of blobs begin with their hours."""
    folders = {folder for sensor in group for folder in owners[sensor]}
    return tuple(sorted(blob for folder in folders for blob in owned.get(folder, ())))
