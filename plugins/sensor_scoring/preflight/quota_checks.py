"""Checks of the Batch account's quotas: cores, pools, active jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor_scoring.errors import BatchAccessRefused
from sensor_scoring.preflight.account_checks import UNREAD, is_users, properties_of
from sensor_scoring.preflight.finding import fine, missing, skipped, warning
from sensor_scoring.preflight.node_size import NodeSize, core_quotas, family_quotas
from sensor_scoring.roles import on_subscription
from sensor_scoring.setting_values.resource_ids import BatchAccountId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

_MORE = "ask for more: https://learn.microsoft.com/azure/batch/batch-quota-limit"


def cores(deployment: Deployment) -> Iterator[Finding]:
    """Hold the quota of cores against ``MAX_NODES`` nodes of the pool's size."""
    found = properties_of(deployment)
    if found is None or deployment.resource is None:
        yield skipped(UNREAD)
        return
    location = str(deployment.resource["location"])
    if is_users(found):
        yield skipped(
            "not known: in mode UserSubscription nodes count against the subscription's own quotas",
            f"az vm list-usage --location {location} --output table",
        )
        return
    name = deployment.spec.vm_size if deployment.sight is None else str(deployment.sight.pool.get("vmSize"))
    try:
        size = _size(deployment, name, location)
    except BatchAccessRefused as error:
        # The account's own role does not reach the subscription, where sizes are listed.
        size = _named(name, found)
        if size is None:
            account_id = BatchAccountId.parse(deployment.settings.connections.batch_account_id)
            yield warning(
                f"{error}; the quota of cores is not looked at", on_subscription(account_id.subscription)
            )
            return
    if size is None:
        yield missing(
            f"Azure Batch has no VM size {name} in {location}",
            f"az batch location list-skus --location {location}, and set SENSOR_SCORING_VM_SIZE",
        )
        return
    yield from _findings(deployment, size, core_quotas(found, size))


def counts(deployment: Deployment) -> Iterator[Finding]:
    """Look whether the account has room for the pool, and for a run's job."""
    found = properties_of(deployment)
    if found is None:
        yield skipped(UNREAD)
        return
    held = {
        "pools": (deployment.hook.onlooker.pool_count(), found.get("poolQuota")),
        "active jobs": (
            deployment.hook.onlooker.active_job_count(),
            found.get("activeJobAndJobScheduleQuota"),
        ),
    }
    remedies = {
        "pools": f"delete a pool that nobody uses: az batch pool list; or {_MORE}",
        "active jobs": f"end jobs that nobody needs: az batch job list; or {_MORE}",
    }
    said = {name: f"{count:,} of {quota} {name}" for name, (count, quota) in held.items()}
    full = [name for name, (count, quota) in held.items() if quota is not None and count >= int(quota)]
    if deployment.sight is not None and "pools" in full:
        full.remove("pools")  # ours is among them
    for name in full:
        yield missing(f"the account has {said[name]} that its quota allows", remedies[name])
    if not full:
        yield fine(f"the account has {' and '.join(said.values())}")


def _size(deployment: Deployment, name: str, location: str) -> NodeSize | None:
    with deployment.account_resource() as account:
        found = account.vm_size(name, location=location)
    return NodeSize.of(found) if found is not None else None


def _named(name: str, account: Mapping[str, Any]) -> NodeSize | None:
    """Read a size from its name; None if that does not lead to a quota."""
    size, families = NodeSize.named(name), family_quotas(account)
    return size if size is None or families is None or size.family in families else None


def _findings(deployment: Deployment, size: NodeSize, quotas: Mapping[str, int | None]) -> Iterator[Finding]:
    policy = deployment.spec.policy
    dedicated = policy.dedicated_nodes if policy.spot else policy.max_nodes
    wanted = {"dedicated": dedicated, "Spot": policy.max_nodes - dedicated}
    told = {kind: quotas[kind] for kind, nodes in wanted.items() if nodes and quotas[kind] is not None}
    if not told:
        yield skipped("not known: the account tells no quota of cores")
        return
    scarce = False
    for kind, quota in told.items():
        needed, room = wanted[kind] * size.cores, int(quota or 0) // size.cores
        if room >= wanted[kind]:
            continue
        scarce = True
        said = (
            f"{wanted[kind]:,} {kind} nodes {size.shown} have {needed:,} cores, and the account's quota of "
            f"them is {quota:,}: the pool ends at {room:,}"
        )
        if room:
            yield warning(said, f"set SENSOR_SCORING_MAX_NODES to what there is; or {_MORE}")
        else:
            yield missing(said, f"set SENSOR_SCORING_VM_SIZE to a smaller size; or {_MORE}")
    if not scarce:
        yield fine(f"the quota of cores allows {policy.max_nodes:,} nodes {size.shown}")
