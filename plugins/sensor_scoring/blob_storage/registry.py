"""The registry of models in Blob Storage, as those read it who only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract import json_message, layout
from scoring_contract.errors import MessageError
from scoring_contract.json_message import Node
from scoring_contract.messages.registry import Registry, SensorEntry
from sensor_scoring.errors import RegistryDamaged, RegistryMissing

if TYPE_CHECKING:
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.settings import Settings


def read_registry(store: BlobStore, settings: Settings) -> Registry:
    """Return the registry.

    :raises RegistryMissing: if there is none: that is not a fleet without sensors
    :raises RegistryDamaged: if it cannot be read, naming the place that is wrong
    """
    return parsed_registry(_text(store, settings), settings)


def read_entry(store: BlobStore, settings: Settings, sensor: str) -> SensorEntry | None:
    """Return a sensor's entry of the registry; None if it has none.

    :raises RegistryMissing: if there is no registry
    :raises RegistryDamaged: if it cannot be read, naming the place that is wrong
    """
    text = _text(store, settings)
    found = json_message.rendered_member(text, sensor)
    try:
        if found is not None:
            return SensorEntry.from_json(Node("registry", f"sensors.{sensor}", found))
    except MessageError:
        pass  # parsed as a whole, it says more
    return parsed_registry(text, settings).sensors.get(sensor)


def _text(store: BlobStore, settings: Settings) -> bytes:
    container = settings.containers.models_container
    text = store.read(container, layout.REGISTRY_BLOB)
    if text is None:
        raise RegistryMissing(
            f"there is no registry of models, {container}/{layout.REGISTRY_BLOB}: run the "
            "DAG 'train_models' first, or restore the blob"
        )
    return text


def parsed_registry(text: str | bytes, settings: Settings) -> Registry:
    """Read a registry's text.

    :raises RegistryDamaged: if it cannot be read, naming the place that is wrong
    """
    try:
        return Registry.from_json(text)
    except MessageError as error:
        container = settings.containers.models_container
        raise RegistryDamaged(
            f"the registry of models, {container}/{layout.REGISTRY_BLOB}, is damaged and was "
            f"left alone: {error}; restore an earlier version of the blob"
        ) from error
