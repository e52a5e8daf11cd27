"""Creates a fleet of any size for benchmarks: each sensor has a reading in the hour and a model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, SensorEntry, TrainedModel
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage

HOUR = RunHour.parse("2026-01-05T09")
_TAGS = 10
_AT_ONCE = 32


def sensors_of(count: int) -> list[tuple[str, str]]:
    """Return device and tag of ``count`` sensors."""
    return [(str(number // _TAGS + 1), str(number % _TAGS + 1)) for number in range(count)]


def lay_out(storage: BlobStorage, count: int, *, per_pack: int = 0) -> None:
    """Write a reading of every sensor, and a registry with a model for each.

    The model files do not exist: rules of the emulator replace the scorer, and no rule loads them.

    :param count: number of sensors
    :param per_pack: sensors per pack; 0 for a fleet without packs
    """
    entries = [
        _entry(*pair, pack=f"p{number // per_pack:04}" if per_pack else "")
        for number, pair in enumerate(sensors_of(count))
    ]
    data = storage.container(Container.DATA)

    def write(order: tuple[str, list[SensorEntry]]) -> None:
        folder, sharing = order
        rows = [f"{HOUR.start:%Y-%m-%d %H:%M:%S},{entry.device},{entry.tag},0\n" for entry in sharing]
        data.upload_blob(f"{folder}0.csv", "".join(("TS,Device,Tag,Value\n", *rows)), overwrite=True)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(write, [(folder, [*sharing]) for folder, sharing in groupby(entries, _folder)]))
    registry = Registry({_sensor(entry): entry for entry in entries})
    text = registry.to_json()
    storage.container(Container.MODELS).upload_blob(layout.REGISTRY_BLOB, text, overwrite=True)


def _folder(entry: SensorEntry) -> str:
    if entry.pack:
        return layout.packed_readings_prefix(HOUR, entry.pack)
    return layout.readings_prefix(HOUR, _sensor(entry))


def _sensor(entry: SensorEntry) -> str:
    return sensor_id_of(entry.device, entry.tag)


def _entry(device: str, tag: str, *, pack: str) -> SensorEntry:
    ref = ModelRef("v1", layout.model_blob(sensor_id_of(device, tag), "v1"), "00" * 32, "ocsvm-json/2")
    trained = TrainedModel(ref, HOUR.previous, HOUR, 900, {})
    return SensorEntry(device, tag, current="v1", versions={"v1": trained}, pack=pack)
