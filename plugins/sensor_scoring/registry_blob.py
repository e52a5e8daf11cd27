"""The registry of models in Blob Storage, as those read it who only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.errors import MessageError
from scoring_contract.registry import Registry
from sensor_scoring.errors import RegistryDamaged, RegistryMissing

if TYPE_CHECKING:
    from sensor_scoring.settings import Settings
    from sensor_scoring.storage import BlobStore


def read_registry(store: BlobStore, settings: Settings) -> Registry:
    """Return the registry.

    :raises RegistryMissing: if there is none: that is not a fleet without sensors
    :raises RegistryDamaged: if it cannot be read, naming the place that is wrong
    """
    container = settings.containers.models_container
    text = store.read(container, layout.REGISTRY_BLOB)
    if text is None:
        raise RegistryMissing(
            f"there is no registry of models, {container}/{layout.REGISTRY_BLOB}: run the "
            "DAG 'train_models' first, or restore the blob"
        )
    return parsed_registry(text, settings)


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
