"""Makes what a Batch task needs to reach Blob Storage: signatures, or bare URLs where the node signs in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from scoring_contract.access import SignedBlobs, blobs_variable
from sensor_scoring.azure_batch.task import Grants

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from sensor_scoring.blob_storage.signatures import Signer
    from sensor_scoring.blob_storage.store import BlobStore

Blobs = dict[str, dict[str, str]]
"""Variable of a container to the blobs in it that are needed, each with its permissions."""
_LOG_PERMISSIONS = "cw"
"""What the node's agent uploads with: Batch takes the URL of a container, never that of a blob."""


@dataclass(frozen=True, kw_only=True)
class GrantMaker:
    """Makes the grants of some Batch tasks, with one delegation key for all.

    :param containers: environment variable to ``container:permissions``, for example ``data:rl``
    :param lasts: for how long; the longest a task may wait and run
    :param identity: resource id of the node's identity; empty if it has none
    """

    store: BlobStore
    containers: Mapping[str, str]
    log_container: str
    lasts: timedelta
    identity: str = ""
    identity_client_id: str = ""

    @property
    def can_narrow(self) -> bool:
        """Whether a Batch task can be given less than whole containers."""
        return bool(self.containers) and not self.identity and self._signer.can_narrow

    def grants(self, blobs: Mapping[str, Mapping[str, str]] | None = None) -> Grants:
        """Make those of one Batch task.

        :param blobs: variable of a container to the blobs that are needed of it, each with its permissions,
            in place of the container; those of variables that name no container are left out
        """
        narrowed = (blobs or {}) if self.can_narrow else {}
        environment = {}
        for variable, container in self._containers.items():
            if variable in narrowed:
                environment[blobs_variable(variable)] = self._signed(container, narrowed[variable])
            else:
                environment[variable] = self._urls[variable]
        if self.identity_client_id:
            environment["AZURE_CLIENT_ID"] = self.identity_client_id
        return Grants(environment, self._log_url, self.identity)

    def _signed(self, container: str, blobs: Mapping[str, str]) -> str:
        signatures = {
            blob: self._signer.blob(container, blob, permissions) for blob, permissions in blobs.items()
        }
        return SignedBlobs(self.store.container_url(container), signatures).to_text()

    def _url(self, container: str, permissions: str) -> str:
        url = self.store.container_url(container)
        return url if self.identity else f"{url}?{self._signer.container(container, permissions)}"

    @cached_property
    def _signer(self) -> Signer:
        return self.store.signer(self.lasts)

    @cached_property
    def _containers(self) -> dict[str, str]:
        return {variable: grant.partition(":")[0] for variable, grant in self.containers.items()}

    @cached_property
    def _urls(self) -> dict[str, str]:
        parts = {variable: grant.partition(":")[::2] for variable, grant in self.containers.items()}
        return {variable: self._url(*part) for variable, part in parts.items()}

    @cached_property
    def _log_url(self) -> str:
        return self._url(self.log_container, _LOG_PERMISSIONS) if self.log_container else ""
