"""Which sensors share files: packs of neighbours. Pure.

A pack is called ``p0001``, ``p0002`` and so on. Readings lie under these names too, so whoever has a pack
keeps it; only what a pack can no longer hold moves on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scoring_contract.predictions import MOST_PACK_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAME = re.compile(r"p(\d+)", re.ASCII)


def assigned(sensors: Iterable[str], *, size: int, present: Mapping[str, str]) -> dict[str, str]:
    """Give every sensor a pack.

    :param sensors: ids
    :param size: most sensors of a pack; ids that are very long make it fewer, because the metadata of a
        pack's predictions names them
    :param present: sensor to the pack it has, for those that keep theirs if there is room
    :return: sensor to pack, in order of ids
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
    """Return the number of a pack; 0 for one that somebody has given another name."""
    match = _NAME.fullmatch(pack)
    return int(match[1]) if match else 0
