"""What bodies of pools, jobs and tasks have in common, and the body of a task, in wire names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire.bodies.kinds import (
    between,
    choice,
    display_name,
    file_mode,
    identifier,
    line,
    metadata_name,
    retries,
    span,
    switch,
    text,
    variable,
    whole,
    word,
)
from azure_batch_emulator.wire.bodies.shapes import Shape, every, ignored, one_of, ordered

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MOST_PACKAGES = 10
LARGEST_COLLECTION = 100
_UNBOUNDED = 2**31 - 1

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

VARIABLES = every(Shape({"name": variable, "value": text}, required="name"))
METADATA = every(Shape({"name": metadata_name, "value": text}, required="name value"))
IDENTITY = Shape({"resourceId": text})
REGISTRY = Shape({"username": text, "password": text, "registryServer": text, "identityReference": IDENTITY})

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
        "filePattern": word,
        "destination": Shape(
            {
                "container": Shape(
                    {
                        "path": text,
                        "containerUrl": text,
                        "identityReference": IDENTITY,
                        "uploadHeaders": every(Shape({"name": word, "value": text}, required="name")),
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
        "imageName": word,
        "containerRunOptions": text,
        "registry": REGISTRY,
        "workingDirectory": choice("taskWorkingDirectory", "containerImageDefault"),
        "containerHostBatchBindMounts": every(
            Shape(
                {
                    "source": choice("Shared", "Startup", "VfsMounts", "Task", "JobPrep", "Applications"),
                    "isReadOnly": switch,
                }
            )
        ),
    },
    required="imageName",
)
PACKAGES = every(Shape({"applicationId": word, "version": word}, required="applicationId"))
POOL_PACKAGES = every(
    Shape({"applicationId": word, "version": word}, required="applicationId"), most=MOST_PACKAGES
)
USER_IDENTITY = Shape(
    {
        "username": word,
        "autoUser": Shape({"scope": choice("task", "pool"), "elevationLevel": choice("nonadmin", "admin")}),
    },
    rules=(one_of("username", "autoUser"),),
)
TOKEN_SETTINGS = Shape({"access": every(choice("job"))})
COMMAND: Mapping[str, Any] = {
    "commandLine": line,
    "containerSettings": CONTAINER_SETTINGS,
    "resourceFiles": every(RESOURCE_FILE),
    "environmentSettings": VARIABLES,
    "userIdentity": USER_IDENTITY,
}
"""What everything has that is run."""

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
                {"start": whole, "end": whole, "exitOptions": EXIT_OPTIONS},
                required="start end exitOptions",
                rules=(ordered("start", "end"),),
            )
        ),
        "preProcessingError": EXIT_OPTIONS,
        "fileUploadError": EXIT_OPTIONS,
        "default": EXIT_OPTIONS,
    }
)
TASK_CONSTRAINTS = Shape({"maxWallClockTime": span, "retentionTime": span, "maxTaskRetryCount": retries})
TASK = Shape(
    {
        **COMMAND,
        "id": identifier,
        "displayName": display_name,
        "exitConditions": EXIT_CONDITIONS,
        "outputFiles": every(OUTPUT_FILE),
        "affinityInfo": Shape({"affinityId": text}, required="affinityId"),
        "constraints": TASK_CONSTRAINTS,
        "requiredSlots": between(1, _UNBOUNDED),
        "multiInstanceSettings": Shape(
            {
                "numberOfInstances": between(1, _UNBOUNDED),
                "coordinationCommandLine": line,
                "commonResourceFiles": every(RESOURCE_FILE),
            },
            required="coordinationCommandLine",
        ),
        "dependsOn": Shape(
            {
                "taskIds": every(text),
                "taskIdRanges": every(
                    Shape(
                        {"start": whole, "end": whole}, required="start end", rules=(ordered("start", "end"),)
                    )
                ),
            }
        ),
        "applicationPackageReferences": PACKAGES,
        "authenticationTokenSettings": TOKEN_SETTINGS,
    },
    required="id commandLine",
)
TASKS = Shape({"value": every(TASK, most=LARGEST_COLLECTION)}, required="value")
TASK_PUT = Shape(
    {
        "constraints": TASK_CONSTRAINTS,
        **{name: ignored for name in TASK.properties if name != "constraints"},
        **dict.fromkeys((*WRITTEN_BY_SERVICE, "nodeInfo"), ignored),
    }
)
