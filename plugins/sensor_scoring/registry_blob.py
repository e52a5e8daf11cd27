"""The registry of models in Blob Storage, as those read it who only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.registry import Registry
from sensor_scoring.errors import RegistryMissing

if TYPE_CHECKING:
    from sensor_scoring.blobs import BlobStore
    from sensor_scoring.settings import Settings


def read_registry(store: BlobStore, settings: Settings) -> Registry:
    """Return the registry.

    :raises RegistryMissing: if there is none: that is not a fleet without sensors
    :raises MessageError: naming the place that is wrong
    """
    text = store.read(settings.models_container, layout.REGISTRY_BLOB)
    if text is None:
        raise RegistryMissing(
            f"there is no registry of models, {settings.models_container}/{layout.REGISTRY_BLOB}: run the "
            "DAG 'train_models' first, or restore the blob"
        )
    return Registry.from_json(text)
