"""Publishes a model file from elsewhere, after loading it as scoring would."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from scorer.errors import DataFault, ModelFault, OrderFault
from scorer.models.catalogue import Catalogue, publish
from scorer.models.format import CONTENT_TYPES, SKOPS_FORMAT, load_model, refuse_pickled
from scoring_contract.layout import model_blob
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import TrainedModel, TrainedSensor
from scoring_contract.sensor_names import display_name, sensor_id_of

if TYPE_CHECKING:
    from scorer.storage import BlobContainer

_ZIP = b"PK\x03\x04"


def add_model(models: BlobContainer, data: bytes, *, sensor: str, device: str, tag: str) -> TrainedSensor:
    """Make a model file the current model of a sensor.

    :param data: the file's bytes
    :param sensor: its id, or its name as it is shown
    :return: the sensor and its new version, named by the file's digest
    :raises SensorNameError: if device or tag is no name
    :raises OrderFault: if they form another sensor's id
    :raises DataFault: if the sensor's id belongs to another device and tag
    :raises ModelFault: if scoring would not load the file
    :raises StorageFault: if storage refuses or does not answer
    """
    named = sensor_id_of(device, tag)
    if sensor not in {named, display_name(device, tag)}:
        raise OrderFault(f"device {device!r} tag {tag!r} is sensor {named}, not {sensor}")
    sensor = named
    digest = hashlib.sha256(data).hexdigest()
    version = f"added-{digest[:10]}"
    ref = ModelRef(version, model_blob(sensor, version), digest, format_of(data))
    load_model(data, ref)
    model = TrainedModel(ref, trained_from=None, trained_until=None, rows=0, libraries={})
    added = TrainedSensor(sensor, device, tag, model)
    catalogue = Catalogue.read(models)
    models.write(ref.blob, data, content_type=CONTENT_TYPES[ref.format])
    if refused := publish(catalogue, models, [added]).refused:
        raise DataFault(f"{sensor}: {refused[sensor]}")
    return added


def format_of(data: bytes) -> str:
    """Detect a model file's format by its content.

    :raises ModelFault: if it is a pickle, or names no format
    """
    refuse_pickled(data, "the file")
    if data.startswith(_ZIP):
        return SKOPS_FORMAT
    try:
        named = json.loads(data)["format"]
    except (ValueError, RecursionError, LookupError, TypeError):
        named = None
    if not isinstance(named, str) or not named.isprintable():
        raise ModelFault("the file is not a model: neither JSON that names a format, nor a skops archive")
    return named
