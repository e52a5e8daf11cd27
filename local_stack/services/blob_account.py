"""A storage account with a name, a key and containers, as Azurite has one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.storage.blob import ContainerClient


@dataclass(frozen=True, slots=True)
class BlobAccount:
    """An account whose URL ends with its name.

    :param renamed: containers of the contract that have other names here
    """

    url: str
    key: str
    renamed: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    @property
    def name(self) -> str:
        """Name of the account."""
        return self.url.rpartition("/")[2]

    @property
    def connection_string(self) -> str:
        """Connection string of the account, for Azure clients."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={self.name};AccountKey={self.key};"
            f"BlobEndpoint={self.url};"
        )

    def signed_url(self, container: str, permissions: str, *, valid: timedelta = timedelta(hours=1)) -> str:
        """Return a container's URL with a signature.

        :param permissions: letters of a container signature, for example ``rl``
        :param valid: how long the signature is valid
        """
        name = self.renamed.get(container, container)
        signature = generate_container_sas(
            account_name=self.name,
            container_name=name,
            account_key=self.key,
            permission=ContainerSasPermissions.from_string(permissions),
            expiry=datetime.now(UTC) + valid,
        )
        return f"{self.url}/{name}?{signature}"

    def container(self, name: str) -> ContainerClient:
        """Return a client of a container."""
        service = BlobServiceClient.from_connection_string(self.connection_string)
        return service.get_container_client(self.renamed.get(name, name))

    def make_containers(self) -> None:
        """Create the containers of the contract that do not exist."""
        for name in Container:
            container = self.container(name)
            if not container.exists():
                container.create_container()
