"""Reads the packs of sensors from the registry of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ResourceNotFoundError

from ingest.errors import StorageFailed
from scoring_contract.errors import MessageError
from scoring_contract.layout import REGISTRY_BLOB
from scoring_contract.messages.registry import Registry

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


def packs_of(models: ContainerClient) -> dict[str, str]:
    """Return the pack of each sensor that has one; empty without a registry.

    :param models: the ``models`` container
    :return: sensor to pack
    :raises StorageFailed: if the registry cannot be read
    """
    action = f"read {REGISTRY_BLOB}"
    try:
        registry = Registry.from_json(models.download_blob(REGISTRY_BLOB).readall())
    except ResourceNotFoundError:
        return {}
    except AzureError as error:
        raise StorageFailed(action, type(error).__name__) from error
    except MessageError as error:
        raise StorageFailed(action, str(error)) from error
    return {sensor: entry.pack for sensor, entry in registry.sensors.items() if entry.pack}
