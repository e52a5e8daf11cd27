"""Signatures for others: shared access signatures of containers and of single blobs. No network.

https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure.storage.blob import (
    BlobSasPermissions,
    ContainerSasPermissions,
    generate_blob_sas,
    generate_container_sas,
)

if TYPE_CHECKING:
    from datetime import datetime

    from azure.storage.blob import UserDelegationKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs for one storage account, for a span of time; each signature is a hash, no request.

    :param delegation_key: issued to an identity, so that it can be revoked
    :param account_key: Azurite's
    :param passed_on: a signature that the connection is made of: it grants what it grants
    """

    account: str
    start: datetime
    expiry: datetime
    delegation_key: UserDelegationKey | None = field(default=None, repr=False)
    account_key: str | None = field(default=None, repr=False)
    passed_on: str = field(default="", repr=False)

    @property
    def can_narrow(self) -> bool:
        """Whether it can sign for less than a whole container."""
        return not self.passed_on

    def container(self, name: str, permissions: str) -> str:
        """Return the query of a container's URL.

        :param permissions: letters of a container signature, for example ``rl``
        """
        return self.passed_on or generate_container_sas(
            account_name=self.account,
            container_name=name,
            account_key=self.account_key,
            user_delegation_key=self.delegation_key,
            permission=ContainerSasPermissions.from_string(permissions),
            start=self.start,
            expiry=self.expiry,
        )

    def blob(self, container: str, blob: str, permissions: str) -> str:
        """Return the query of a blob's URL, which is good for this blob alone.

        :param permissions: letters of a blob signature, for example ``rw``
        """
        return self.passed_on or generate_blob_sas(
            account_name=self.account,
            container_name=container,
            blob_name=blob,
            account_key=self.account_key,
            user_delegation_key=self.delegation_key,
            permission=BlobSasPermissions.from_string(permissions),
            start=self.start,
            expiry=self.expiry,
        )
