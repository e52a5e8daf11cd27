"""A fleet for measurements: as many sensors as wanted, each with a reading in the hour and a model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.manifest import ModelRef
from scoring_contract.registry import Registry, SensorEntry, TrainedModel

if TYPE_CHECKING:
    from local_stack.azurite import BlobStorage

HOUR = RunHour.parse("2026-01-05T09")
_TAGS = 10
_AT_ONCE = 32


def sensors_of(count: int) -> list[tuple[str, str]]:
    """Return device and tag of so many sensors."""
    return [(str(number // _TAGS + 1), str(number % _TAGS + 1)) for number in range(count)]


def lay_out(storage: BlobStorage, count: int) -> None:
    """Write a reading of every sensor, and a registry that names a model for each.

    The models themselves are not there: nobody loads them where a rule stands for the scorer.
    """
    pairs = sensors_of(count)
    data = storage.container(Container.DATA)

    def write(pair: tuple[str, str]) -> None:
        folder = layout.readings_prefix(HOUR, layout.sensor_id_of(*pair))
        row = f"TS,Device,Tag,Value\n{HOUR.start:%Y-%m-%d %H:%M:%S},{pair[0]},{pair[1]},0\n"
        data.upload_blob(f"{folder}0.csv", row.encode(), overwrite=True)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(write, pairs))
    registry = Registry({layout.sensor_id_of(*pair): _entry(*pair) for pair in pairs})
    text = registry.to_json()
    storage.container(Container.MODELS).upload_blob(layout.REGISTRY_BLOB, text, overwrite=True)


def _entry(device: str, tag: str) -> SensorEntry:
    ref = ModelRef("v1", layout.model_blob(layout.sensor_id_of(device, tag), "v1"), "00" * 32, "ocsvm-json/2")
    trained = TrainedModel(ref, HOUR.previous, HOUR, 900, {})
    return SensorEntry(device, tag, current="v1", versions={"v1": trained})
