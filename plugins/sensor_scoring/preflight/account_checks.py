"""Checks of what Azure Resource Manager alone tells of the Batch account: network, sign-in, mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sensor_scoring.errors import BatchAccessRefused, BatchUnreachable
from sensor_scoring.preflight.finding import fine, missing, skipped, warning
from sensor_scoring.roles import on_batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

UNREAD = "waits for the account resource, which was not read"
_ID = "az batch account list --query '[].id' --output tsv"


def resource(deployment: Deployment) -> Iterator[Finding]:
    """Read the Batch account from Azure Resource Manager; the checks that say so need it."""
    if not deployment.settings.connections.batch_account_id:
        yield skipped("not looked at: SENSOR_SCORING_BATCH_ACCOUNT_ID is not set", _ID)
        return
    try:
        with deployment.account_resource() as account:
            described = account.describe()
    except (BatchAccessRefused, BatchUnreachable) as error:
        # Runs go by the Batch API.
        yield warning(str(error), on_batch(deployment.batch_account))
        return
    endpoint, used = str(described["properties"]["accountEndpoint"]), deployment.hook.account_url
    if urlsplit(used).netloc.lower() != endpoint.lower():
        yield missing(
            f"SENSOR_SCORING_BATCH_ACCOUNT_ID is the account {endpoint}, and the connection "
            f"{deployment.hook.conn_id} leads to {used}",
            f"set SENSOR_SCORING_BATCH_ACCOUNT_ID to that account's: {_ID}",
        )
        return
    deployment.resource = described
    yield fine(f"Azure Resource Manager shows the account {described['name']} in {described['location']}")


def network(deployment: Deployment) -> Iterator[Finding]:
    """Look whether this machine is among those that the account lets in."""
    found = properties_of(deployment)
    if found is None:
        yield skipped(UNREAD)
        return
    access = str(found.get("publicNetworkAccess") or "Enabled")
    rules = (found.get("networkProfile") or {}).get("accountAccess") or {}
    if access == "Enabled" and rules.get("defaultAction") != "Deny":
        yield fine("whoever has a role reaches the account from anywhere")
    elif deployment.is_answered:
        yield fine(f"the account is closed to the public ({access}), and answers here")
    else:
        yield missing(
            f"the account is closed to the public ({access}), and does not answer here",
            "run Airflow in a network with a private endpoint of the account, or let its address in",
        )


def sign_in_modes(deployment: Deployment) -> Iterator[Finding]:
    """Hold the way that Airflow signs in against those that the account takes."""
    found = properties_of(deployment)
    if found is None:
        yield skipped(UNREAD)
        return
    modes = [str(mode) for mode in found.get("allowedAuthenticationModes") or ()]
    way, mode = ("a key", "SharedKey") if deployment.hook.has_key else ("an identity", "AAD")
    signs_in = f"the connection {deployment.hook.conn_id} signs in with {way}"
    said = f"the account takes {', '.join(modes)}, and {signs_in}"
    if mode in modes:
        yield fine(said)
    elif mode == "AAD":
        yield missing(
            said,
            f"az resource update --ids {deployment.settings.connections.batch_account_id} --set "
            "'properties.allowedAuthenticationModes=[\"AAD\"]'",
        )
    else:
        yield missing(
            said,
            f"remove login and password from the connection; {on_batch(deployment.batch_account)}",
        )


def allocation_mode(deployment: Deployment) -> Iterator[Finding]:
    """Look whether an account of this mode has Spot nodes, if they are wanted."""
    found = properties_of(deployment)
    if found is None:
        yield skipped(UNREAD)
        return
    mode = str(found.get("poolAllocationMode"))
    if deployment.settings.autoscale.spot and not is_users(found):
        # https://learn.microsoft.com/azure/batch/batch-spot-vms
        yield missing(
            f"SENSOR_SCORING_SPOT is set, and an account in mode {mode} has no Spot nodes",
            "set SENSOR_SCORING_SPOT=false; or make deploy SPOT=true with another PREFIX: the mode of an "
            "account cannot be changed",
        )
        return
    kind = "Spot" if deployment.settings.autoscale.spot else "dedicated"
    yield fine(f"the account is in mode {mode}, which has {kind} nodes")


def properties_of(deployment: Deployment) -> Mapping[str, Any] | None:
    """Return what the account resource says; None if it was not read."""
    return deployment.resource["properties"] if deployment.resource else None


def is_users(found: Mapping[str, Any]) -> bool:
    """Whether nodes are in the subscription of the account's owner, and count against its quotas."""
    return str(found.get("poolAllocationMode")) == "UserSubscription"
