"""What is trained together: a sensor, or the sensors of a pack, whose readings share files. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring_contract.layout import pack_of_readings, sensor_of_readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Unit:
    """Sensors and the files that may hold their readings; nobody else needs these files."""

    sensors: tuple[str, ...]
    training: tuple[str, ...]
    """Blobs in ``data``, in the order of hours."""
    evaluation: tuple[str, ...] = ()
    """Likewise with later hours."""


def units_of(
    sensors: Iterable[str],
    pack_of: Mapping[str, str],
    training: Iterable[str],
    evaluation: Iterable[str] = (),
) -> list[Unit]:
    """Divide sensors into units, in the order of each unit's first sensor.

    Sensors of a pack are together only if there are files of the pack: each is then read once.

    :param sensors: ids in order
    :param pack_of: sensor to its pack, for those that have one
    """
    trained, evaluated = _by_owner(training), _by_owner(evaluation)
    members: dict[str, list[str]] = {}
    for sensor in sensors:
        pack = _folder_of(pack_of.get(sensor, ""))
        shares = pack in trained or pack in evaluated
        members.setdefault(pack if shares else sensor, []).append(sensor)
    return [
        Unit(tuple(group), _of(trained, name, group), _of(evaluated, name, group))
        for name, group in members.items()
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


def _of(owned: Mapping[str, list[str]], name: str, group: Iterable[str]) -> tuple[str, ...]:
    """Return the blobs of a unit; names of blobs begin with their hours."""
    return tuple(sorted(blob for owner in {name, *group} for blob in owned.get(owner, ())))
