"""Drives the management plane: ``python drive.py ENDPOINT SUBSCRIPTION GROUP ACCOUNT LOCATION``.

Prints one line of JSON with what it saw. Runs with every version since 17.3; since 19.0 there is a model
between a pool and its properties.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.mgmt.batch import BatchManagementClient, models

ENDPOINT, SUBSCRIPTION, GROUP, ACCOUNT, LOCATION = sys.argv[1:]
IDENTITY = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/scorer"
)


class Token:
    """A credential with a token that never expires."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """Return the token."""
        return AccessToken("some-token", 2**32)


def pool_with(**properties: Any) -> models.Pool:
    """Describe a pool, or a part of one."""
    if not hasattr(models, "PoolProperties"):
        return models.Pool(**properties)
    return models.Pool(properties=models.PoolProperties(**properties))


def wanted() -> models.Pool:
    """Describe a pool with an identity."""
    image = models.ImageReference(
        publisher="microsoft-dsvm", offer="ubuntu-hpc", sku="2204", version="latest"
    )
    machine = models.VirtualMachineConfiguration(
        image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04"
    )
    pool = pool_with(
        vm_size="Standard_D2s_v3",
        deployment_configuration=models.DeploymentConfiguration(virtual_machine_configuration=machine),
        scale_settings=models.ScaleSettings(fixed_scale=models.FixedScaleSettings(target_dedicated_nodes=1)),
    )
    pool.identity = models.BatchPoolIdentity(
        type="UserAssigned", user_assigned_identities={IDENTITY: models.UserAssignedIdentities()}
    )
    return pool


def refusal(client: BatchManagementClient) -> str:
    """Ask for a pool that is gone; return the service's error code."""
    try:
        client.pool.get(GROUP, ACCOUNT, "mgmt")
    except HttpResponseError as error:
        return str(error.error.code) if error.error else ""
    return ""


def main() -> None:
    """Find the account; create a pool, read, change, list and delete it."""
    # Its models differ from version to version.
    client: Any = BatchManagementClient(Token(), SUBSCRIPTION, base_url=ENDPOINT)
    account = client.batch_account.get(GROUP, ACCOUNT)
    sizes = client.location.list_supported_virtual_machine_skus(LOCATION)
    client.pool.create(GROUP, ACCOUNT, "mgmt", wanted())
    client.pool.update(GROUP, ACCOUNT, "mgmt", pool_with(display_name="changed"))
    pool = client.pool.get(GROUP, ACCOUNT, "mgmt")
    facts = {
        "account": account.name,
        "key": client.batch_account.get_keys(GROUP, ACCOUNT).primary,
        "accounts": client.location.get_quotas(LOCATION).account_quota,
        "cores": {size.name: size.capabilities[0].value for size in sizes}["Standard_D2s_v3"],
        "identities": list(pool.identity.user_assigned_identities),
        "named": getattr(pool, "properties", pool).display_name,
        "listed": [each.name for each in client.pool.list_by_batch_account(GROUP, ACCOUNT)],
    }
    client.pool.begin_delete(GROUP, ACCOUNT, "mgmt").result()
    sys.stdout.write(json.dumps({**facts, "refused": refusal(client)}) + "\n")


if __name__ == "__main__":
    main()
