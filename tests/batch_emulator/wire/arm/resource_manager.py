"""The unmodified ``azure-mgmt-batch`` against an emulator, with shorthands for what tests need."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import httpx
from azure.core.credentials import AccessToken
from azure.mgmt.batch import BatchManagementClient, models

if TYPE_CHECKING:
    from azure_batch_emulator.server import EmulatorServer

LOOSE: dict[str, Any] = {"enforce_https": False}
"""Lets the SDK send a token over plain HTTP."""
ACCOUNT = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.Batch/batchAccounts/{accountName}"
)
IDENTITY = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/scorer"
)


class StaticToken:
    """A credential with a token that never expires."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """Give the token."""
        return AccessToken("token", 4_000_000_000)


def a_pool(**properties: Any) -> models.Pool:
    """Describe a pool without nodes."""
    image = models.ImageReference(publisher="canonical", offer="jammy", sku="22", version="latest")
    machine = models.VirtualMachineConfiguration(
        image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04"
    )
    options: dict[str, Any] = {
        "vm_size": "standard_d4s_v3",
        "deployment_configuration": models.DeploymentConfiguration(virtual_machine_configuration=machine),
        **properties,
    }
    return models.Pool(properties=models.PoolProperties(**options))


def fixed(dedicated: int, **options: Any) -> models.ScaleSettings:
    """Describe a fixed size."""
    return models.ScaleSettings(
        fixed_scale=models.FixedScaleSettings(target_dedicated_nodes=dedicated, **options)
    )


def formula(text: str, **options: Any) -> models.ScaleSettings:
    """Describe autoscale."""
    return models.ScaleSettings(auto_scale=models.AutoScaleSettings(formula=text, **options))


class ResourceManager:
    """A management client of one emulator."""

    def __init__(self, emulator: EmulatorServer) -> None:
        self.emulator = emulator
        settings = emulator.settings
        self.client = BatchManagementClient(
            StaticToken(),
            settings.subscription,
            base_url=emulator.endpoint,
            retry_total=0,
            polling_interval=0.02,
        )
        self.account = (settings.resource_group, settings.account)
        self._pools: Any = self.client.pool  # its overloads do not see through options
        self._raw = httpx.Client(base_url=emulator.endpoint, trust_env=False, timeout=60)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
        self._raw.close()

    def create(self, pool: models.Pool, name: str = "pool", **options: Any) -> models.Pool:
        """Put a pool."""
        found: models.Pool = self._pools.create(*self.account, name, pool, **LOOSE, **options)
        return found

    def update(self, pool: models.Pool, name: str = "pool", **options: Any) -> models.Pool:
        """Patch a pool."""
        found: models.Pool = self._pools.update(*self.account, name, pool, **LOOSE, **options)
        return found

    def get(self, name: str = "pool") -> models.Pool:
        """Get a pool."""
        return self.client.pool.get(*self.account, name, **LOOSE)

    def ask(self, method: str, below: str, **options: Any) -> httpx.Response:
        """Send a request of one's own about something below the account."""
        return self.request(method, ACCOUNT + below, **options)

    def request(
        self, method: str, path: str, *, version: str = "2025-06-01", **options: Any
    ) -> httpx.Response:
        """Send a request of one's own.

        :param path: with names in braces, which are filled in
        """
        settings = self.emulator.settings
        names = {
            "subscriptionId": settings.subscription,
            "resourceGroupName": settings.resource_group,
            "accountName": settings.account,
            "locationName": settings.location,
        }
        options.setdefault("headers", {"Authorization": "Bearer token"})
        params = {"api-version": version} if version else None
        return self._raw.request(
            method, path.format_map(defaultdict(lambda: "x", names)), params=params, **options
        )
