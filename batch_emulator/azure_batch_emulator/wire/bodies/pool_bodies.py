"""The bodies of operations on pools, in wire names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.wire.bodies.kinds import (
    between,
    choice,
    display_name,
    identifier,
    natural,
    retries,
    span,
    switch,
    text,
    up_to,
    word,
    wrong,
)
from azure_batch_emulator.wire.bodies.machine_bodies import MACHINE
from azure_batch_emulator.wire.bodies.network_bodies import NETWORK
from azure_batch_emulator.wire.bodies.schema import Schema, every, join, texts, together
from azure_batch_emulator.wire.bodies.task_bodies import COMMAND, IDENTITY, METADATA, POOL_PACKAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.wire.bodies.kinds import Kind

LONGEST_USER_NAME = 20
MOST_NODES_PER_REMOVAL = 100


def _balanced(policy: Mapping[str, Any], path: str) -> None:
    batch, unhealthy = policy.get("maxBatchInstancePercent"), policy.get("maxUnhealthyInstancePercent")
    if batch is not None and unhealthy is not None and batch > unhealthy:
        place = join(path, "maxBatchInstancePercent")
        raise wrong(place, batch, f"at most maxUnhealthyInstancePercent, {unhealthy}")


def _with_a_target(resize: Mapping[str, Any], _path: str) -> None:
    names = ("targetDedicatedNodes", "targetLowPriorityNodes")
    if not any(name in resize for name in names):
        raise ApiError.bad_body(f"at least one of {' and '.join(names)} is needed")


def _some_nodes(removal: Mapping[str, Any], path: str) -> None:
    if not removal["nodeList"]:
        raise wrong(join(path, "nodeList"), 0, f"1 to {MOST_NODES_PER_REMOVAL} nodes are allowed")


_MOUNT_COMMON: Mapping[str, Kind] = {"relativeMountPath": text, "mountOptions": text}
CIFS_MOUNT = Schema(
    {**_MOUNT_COMMON, "source": text, "username": text, "password": text},
    required="source username password relativeMountPath",
)
MOUNT = Schema(
    {
        "azureBlobFileSystemConfiguration": Schema(
            {
                "accountName": text,
                "containerName": text,
                "relativeMountPath": text,
                "accountKey": text,
                "sasKey": text,
                "blobfuseOptions": text,
                "identityReference": IDENTITY,
            },
            required="accountName containerName relativeMountPath",
        ),
        "azureFileShareConfiguration": Schema(
            {**_MOUNT_COMMON, "accountName": text, "accountKey": text, "azureFileUrl": text},
            required="accountName accountKey azureFileUrl relativeMountPath",
        ),
        "nfsMountConfiguration": Schema(
            {**_MOUNT_COMMON, "source": text}, required="source relativeMountPath"
        ),
        "cifsMountConfiguration": CIFS_MOUNT,
    }
)
START_TASK = Schema(
    {**COMMAND, "maxTaskRetryCount": retries, "waitForSuccess": switch}, required="commandLine"
)
USER_ACCOUNT = Schema(
    {
        "name": up_to(LONGEST_USER_NAME),
        "password": word,
        "elevationLevel": choice("nonadmin", "admin"),
        "linuxUserConfiguration": Schema(
            {"uid": natural, "gid": natural, "sshPrivateKey": text}, rules=(together("uid", "gid"),)
        ),
        "windowsUserConfiguration": Schema({"loginMode": choice("batch", "interactive")}),
    },
    required="name password",
)
UPGRADE_POLICY = Schema(
    {
        "mode": choice("automatic", "manual", "rolling"),
        "automaticOSUpgradePolicy": Schema(
            dict.fromkeys(
                (
                    "disableAutomaticRollback",
                    "enableAutomaticOSUpgrade",
                    "useRollingUpgradePolicy",
                    "osRollingUpgradeDeferral",
                ),
                switch,
            )
        ),
        "rollingUpgradePolicy": Schema(
            {
                "enableCrossZoneUpgrade": switch,
                "maxBatchInstancePercent": between(5, 100),
                "maxUnhealthyInstancePercent": between(5, 100),
                "maxUnhealthyUpgradedInstancePercent": between(0, 100),
                "pauseTimeBetweenBatches": span,
                "prioritizeUnhealthyInstances": switch,
                "rollbackFailedInstancesOnPolicyBreach": switch,
            },
            rules=(_balanced,),
        ),
    },
    required="mode",
)
COMMUNICATION_MODE = choice("default", "classic", "simplified")
_CERTIFICATES = every(
    Schema(
        {
            "thumbprint": word,
            "thumbprintAlgorithm": word,
            "storeLocation": choice("currentuser", "localmachine"),
            "storeName": text,
            "visibility": every(choice("starttask", "task", "remoteuser")),
        },
        required="thumbprint thumbprintAlgorithm",
    )
)

SCHEDULING_POLICY = Schema(
    {
        "jobDefaultOrder": choice("none", "creationtime"),
        "nodeFillType": choice("spread", "pack"),
    }
)
_PROPERTIES: Mapping[str, Kind] = {
    "displayName": display_name,
    "vmSize": word,
    "virtualMachineConfiguration": MACHINE,
    "enableInterNodeCommunication": switch,
    "networkConfiguration": NETWORK,
    "startTask": START_TASK,
    "applicationPackageReferences": POOL_PACKAGES,
    "taskSlotsPerNode": natural,
    "taskSchedulingPolicy": SCHEDULING_POLICY,
    "userAccounts": every(USER_ACCOUNT),
    "metadata": METADATA,
    "mountConfiguration": every(MOUNT),
    "upgradePolicy": UPGRADE_POLICY,
    # What earlier versions of the service have beside these:
    "maxTasksPerNode": natural,
    "certificateReferences": _CERTIFICATES,
    "applicationLicenses": every(text),
    "targetNodeCommunicationMode": COMMUNICATION_MODE,
    "resourceTags": texts,
}
_DESCRIPTION: Mapping[str, Kind] = {
    **_PROPERTIES,
    "resizeTimeout": span,
    "targetDedicatedNodes": natural,
    "targetLowPriorityNodes": natural,
    "enableAutoScale": switch,
    "autoScaleFormula": text,
    "autoScaleEvaluationInterval": span,
}
POOL = Schema({**_DESCRIPTION, "id": identifier}, required="id vmSize virtualMachineConfiguration")
POOL_SPECIFICATION = Schema(_DESCRIPTION, required="vmSize virtualMachineConfiguration")
POOL_PATCH = Schema(_PROPERTIES)
POOL_REPLACE = Schema(
    {
        "startTask": START_TASK,
        "applicationPackageReferences": POOL_PACKAGES,
        "metadata": METADATA,
        "targetNodeCommunicationMode": COMMUNICATION_MODE,
        "certificateReferences": _CERTIFICATES,
    }
)
ENABLE_AUTO_SCALE = Schema({"autoScaleFormula": text, "autoScaleEvaluationInterval": span})
EVALUATE_AUTO_SCALE = Schema({"autoScaleFormula": text}, required="autoScaleFormula")
_DEALLOCATION = choice("requeue", "terminate", "taskcompletion", "retaineddata")
RESIZE = Schema(
    {
        "targetDedicatedNodes": natural,
        "targetLowPriorityNodes": natural,
        "resizeTimeout": span,
        "nodeDeallocationOption": _DEALLOCATION,
    },
    rules=(_with_a_target,),
)
REMOVE_NODES = Schema(
    {
        "nodeList": every(text, most=MOST_NODES_PER_REMOVAL),
        "resizeTimeout": span,
        "nodeDeallocationOption": _DEALLOCATION,
    },
    required="nodeList",
    rules=(_some_nodes,),
)
