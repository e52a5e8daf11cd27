"""Checks of the Batch account's quotas: cores, pools, active jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensor_scoring.errors import BatchAccessRefused
from sensor_scoring.preflight.account_checks import UNREAD, is_users, properties_of
from sensor_scoring.preflight.finding import fine, missing, skipped, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

_MORE = "ask for more: https://learn.microsoft.com/azure/batch/batch-quota-limit"


@dataclass(frozen=True, slots=True)
class _Size:
    """A size of nodes.

    :param family: whose cores some accounts count by themselves
    """

    name: str
    family: str
    cores: int


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
        yield warning(f"{error}; the quota of cores is not looked at", "")
        return
    if size is None:
        yield missing(
            f"Azure Batch has no VM size {name} in {location}",
            f"az batch location list-skus --location {location}, and set SENSOR_SCORING_VM_SIZE",
        )
        return
    yield from _findings(deployment, size, _quotas(found, size))


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


def _size(deployment: Deployment, name: str, location: str) -> _Size | None:
    with deployment.account_resource() as account:
        found = account.vm_size(name, location=location)
    if found is None:
        return None
    values = {str(entry["name"]): str(entry["value"]) for entry in found.get("capabilities") or ()}
    return _Size(name, str(found.get("familyName") or ""), int(values["vCPUs"]))


def _quotas(found: Mapping[str, Any], size: _Size) -> dict[str, int | None]:
    """Return the quota of dedicated cores and of Spot ones; None if the service tells none."""
    dedicated = [found.get("dedicatedCoreQuota")]
    if found.get("dedicatedCoreQuotaPerVMFamilyEnforced"):
        # A family that is not listed has none.
        families = {
            str(entry["name"]).lower(): entry["coreQuota"]
            for entry in found.get("dedicatedCoreQuotaPerVMFamily") or ()
        }
        dedicated.append(families.get(size.family.lower(), 0))
    told = [int(quota) for quota in dedicated if quota is not None]
    low = found.get("lowPriorityCoreQuota")
    return {"dedicated": min(told, default=None), "Spot": None if low is None else int(low)}


def _findings(deployment: Deployment, size: _Size, quotas: Mapping[str, int | None]) -> Iterator[Finding]:
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
            f"{wanted[kind]:,} {kind} nodes {size.name} have {needed:,} cores, and the account's quota of "
            f"them is {quota:,}: the pool ends at {room:,}"
        )
        if room:
            yield warning(said, f"set SENSOR_SCORING_MAX_NODES to what there is; or {_MORE}")
        else:
            yield missing(said, f"set SENSOR_SCORING_VM_SIZE to a smaller size; or {_MORE}")
    if not scarce:
        yield fine(f"the quota of cores allows {policy.max_nodes:,} nodes {size.name}")
