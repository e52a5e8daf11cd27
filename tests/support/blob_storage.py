"""The session's Azurite, between two tests that share it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.storage.blob import BlobServiceClient

from scoring_contract.layout import Container

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage


def empty(storage: BlobStorage) -> None:
    """Delete every blob in the containers of the contract, whoever left it there."""
    with BlobServiceClient.from_connection_string(storage.connection_string) as service:
        for name in Container:
            container = service.get_container_client(name)
            for blob in container.list_blob_names():
                container.delete_blob(blob)
