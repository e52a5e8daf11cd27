"""The shapes of all request bodies, in wire names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire.shapes import (
    Shape,
    anything,
    choice,
    display_name,
    every,
    file_mode,
    identifier,
    metadata_name,
    moment,
    natural,
    span,
    switch,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.wire.shapes import Kind

WRITTEN_BY_SERVICE = (
    "url",
    "eTag",
    "lastModified",
    "creationTime",
    "state",
    "stateTransitionTime",
    "previousState",
    "previousStateTransitionTime",
    "executionInfo",
    "stats",
)
"""What the service itself writes; a PUT takes a record as it was read, so this is accepted and ignored."""

NAME_VALUE = Shape({"name": text, "value": text}, required="name")
METADATA = every(Shape({"name": metadata_name, "value": text}, required="name value"))
IDENTITY = Shape({"resourceId": text})

RESOURCE_FILE = Shape(
    {
        "autoStorageContainerName": text,
        "storageContainerUrl": text,
        "httpUrl": text,
        "blobPrefix": text,
        "filePath": text,
        "fileMode": file_mode,
        "identityReference": IDENTITY,
    }
)
OUTPUT_FILE = Shape(
    {
        "filePattern": text,
        "destination": Shape(
            {
                "container": Shape(
                    {
                        "path": text,
                        "containerUrl": text,
                        "identityReference": IDENTITY,
                        "uploadHeaders": every(NAME_VALUE),
                    },
                    required="containerUrl",
                )
            },
            required="container",
        ),
        "uploadOptions": Shape(
            {"uploadCondition": choice("tasksuccess", "taskfailure", "taskcompletion")},
            required="uploadCondition",
        ),
    },
    required="filePattern destination uploadOptions",
)
CONTAINER_SETTINGS = Shape(
    {
        "imageName": text,
        "containerRunOptions": text,
        "registry": anything,
        "workingDirectory": choice("taskworkingdirectory", "containerimagedefault"),
        "containerHostBatchBindMounts": every(
            Shape(
                {
                    "source": choice("shared", "startup", "vfsmounts", "task", "jobprep", "applications"),
                    "isReadOnly": switch,
                },
                required="source",
            )
        ),
    },
    required="imageName",
)
PACKAGES = every(Shape({"applicationId": text, "version": text}, required="applicationId"))
_MOUNT_COMMON: Mapping[str, Kind] = {"relativeMountPath": text, "mountOptions": text}
MOUNT = Shape(
    {
        "azureBlobFileSystemConfiguration": Shape(
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
        "azureFileShareConfiguration": Shape(
            {**_MOUNT_COMMON, "accountName": text, "accountKey": text, "azureFileUrl": text},
            required="accountName accountKey azureFileUrl relativeMountPath",
        ),
        "nfsMountConfiguration": Shape(
            {**_MOUNT_COMMON, "source": text}, required="source relativeMountPath"
        ),
        "cifsMountConfiguration": Shape(
            {**_MOUNT_COMMON, "source": text, "username": text, "password": text},
            required="source username password relativeMountPath",
        ),
    }
)
USER_IDENTITY = Shape({"username": text, "autoUser": anything})
START_TASK = Shape(
    {
        "commandLine": text,
        "containerSettings": CONTAINER_SETTINGS,
        "resourceFiles": every(RESOURCE_FILE),
        "environmentSettings": every(NAME_VALUE),
        "userIdentity": USER_IDENTITY,
        "maxTaskRetryCount": whole,
        "waitForSuccess": switch,
    },
    required="commandLine",
)

_POOL_PROPERTIES: Mapping[str, Kind] = {
    "displayName": display_name,
    "vmSize": text,
    "virtualMachineConfiguration": anything,
    "enableInterNodeCommunication": switch,
    "networkConfiguration": anything,
    "startTask": START_TASK,
    "applicationPackageReferences": PACKAGES,
    "taskSlotsPerNode": whole,
    "taskSchedulingPolicy": Shape(
        {
            "jobDefaultOrder": choice("none", "creationtime"),
            "nodeFillType": choice("spread", "pack"),
        }
    ),
    "userAccounts": anything,
    "metadata": METADATA,
    "mountConfiguration": every(MOUNT),
    "upgradePolicy": anything,
    "targetNodeCommunicationMode": anything,
}
_POOL_DESCRIPTION: Mapping[str, Kind] = {
    **_POOL_PROPERTIES,
    "resizeTimeout": span,
    "targetDedicatedNodes": natural,
    "targetLowPriorityNodes": natural,
    "enableAutoScale": switch,
    "autoScaleFormula": text,
    "autoScaleEvaluationInterval": span,
}
POOL = Shape({**_POOL_DESCRIPTION, "id": identifier}, required="id vmSize virtualMachineConfiguration")
POOL_SPECIFICATION = Shape(_POOL_DESCRIPTION, required="vmSize virtualMachineConfiguration")
POOL_PATCH = Shape(_POOL_PROPERTIES)
POOL_REPLACE = Shape(
    {
        "startTask": START_TASK,
        "applicationPackageReferences": PACKAGES,
        "metadata": METADATA,
        "targetNodeCommunicationMode": anything,
        "certificateReferences": anything,
    }
)
ENABLE_AUTO_SCALE = Shape({"autoScaleFormula": text, "autoScaleEvaluationInterval": span})
EVALUATE_AUTO_SCALE = Shape({"autoScaleFormula": text}, required="autoScaleFormula")
_DEALLOCATION = choice("requeue", "terminate", "taskcompletion", "retaineddata")
RESIZE = Shape(
    {
        "targetDedicatedNodes": natural,
        "targetLowPriorityNodes": natural,
        "resizeTimeout": span,
        "nodeDeallocationOption": _DEALLOCATION,
    }
)
REMOVE_NODES = Shape(
    {"nodeList": every(text), "resizeTimeout": span, "nodeDeallocationOption": _DEALLOCATION},
    required="nodeList",
)
REBOOT = Shape({"nodeRebootOption": _DEALLOCATION})
REIMAGE = Shape({"nodeReimageOption": _DEALLOCATION})
DEALLOCATE = Shape({"nodeDeallocateOption": _DEALLOCATION})
DISABLE_SCHEDULING = Shape({"nodeDisableSchedulingOption": choice("requeue", "terminate", "taskcompletion")})
NODE_USER_PATCH = Shape({"password": text, "sshPublicKey": text, "expiryTime": moment})
NODE_USER = Shape({**NODE_USER_PATCH.properties, "name": text, "isAdmin": switch}, required="name")
NODE_LOGS = Shape(
    {"containerUrl": text, "startTime": moment, "endTime": moment, "identityReference": IDENTITY},
    required="containerUrl startTime",
)

EXIT_OPTIONS = Shape(
    {
        "jobAction": choice("none", "disable", "terminate"),
        "dependencyAction": choice("satisfy", "block"),
    }
)
EXIT_CONDITIONS = Shape(
    {
        "exitCodes": every(Shape({"code": whole, "exitOptions": EXIT_OPTIONS}, required="code exitOptions")),
        "exitCodeRanges": every(
            Shape(
                {"start": whole, "end": whole, "exitOptions": EXIT_OPTIONS}, required="start end exitOptions"
            )
        ),
        "preProcessingError": EXIT_OPTIONS,
        "fileUploadError": EXIT_OPTIONS,
        "default": EXIT_OPTIONS,
    }
)
TASK_CONSTRAINTS = Shape({"maxWallClockTime": span, "retentionTime": span, "maxTaskRetryCount": whole})
TASK = Shape(
    {
        "id": identifier,
        "displayName": display_name,
        "exitConditions": EXIT_CONDITIONS,
        "commandLine": text,
        "containerSettings": CONTAINER_SETTINGS,
        "resourceFiles": every(RESOURCE_FILE),
        "outputFiles": every(OUTPUT_FILE),
        "environmentSettings": every(NAME_VALUE),
        "affinityInfo": Shape({"affinityId": text}, required="affinityId"),
        "constraints": TASK_CONSTRAINTS,
        "requiredSlots": whole,
        "userIdentity": USER_IDENTITY,
        "multiInstanceSettings": Shape(
            {
                "numberOfInstances": natural,
                "coordinationCommandLine": text,
                "commonResourceFiles": every(RESOURCE_FILE),
            },
            required="coordinationCommandLine",
        ),
        "dependsOn": Shape(
            {
                "taskIds": every(text),
                "taskIdRanges": every(Shape({"start": whole, "end": whole}, required="start end")),
            }
        ),
        "applicationPackageReferences": PACKAGES,
        "authenticationTokenSettings": anything,
    },
    required="id commandLine",
)
TASK_PUT = Shape({**TASK.properties, **dict.fromkeys((*WRITTEN_BY_SERVICE, "nodeInfo"), anything)})
