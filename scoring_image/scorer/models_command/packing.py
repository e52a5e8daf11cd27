"""Assigns sensors to packs, whose members share files. Pure.

Packs are called ``p0001``, ``p0002`` and so on. Readings are stored under these names too, so a sensor keeps
its pack unless the pack is too full.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scoring_contract.predictions import MOST_PACK_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAME = re.compile(r"p(\d+)", re.ASCII)


def assigned(sensors: Iterable[str], *, size: int, present: Mapping[str, str]) -> dict[str, str]:
    """Assign every sensor to a pack.

    :param sensors: ids
    :param size: maximum sensors per pack; fewer if their ids are very long, because the metadata of a pack's
        predictions lists them
    :param present: sensor to its present pack, which it keeps if there is room
    :return: sensor to pack, ordered by id
    """
    packs: dict[str, list[str]] = {}
    homeless = []
    for sensor in sorted(sensors):
        pack = present.get(sensor, "")
        if pack and _has_room(packs.setdefault(pack, []), sensor, size):
            packs[pack].append(sensor)
        else:
            homeless.append(sensor)
    last = max(packs, key=_number, default="")
    for sensor in homeless:
        if not last or not _number(last) or not _has_room(packs[last], sensor, size):
            last = f"p{_number(last) + 1:04}"
            packs[last] = []
        packs[last].append(sensor)
    return dict(sorted((sensor, pack) for pack, members in packs.items() for sensor in members))


def _has_room(members: Sequence[str], sensor: str, size: int) -> bool:
    ids = (*members, sensor)
    return len(ids) <= size and len(",".join(ids)) <= MOST_PACK_CHARS


def _number(pack: str) -> int:
    """Return the number of a pack; 0 for a name of another form."""
    match = _NAME.fullmatch(pack)
    return int(match[1]) if match else 0
