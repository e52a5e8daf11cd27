"""A container per test of the loader, in the session's Azurite."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.storage.blob import ContainerClient

    from local_stack.services.azurite import BlobStorage


@pytest.fixture
def data(azurite: BlobStorage) -> Iterator[ContainerClient]:
    """Yield an empty container."""
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        container = service.create_container(f"data-{uuid4().hex}")
        with container:
            yield container
