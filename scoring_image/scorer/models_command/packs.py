"""Writes pack files: the current models of a pack's sensors in one file.

A pack file holds the models' numbers as arrays (``pack_format``), then their own files, unchanged and one
after the other: models of other formats are read from there, and broken files are restored from there. A pack
file is named by the digest of its head; the registry, written once and last, holds the offset of each model.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing, DataFault, ModelFault
from scorer.models.catalogue import Catalogue, amend
from scorer.models.files import MOST_PACK_BYTES, pack_of, read_model
from scorer.models.format import FORMAT, load_model, read_own
from scorer.models.pack_format import render_head
from scorer.models_command.packing import assigned
from scoring_contract.layout import PACKS_BLOB, model_pack_blob, model_packs_folder
from scoring_contract.messages.manifest import PackSlice
from scoring_contract.reading_files.csv_dialect import csv_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scorer.storage import BlobContainer
    from scoring_contract.messages.manifest import ModelRef
    from scoring_contract.messages.registry import Registry

_THREADS = 16
"""Packs in progress at once; they mostly wait for storage, and each holds the models of one pack."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The result of packing."""

    packs: int
    sensors: int
    written: int
    """Number of pack files written; the others existed already."""
    faults: Mapping[str, str]
    """Sensor to the reason why its model is in no pack file."""


def pack_models(models: BlobContainer, *, size: int, again: bool) -> Packed:
    """Assign every sensor to a pack, and write the pack files that are missing, outdated or damaged.

    :param size: maximum sensors per pack
    :param again: reassign all sensors; otherwise a sensor keeps its pack
    :raises ModelFault: if the registry cannot be read
    :raises BlobConflict: if other writers change the registry before each attempt
    :raises StorageFault: if storage refuses or does not answer
    """
    catalogue = Catalogue.read(models)
    registry = catalogue.registry
    present = {} if again else {sensor: entry.pack for sensor, entry in registry.sensors.items()}
    pack_of = assigned(registry.sensors, size=size, present=present)
    members: defaultdict[str, list[str]] = defaultdict(list)
    for sensor, pack in pack_of.items():
        members[pack].append(sensor)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="pack") as pool:
        files = list(pool.map(partial(_write_unless_there, models, registry), members, members.values()))
    places = {sensor: place for file in files for sensor, place in file.places.items()}
    changed = amend(models, lambda seen: seen.packing(pack_of, places), catalogue=catalogue)
    models.write(PACKS_BLOB, _packs_csv(changed).encode(), content_type="text/csv; charset=utf-8")
    faults = {sensor: fault for file in files for sensor, fault in file.faults.items()}
    return Packed(len(members), len(pack_of), sum(bool(file.places) for file in files), faults)


def _packs_csv(registry: Registry) -> str:
    """Return each sensor's pack and id as CSV, for the programs that lay out readings."""
    rows = (
        ",".join((csv_field(entry.device), csv_field(entry.tag), entry.pack, f"{sensor}\n"))
        for sensor, entry in sorted(registry.sensors.items())
    )
    return "".join(("Device,Tag,Pack,Sensor\n", *rows))


@dataclass(frozen=True, slots=True)
class _PackFile:
    """A pack file that was written; without places if it was not necessary."""

    places: Mapping[str, tuple[str, PackSlice]]
    """Sensor to its version, and that version's slice of the file."""
    faults: Mapping[str, str]


def _write_unless_there(
    models: BlobContainer, registry: Registry, pack: str, sensors: Sequence[str]
) -> _PackFile:
    place = registry.sensors[sensors[0]].model.pack
    if place and _is_laid_out(registry, pack, sensors) and _is_whole(models, place.blob):
        return _PackFile({}, {})
    return _write(models, registry, pack, sensors)


def _write(models: BlobContainer, registry: Registry, pack: str, sensors: Sequence[str]) -> _PackFile:
    """Write the current models of a pack to one file, without those that scoring would refuse."""
    found: dict[str, tuple[ModelRef, bytes]] = {}
    faults: dict[str, str] = {}
    for sensor in sensors:
        ref = registry.sensors[sensor].model
        try:
            data = read_model(models, ref)
            if ref.format == FORMAT:
                load_model(data, ref)
        except ModelFault as fault:
            faults[sensor] = str(fault)
        else:
            found[sensor] = ref, data
    if not found:
        return _PackFile({}, faults)
    content, slices = packed(pack, list(found.values()))
    models.write(slices[0].blob, content, content_type="application/octet-stream")
    versions = (ref.version for ref, _ in found.values())
    return _PackFile(dict(zip(found, zip(versions, slices, strict=True), strict=True)), faults)


def packed(pack: str, models: Sequence[tuple[ModelRef, bytes]]) -> tuple[bytes, list[PackSlice]]:
    """Render a pack file. No I/O.

    :param models: at least one, each with the bytes of its own file
    :return: the file, and the slice of each model's own file
    :raises ModelFault: if scoring would refuse a model of our format
    """
    numbers = [(ref.sha256, read_own(data, ref.blob)) for ref, data in models if ref.format == FORMAT]
    head = render_head(numbers, others=[ref.sha256 for ref, _ in models if ref.format != FORMAT])
    blob = model_pack_blob(pack, hashlib.sha256(head).hexdigest())
    ends = accumulate((len(data) for _, data in models), initial=len(head))
    slices = [PackSlice(blob, end, len(data)) for end, (_, data) in zip(ends, models, strict=False)]
    return b"".join((head, *(data for _, data in models))), slices


def _is_whole(models: BlobContainer, blob: str) -> bool:
    """Whether a pack file exists and has the digest of its name."""
    try:
        return pack_of(blob, models.read(blob, most_bytes=MOST_PACK_BYTES)) is not None
    except (BlobMissing, DataFault, ModelFault):
        return False


def _is_laid_out(registry: Registry, pack: str, sensors: Iterable[str]) -> bool:
    """Whether the current models of these sensors lie one after the other in one file of this pack."""
    places = [registry.sensors[sensor].model.pack for sensor in sensors]
    first = places[0]
    offset = first.offset if first else 0
    for place in places:
        if place is None or first is None or (place.blob, place.offset) != (first.blob, offset):
            return False
        offset += place.length
    return first is not None and first.blob.startswith(model_packs_folder(pack))
