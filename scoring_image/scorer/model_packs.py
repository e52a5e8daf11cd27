"""Packs of models in storage: the current models of a pack's sensors, one after the other in one file.

The bytes are those of the single files, so the digest of a model holds for its slice too. Files are named by
their content; the registry, written last and once, says where each model lies.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from scorer.catalogue import Catalogue, amend
from scorer.errors import ModelFault
from scorer.model_files import read_model
from scorer.packing import assigned
from scoring_contract.layout import PACKS_BLOB, model_pack_blob
from scoring_contract.manifest import PackSlice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scorer.storage import BlobContainer
    from scoring_contract.registry import Registry

_THREADS = 16
"""Packs in work at once; they mostly wait for storage, and each holds the models of one pack."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What packing did."""

    packs: int
    sensors: int
    written: int
    """Pack files that were made; the others were there already."""
    faults: Mapping[str, str]
    """Sensor to why its model is in no pack file."""


def pack_models(models: BlobContainer, *, size: int, again: bool) -> Packed:
    """Give every sensor a pack, and write a file for each pack whose models are not in one.

    :param size: most sensors of a pack
    :param again: assign from scratch; else a sensor keeps the pack it has
    :raises ModelFault: if the registry cannot be read
    :raises BlobConflict: if others changed the registry each time
    :raises StorageFault: if storage refuses or does not answer
    """
    catalogue = Catalogue.read(models)
    registry = catalogue.registry
    present = {} if again else {sensor: entry.pack for sensor, entry in registry.sensors.items()}
    pack_of = assigned(registry.sensors, size=size, present=present)
    members: defaultdict[str, list[str]] = defaultdict(list)
    for sensor, pack in pack_of.items():
        members[pack].append(sensor)
    waiting = {pack: group for pack, group in members.items() if not _is_laid_out(registry, pack, group)}
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="pack") as pool:
        files = list(pool.map(partial(_write, models, registry), waiting, waiting.values()))
    places = {sensor: place for file in files for sensor, place in file.places.items()}
    changed = amend(models, lambda seen: seen.packing(pack_of, places), catalogue=catalogue)
    models.write(PACKS_BLOB, _packs_csv(changed).encode(), content_type="text/csv; charset=utf-8")
    faults = {sensor: fault for file in files for sensor, fault in file.faults.items()}
    return Packed(len(members), len(pack_of), sum(bool(file.places) for file in files), faults)


def _packs_csv(registry: Registry) -> str:
    """Say who belongs to which pack, for whoever lays readings out."""
    entries = (registry.sensors[sensor] for sensor in sorted(registry.sensors))
    rows = (f"{entry.device},{entry.tag},{entry.pack}\n" for entry in entries if entry.pack)
    return "".join(("Device,Tag,Pack\n", *rows))


@dataclass(frozen=True, slots=True)
class _PackFile:
    """A file that was written."""

    places: Mapping[str, tuple[str, PackSlice]]
    """Sensor to its version and where that lies."""
    faults: Mapping[str, str]


def _write(models: BlobContainer, registry: Registry, pack: str, sensors: Sequence[str]) -> _PackFile:
    """Put the current models of a pack into one file; a model that is not the registered one stays out."""
    parts: dict[str, bytes] = {}
    faults: dict[str, str] = {}
    for sensor in sensors:
        try:
            parts[sensor] = read_model(models, registry.sensors[sensor].model)
        except ModelFault as fault:
            faults[sensor] = str(fault)
    if not parts:
        return _PackFile({}, faults)
    content = b"".join(parts.values())
    blob = model_pack_blob(pack, hashlib.sha256(content).hexdigest()[:16])
    models.write(blob, content, content_type="application/octet-stream")
    places, offset = {}, 0
    for sensor, data in parts.items():
        places[sensor] = (registry.sensors[sensor].current, PackSlice(blob, offset, len(data)))
        offset += len(data)
    return _PackFile(places, faults)


def _is_laid_out(registry: Registry, pack: str, sensors: Iterable[str]) -> bool:
    """Whether the current models of these sensors lie one after the other in one file of the pack."""
    places = [registry.sensors[sensor].model.pack for sensor in sensors]
    offset = 0
    for place in places:
        if place is None or (place.blob, place.offset) != (_blob_of(places[0]), offset):
            return False
        offset += place.length
    return _blob_of(places[0]).startswith(model_pack_blob(pack, "v").removesuffix("v.jsonl"))


def _blob_of(place: PackSlice | None) -> str:
    return place.blob if place else ""
