"""The body of a pool in Azure Resource Manager, and what it says in the words of the data plane."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.service.pools.resources import PoolResource
from azure_batch_emulator.wire.arm.spelling import OTHER_NAMES, respelled
from azure_batch_emulator.wire.bodies import machine_bodies, network_bodies, pool_bodies, task_bodies
from azure_batch_emulator.wire.bodies.kinds import (
    choice,
    display_name,
    natural,
    resource,
    text,
    word,
    wrong,
)
from azure_batch_emulator.wire.bodies.schema import Schema, every, ignored, join, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.wire.bodies.kinds import Kind

_USER_ASSIGNED = resource("providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}")
_APPLICATION = re.compile(
    r"/subscriptions/.+/batchAccounts/[^/]+/(?:pools/[^/]+/)?applications/([^/]+)", re.IGNORECASE
)
"""The documentation's samples name an application both below its account and below the pool."""


def _refused(_value: Any, path: str) -> Any:
    raise ApiError.unbuilt(path)


def _application(value: Any, path: str) -> Any:
    found = _APPLICATION.fullmatch(text(value, path))
    if found is None:
        raise wrong(path, value, "the id of an application of the account is needed")
    return found.group(1)


def _start_task(value: Any, path: str) -> Any:
    """Take a start task; an empty one stands for none, and so takes away what was there."""
    return {} if value == {} else _START_TASK(value, path)


def _identities(value: Any, path: str) -> Any:
    """Take identities by their ids; what the service says of them is not read."""
    if not isinstance(value, dict):
        raise wrong(path, value, "an object is needed")
    for name, entry in value.items():
        _USER_ASSIGNED(name, path)
        if entry is not None:
            _ASSIGNED(entry, join(path, name))
    return [name for name, entry in value.items() if entry is not None]


def _some_if_assigned(identity: Mapping[str, Any], path: str) -> None:
    some = bool(identity.get("userAssignedIdentities"))
    if some is not (identity["type"] == "UserAssigned"):
        reason = "UserAssigned needs identities, and None has none"
        raise wrong(join(path, "type"), identity["type"], reason)


def _one_scale(scale: Mapping[str, Any], path: str) -> None:
    if len(scale) > 1:
        raise wrong(path, ", ".join(scale), "only one of fixedScale and autoScale")


_ASSIGNED = Schema({"principalId": ignored, "clientId": ignored})
_MANAGED_DISK = respelled(
    machine_bodies.MANAGED_DISK,
    {},
    securityProfile=respelled(machine_bodies.DISK_SECURITY, {}, diskEncryptionSet=_refused),
)
_MACHINE = respelled(
    machine_bodies.MACHINE,
    OTHER_NAMES["virtualMachineConfiguration"],
    imageReference=respelled(machine_bodies.IMAGE_REFERENCE, OTHER_NAMES["imageReference"]),
    osDisk=respelled(machine_bodies.OS_DISK, {}, managedDisk=_MANAGED_DISK),
    dataDisks=every(respelled(machine_bodies.DATA_DISK, {}, managedDisk=_MANAGED_DISK)),
)
_NETWORK = respelled(
    network_bodies.NETWORK,
    OTHER_NAMES["networkConfiguration"],
    endpointConfiguration=respelled(network_bodies.ENDPOINTS, OTHER_NAMES["endpointConfiguration"]),
)
_START_TASK = respelled(
    pool_bodies.START_TASK,
    {},
    userIdentity=respelled(task_bodies.USER_IDENTITY, OTHER_NAMES["userIdentity"]),
)
_MOUNT = respelled(
    pool_bodies.MOUNT,
    {},
    cifsMountConfiguration=respelled(pool_bodies.CIFS_MOUNT, OTHER_NAMES["cifsMountConfiguration"]),
)
_PACKAGE = respelled(task_bodies.PACKAGE, {"applicationId": "id"}, applicationId=_application)
_AUTO_SCALE = respelled(
    Schema(pool_bodies.ENABLE_AUTO_SCALE.properties, required="autoScaleFormula"),
    {"autoScaleFormula": "formula", "autoScaleEvaluationInterval": "evaluationInterval"},
)
_WRITTEN_BY_SERVICE = (
    *("lastModified", "creationTime", "provisioningState", "provisioningStateTransitionTime"),
    *("allocationState", "allocationStateTransitionTime", "currentDedicatedNodes"),
    *("currentLowPriorityNodes", "autoScaleRun", "resizeOperationStatus"),
)
_SAME: Mapping[str, Kind] = {
    "displayName": display_name,
    "vmSize": word,
    "networkConfiguration": _NETWORK,
    "taskSlotsPerNode": natural,
    "taskSchedulingPolicy": pool_bodies.SCHEDULING_POLICY,
    "userAccounts": every(pool_bodies.USER_ACCOUNT),
    "metadata": task_bodies.METADATA,
    "startTask": _start_task,
    "mountConfiguration": every(_MOUNT),
    "upgradePolicy": pool_bodies.UPGRADE_POLICY,
}
"""Properties that the data plane has in the same place."""
_UNTIL_2024: Mapping[str, Kind] = {
    "targetNodeCommunicationMode": pool_bodies.COMMUNICATION_MODE,
    "resourceTags": texts,
    "applicationLicenses": every(text),
}
"""Properties that versions before 2025-06-01 have beside these."""


def _body(*, is_new: bool, has_older: bool) -> Schema:
    machine = Schema(
        {
            "virtualMachineConfiguration": _MACHINE,
            **({"cloudServiceConfiguration": _refused} if has_older else {}),
        },
        required="virtualMachineConfiguration" if is_new else "",
    )
    older = {**_UNTIL_2024, "currentNodeCommunicationMode": ignored, "certificates": _refused}
    properties = Schema(
        {
            **_SAME,
            "deploymentConfiguration": machine,
            "scaleSettings": Schema(
                {"fixedScale": pool_bodies.RESIZE, "autoScale": _AUTO_SCALE}, rules=(_one_scale,)
            ),
            "interNodeCommunication": choice("Enabled", "Disabled"),
            "applicationPackages": every(_PACKAGE, most=task_bodies.MOST_PACKAGES),
            **dict.fromkeys(_WRITTEN_BY_SERVICE, ignored),
            **(older if has_older else {}),
        },
        required="vmSize deploymentConfiguration" if is_new else "",
    )
    identity = Schema(
        {"type": choice("UserAssigned", "None"), "userAssignedIdentities": _identities},
        required="type",
        rules=(_some_if_assigned,),
    )
    return Schema(
        {
            "properties": properties,
            "identity": identity,
            "tags": texts,
            **dict.fromkeys(("id", "name", "type", "etag", "systemData"), ignored),
        },
        required="properties" if is_new else "",
    )


FIRST_WITHOUT_OLDER = "2025-06-01"
_BODIES = {
    (is_new, has_older): _body(is_new=is_new, has_older=has_older)
    for is_new in (True, False)
    for has_older in (True, False)
}


def body_of(version: str, *, is_new: bool) -> Schema:
    """Return what a version of the service takes as a pool.

    :param is_new: whether the pool may be made by the request, and so has to be whole
    """
    return _BODIES[is_new, version < FIRST_WITHOUT_OLDER]


def resource_of(body: Mapping[str, Any]) -> PoolResource:
    """Say in the words of the data plane what a body says."""
    given = body.get("properties") or {}
    properties = {name: given[name] for name in (*_SAME, *_UNTIL_2024) if name in given}
    if given.get("startTask") == {}:
        properties["startTask"] = None
    if "virtualMachineConfiguration" in given.get("deploymentConfiguration", {}):
        properties["virtualMachineConfiguration"] = given["deploymentConfiguration"][
            "virtualMachineConfiguration"
        ]
    if "interNodeCommunication" in given:
        properties["enableInterNodeCommunication"] = given["interNodeCommunication"] == "Enabled"
    if "applicationPackages" in given:
        properties["applicationPackageReferences"] = given["applicationPackages"]
    scale = next(iter(given.get("scaleSettings", {}).values()), None)
    identity = body.get("identity")
    identities = None if identity is None else tuple(identity.get("userAssignedIdentities") or ())
    return PoolResource(properties, scale, identities, body.get("tags"))
