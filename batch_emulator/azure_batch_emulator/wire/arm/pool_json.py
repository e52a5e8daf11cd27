"""Pools as resources of Azure Resource Manager, and what they can be filtered by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import duration, stamp
from azure_batch_emulator.records.states import AllocationState, PoolState
from azure_batch_emulator.wire.arm.pool_bodies import FIRST_WITHOUT_OLDER
from azure_batch_emulator.wire.arm.spelling import as_resource
from azure_batch_emulator.wire.conditions import etag
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.views.write_only import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.pools import AutoScaleRun, Pool, ResizeError

TYPE = "Microsoft.Batch/batchAccounts/pools"
_AS_KEPT = (
    *("displayName", "vmSize", "networkConfiguration", "taskSchedulingPolicy", "userAccounts", "metadata"),
    *("startTask", "mountConfiguration", "upgradePolicy"),
)
_OLDER = ("resourceTags", "applicationLicenses", "targetNodeCommunicationMode")
_PROVISIONING = {PoolState.ACTIVE: "Succeeded", PoolState.DELETING: "Deleting"}
_ALLOCATION = {
    AllocationState.STEADY: "Steady",
    AllocationState.RESIZING: "Resizing",
    AllocationState.STOPPING: "Stopping",
}
FILTERS: Mapping[str, Property[Pool]] = {
    "name": Property.identifier(lambda pool: pool.id),
    "properties/vmSize": Property.word(lambda pool: pool.spec["vmSize"]),
    "properties/allocationState": Property.word(lambda pool: _ALLOCATION[pool.allocation]),
    "properties/allocationStateTransitionTime": Property.moment(lambda pool: pool.allocation_since),
    "properties/creationTime": Property.moment(lambda pool: pool.created),
    "properties/lastModified": Property.moment(lambda pool: pool.modified),
    "properties/provisioningState": Property.word(lambda pool: _PROVISIONING[pool.state]),
    "properties/provisioningStateTransitionTime": Property.moment(lambda pool: pool.state_since),
}


def resource_etag(pool: Pool) -> str:
    """Write the version of a pool as a weak one."""
    return f'W/"{etag(pool)}"'


def pool_json(pool: Pool, account: str, version: str) -> dict[str, Any]:
    """Write a pool.

    :param account: id of the account
    :param version: of the API that the client speaks
    """
    json: dict[str, Any] = {
        "id": f"{account}/pools/{pool.id}",
        "name": pool.id,
        "type": TYPE,
        "etag": resource_etag(pool),
        "identity": _identity(pool),
        "properties": _properties(pool, account, version),
    }
    return {**json, "tags": pool.tags} if pool.tags else json


def _identity(pool: Pool) -> dict[str, Any]:
    if not pool.identities:
        return {"type": "None"}
    return {"type": "UserAssigned", "userAssignedIdentities": {name: {} for name in pool.identities}}


def _properties(pool: Pool, account: str, version: str) -> dict[str, Any]:
    spec = {"taskSchedulingPolicy": {"nodeFillType": "spread"}, **readable(pool.spec)}
    names = (*_AS_KEPT, *_OLDER) if version < FIRST_WITHOUT_OLDER else _AS_KEPT
    machine = spec["virtualMachineConfiguration"]
    properties: dict[str, Any] = {
        **{name: as_resource(name, spec[name]) for name in names if name in spec},
        "lastModified": stamp(pool.modified),
        "creationTime": stamp(pool.created),
        "provisioningState": _PROVISIONING[pool.state],
        "provisioningStateTransitionTime": stamp(pool.state_since),
        "allocationState": _ALLOCATION[pool.allocation],
        "allocationStateTransitionTime": stamp(pool.allocation_since),
        "deploymentConfiguration": {
            "virtualMachineConfiguration": as_resource("virtualMachineConfiguration", machine)
        },
        "currentDedicatedNodes": pool.count(dedicated=True),
        "currentLowPriorityNodes": pool.count(dedicated=False),
        "scaleSettings": _scale(pool),
        "interNodeCommunication": "Enabled" if spec.get("enableInterNodeCommunication") else "Disabled",
        "taskSlotsPerNode": pool.slots_per_node,
    }
    if packages := spec.get("applicationPackageReferences"):
        properties["applicationPackages"] = [_package(package, account) for package in packages]
    if pool.auto_scale is not None and pool.auto_scale.run is not None:
        properties["autoScaleRun"] = _run(pool.auto_scale.run)
    if pool.resize_count:
        properties["resizeOperationStatus"] = _resize(pool)
    return properties


def _package(package: Mapping[str, str], account: str) -> dict[str, str]:
    named = {"id": f"{account}/applications/{package['applicationId']}"}
    return {**named, "version": package["version"]} if "version" in package else named


def _scale(pool: Pool) -> dict[str, Any]:
    if pool.auto_scale is not None:
        interval = duration(pool.auto_scale.interval)
        return {"autoScale": {"formula": pool.auto_scale.text, "evaluationInterval": interval}}
    fixed: dict[str, Any] = _targets(pool)
    if pool.resize_timeout is not None:
        fixed["resizeTimeout"] = duration(pool.resize_timeout)
    return {"fixedScale": fixed}


def _resize(pool: Pool) -> dict[str, Any]:
    """Write the present or last resize; when the last one began is not known any more."""
    status: dict[str, Any] = _targets(pool)
    if pool.resize_timeout is not None:
        status["resizeTimeout"] = duration(pool.resize_timeout)
    if pool.allocation is not AllocationState.STEADY:
        status["startTime"] = stamp(pool.allocation_since)
    elif pool.resize_errors:
        status["errors"] = [_error(error) for error in pool.resize_errors]
    return status


def _targets(pool: Pool) -> dict[str, int]:
    return {
        "targetDedicatedNodes": pool.targets.dedicated,
        "targetLowPriorityNodes": pool.targets.low_priority,
    }


def _run(run: AutoScaleRun) -> dict[str, Any]:
    json: dict[str, Any] = {"evaluationTime": stamp(run.at)}
    if run.results is not None:
        json["results"] = run.results
    if run.error is not None:
        json["error"] = _error(run.error)
    return json


def _error(error: ResizeError) -> dict[str, Any]:
    json: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.values:
        json["details"] = [{"code": name, "message": value} for name, value in error.values]
    return json
