"""Verifies the current models in storage, and repairs broken ones from intact copies or versions."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing, DataFault, ModelFault
from scorer.models.catalogue import Catalogue, amend
from scorer.models.files import MOST_PACK_BYTES, read_model
from scorer.models.format import CONTENT_TYPES, load_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scorer.storage import BlobContainer
    from scoring_contract.messages.manifest import ModelRef
    from scoring_contract.messages.registry import SensorEntry

_THREADS = 16


@dataclass(frozen=True, slots=True)
class Repair:
    """The result of repairing a broken model."""

    sensor: str
    done: str
    """The repair, as a sentence; empty if none was possible."""
    problem: str
    """Why the model was broken."""


def broken_models(models: BlobContainer) -> tuple[int, Mapping[str, str]]:
    """Load every sensor's current model as scoring would.

    :return: the number of sensors, and each sensor with a broken model to what is wrong with it
    :raises ModelFault: if the registry cannot be read
    :raises StorageFault: if storage refuses or does not answer
    """
    sensors = Catalogue.read(models).registry.sensors
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="verify") as pool:
        problems = list(pool.map(lambda entry: _problem(models, entry.model), sensors.values()))
    return len(sensors), {
        sensor: problem for sensor, problem in zip(sensors, problems, strict=True) if problem
    }


def repair_models(models: BlobContainer) -> tuple[Repair, ...]:
    """Repair broken models: restore them from the pack file, or else roll back to the last intact version.

    :return: one for each sensor whose model was broken
    :raises ModelFault: if the registry cannot be read
    :raises StorageFault: if storage refuses or does not answer
    """
    _, problems = broken_models(models)
    sensors = Catalogue.read(models).registry.sensors
    return tuple(_repair(models, sensor, sensors[sensor], problem) for sensor, problem in problems.items())


def _repair(models: BlobContainer, sensor: str, entry: SensorEntry, problem: str) -> Repair:
    ref = entry.model
    if (data := _packed_copy(models, ref)) is not None:
        models.write(ref.blob, data, content_type=CONTENT_TYPES[ref.format])
        return Repair(sensor, f"restored from {ref.pack.blob if ref.pack else ''}", problem)
    for version in reversed(entry.former):
        if not _problem(models, entry.versions[version].ref):
            amend(models, lambda seen: seen.promoting({sensor: version}))  # noqa: B023  # called at once
            return Repair(sensor, f"rolled back to {version}, because {entry.current} is broken", problem)
    return Repair(sensor, "", problem)


def _problem(models: BlobContainer, ref: ModelRef) -> str:
    try:
        load_model(read_model(models, ref), ref)
    except ModelFault as fault:
        return str(fault)
    return ""


def _packed_copy(models: BlobContainer, ref: ModelRef) -> bytes | None:
    """Return the bytes of a model from its pack file, if they have the registered digest; else None."""
    if ref.pack is None:
        return None
    try:
        whole = models.read(ref.pack.blob, most_bytes=MOST_PACK_BYTES)
    except (BlobMissing, DataFault):
        return None
    data = whole[ref.pack.offset : ref.pack.offset + ref.pack.length]
    return data if hashlib.sha256(data).hexdigest() == ref.sha256 else None
