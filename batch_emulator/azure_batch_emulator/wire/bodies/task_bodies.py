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
from azure_batch_emulator.wire.bodies.schema import Schema, every, ignored, one_of, ordered

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

VARIABLES = every(Schema({"name": variable, "value": text}, required="name"))
METADATA = every(Schema({"name": metadata_name, "value": text}, required="name value"))
IDENTITY = Schema({"resourceId": text})
REGISTRY = Schema({"username": text, "password": text, "registryServer": text, "identityReference": IDENTITY})

RESOURCE_FILE = Schema(
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
OUTPUT_FILE = Schema(
    {
        "filePattern": word,
        "destination": Schema(
            {
                "container": Schema(
                    {
                        "path": text,
                        "containerUrl": text,
                        "identityReference": IDENTITY,
                        "uploadHeaders": every(Schema({"name": word, "value": text}, required="name")),
                    },
                    required="containerUrl",
                )
            },
            required="container",
        ),
        "uploadOptions": Schema(
            {"uploadCondition": choice("tasksuccess", "taskfailure", "taskcompletion")},
            required="uploadCondition",
        ),
    },
    required="filePattern destination uploadOptions",
)
CONTAINER_SETTINGS = Schema(
    {
        "imageName": word,
        "containerRunOptions": text,
        "registry": REGISTRY,
        "workingDirectory": choice("taskWorkingDirectory", "containerImageDefault"),
        "containerHostBatchBindMounts": every(
            Schema(
                {
                    "source": choice("Shared", "Startup", "VfsMounts", "Task", "JobPrep", "Applications"),
                    "isReadOnly": switch,
                }
            )
        ),
    },
    required="imageName",
)
PACKAGE = Schema({"applicationId": word, "version": word}, required="applicationId")
PACKAGES = every(PACKAGE)
POOL_PACKAGES = every(PACKAGE, most=MOST_PACKAGES)
USER_IDENTITY = Schema(
    {
        "username": word,
        "autoUser": Schema({"scope": choice("task", "pool"), "elevationLevel": choice("nonadmin", "admin")}),
    },
    rules=(one_of("username", "autoUser"),),
)
TOKEN_SETTINGS = Schema({"access": every(choice("job"))})
COMMAND: Mapping[str, Any] = {
    "commandLine": line,
    "containerSettings": CONTAINER_SETTINGS,
    "resourceFiles": every(RESOURCE_FILE),
    "environmentSettings": VARIABLES,
    "userIdentity": USER_IDENTITY,
}
"""What everything has that is run."""

EXIT_OPTIONS = Schema(
    {
        "jobAction": choice("none", "disable", "terminate"),
        "dependencyAction": choice("satisfy", "block"),
    }
)
EXIT_CONDITIONS = Schema(
    {
        "exitCodes": every(Schema({"code": whole, "exitOptions": EXIT_OPTIONS}, required="code exitOptions")),
        "exitCodeRanges": every(
            Schema(
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
TASK_CONSTRAINTS = Schema({"maxWallClockTime": span, "retentionTime": span, "maxTaskRetryCount": retries})
TASK = Schema(
    {
        **COMMAND,
        "id": identifier,
        "displayName": display_name,
        "exitConditions": EXIT_CONDITIONS,
        "outputFiles": every(OUTPUT_FILE),
        "affinityInfo": Schema({"affinityId": text}, required="affinityId"),
        "constraints": TASK_CONSTRAINTS,
        "requiredSlots": between(1, _UNBOUNDED),
        "multiInstanceSettings": Schema(
            {
                "numberOfInstances": between(1, _UNBOUNDED),
                "coordinationCommandLine": line,
                "commonResourceFiles": every(RESOURCE_FILE),
            },
            required="coordinationCommandLine",
        ),
        "dependsOn": Schema(
            {
                "taskIds": every(text),
                "taskIdRanges": every(
                    Schema(
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
TASKS = Schema({"value": every(TASK, most=LARGEST_COLLECTION)}, required="value")
TASK_PUT = Schema(
    {
        "constraints": TASK_CONSTRAINTS,
        **{name: ignored for name in TASK.properties if name != "constraints"},
        **dict.fromkeys((*WRITTEN_BY_SERVICE, "nodeInfo"), ignored),
    }
)
