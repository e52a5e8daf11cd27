"""Pools as JSON, and what pools can be filtered by and cut down to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import duration, stamp
from azure_batch_emulator.records.states import NodeState
from azure_batch_emulator.wire.bodies import pool_bodies
from azure_batch_emulator.wire.conditions import etag
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.paging import Listing
from azure_batch_emulator.wire.views.stats import pool_stats
from azure_batch_emulator.wire.views.write_only import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.pools import AutoScaleRun, Pool, ResizeError

COLUMNS = frozenset(pool_bodies.POOL.properties) | frozenset(
    (
        "url",
        "eTag",
        "lastModified",
        "creationTime",
        "state",
        "stateTransitionTime",
        "allocationState",
        "allocationStateTransitionTime",
        "resizeErrors",
        "currentDedicatedNodes",
        "currentLowPriorityNodes",
        "autoScaleRun",
        "stats",
        "identity",
    )
)
FILTERS: Mapping[str, Property[Pool]] = {
    "id": Property.identifier(lambda pool: pool.id),
    "state": Property.word(lambda pool: pool.state),
    "stateTransitionTime": Property.moment(lambda pool: pool.state_since),
    "allocationState": Property.word(lambda pool: pool.allocation),
    "allocationStateTransitionTime": Property.moment(lambda pool: pool.allocation_since),
    "creationTime": Property.moment(lambda pool: pool.created),
    "lastModified": Property.moment(lambda pool: pool.modified),
    "enableAutoScale": Property.switch(lambda pool: pool.auto_scale is not None),
    "vmSize": Property.word(lambda pool: pool.spec["vmSize"]),
    "enableInterNodeCommunication": Property.switch(
        lambda pool: bool(pool.spec.get("enableInterNodeCommunication"))
    ),
}
_COUNT_NAMES: Mapping[NodeState, str] = {
    NodeState.WAITING_FOR_START_TASK: "waitingForStartTask",
    NodeState.START_TASK_FAILED: "startTaskFailed",
    NodeState.LEAVING_POOL: "leavingPool",
    NodeState.UPGRADING_OS: "upgradingOS",
}


def pool_json(pool: Pool, base: str) -> dict[str, Any]:
    """Write a pool for clients."""
    json: dict[str, Any] = {
        "id": pool.id,
        "url": f"{base}/pools/{pool.id}",
        "eTag": etag(pool),
        "lastModified": stamp(pool.modified),
        "creationTime": stamp(pool.created),
        "state": pool.state.value,
        "stateTransitionTime": stamp(pool.state_since),
        "allocationState": pool.allocation.value,
        "allocationStateTransitionTime": stamp(pool.allocation_since),
        "enableInterNodeCommunication": False,
        "taskSchedulingPolicy": {"nodeFillType": "spread"},
        **readable(pool.spec),
        "taskSlotsPerNode": pool.slots_per_node,
        "currentDedicatedNodes": pool.count(dedicated=True),
        "currentLowPriorityNodes": pool.count(dedicated=False),
        "targetDedicatedNodes": pool.targets.dedicated,
        "targetLowPriorityNodes": pool.targets.low_priority,
        "enableAutoScale": pool.auto_scale is not None,
    }
    if pool.identities:
        assigned = [{"resourceId": identity} for identity in pool.identities]
        json["identity"] = {"type": "UserAssigned", "userAssignedIdentities": assigned}
    if pool.resize_timeout is not None:
        json["resizeTimeout"] = duration(pool.resize_timeout)
    if pool.resize_errors and pool.allocation.value == "steady":
        json["resizeErrors"] = [_error_json(error) for error in pool.resize_errors]
    if pool.auto_scale is not None:
        json["autoScaleFormula"] = pool.auto_scale.text
        json["autoScaleEvaluationInterval"] = duration(pool.auto_scale.interval)
        if pool.auto_scale.run is not None:
            json["autoScaleRun"] = run_json(pool.auto_scale.run)
    return json


LISTING: Listing[Pool] = Listing(
    metadata="pools",
    properties=FILTERS,
    render=pool_json,
    position=lambda pool: pool.number,
    columns=COLUMNS,
    stats=pool_stats,
)


def run_json(run: AutoScaleRun) -> dict[str, Any]:
    """Write what an evaluation of a formula gave."""
    json: dict[str, Any] = {"timestamp": stamp(run.at)}
    if run.results is not None:
        json["results"] = run.results
    if run.error is not None:
        json["error"] = _error_json(run.error)
    return json


def counts_json(pool: Pool, _base: str = "") -> dict[str, Any]:
    """Write how many nodes of either kind are in which state."""
    return {
        "poolId": pool.id,
        "dedicated": _counts(pool, dedicated=True),
        "lowPriority": _counts(pool, dedicated=False),
    }


def _counts(pool: Pool, *, dedicated: bool) -> dict[str, int]:
    nodes = [node for node in pool.nodes.values() if node.is_dedicated is dedicated]
    counts = {
        _COUNT_NAMES.get(state, state.value): sum(node.state is state for node in nodes)
        for state in NodeState
    }
    return {**counts, "total": len(nodes)}


def _error_json(error: ResizeError) -> dict[str, Any]:
    return {
        "code": error.code,
        "message": error.message,
        "values": [{"name": name, "value": value} for name, value in error.values],
    }
