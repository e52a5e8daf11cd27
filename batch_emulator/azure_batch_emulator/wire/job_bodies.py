"""The shapes of what describes jobs and job schedules, in wire names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire.bodies import (
    CONTAINER_SETTINGS,
    METADATA,
    NAME_VALUE,
    OUTPUT_FILE,
    PACKAGES,
    POOL_SPECIFICATION,
    RESOURCE_FILE,
    TASK_CONSTRAINTS,
    USER_IDENTITY,
    WRITTEN_BY_SERVICE,
)
from azure_batch_emulator.wire.shapes import (
    Shape,
    anything,
    choice,
    display_name,
    every,
    identifier,
    moment,
    span,
    switch,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.wire.shapes import Kind

_COMMAND: Mapping[str, Kind] = {
    "id": identifier,
    "commandLine": text,
    "containerSettings": CONTAINER_SETTINGS,
    "resourceFiles": every(RESOURCE_FILE),
    "environmentSettings": every(NAME_VALUE),
    "userIdentity": USER_IDENTITY,
}
MANAGER = Shape(
    {
        **_COMMAND,
        "displayName": display_name,
        "outputFiles": every(OUTPUT_FILE),
        "constraints": TASK_CONSTRAINTS,
        "requiredSlots": whole,
        "killJobOnCompletion": switch,
        "runExclusive": switch,
        "allowLowPriorityNode": switch,
        "applicationPackageReferences": PACKAGES,
        "authenticationTokenSettings": anything,
    },
    required="id commandLine",
)
PREPARATION = Shape(
    {
        **_COMMAND,
        "constraints": TASK_CONSTRAINTS,
        "waitForSuccess": switch,
        "rerunOnNodeRebootAfterSuccess": switch,
    },
    required="commandLine",
)
RELEASE = Shape({**_COMMAND, "maxWallClockTime": span, "retentionTime": span}, required="commandLine")

JOB_CONSTRAINTS = Shape({"maxWallClockTime": span, "maxTaskRetryCount": whole})
AUTO_POOL = Shape(
    {
        "autoPoolIdPrefix": text,
        "poolLifetimeOption": choice("jobschedule", "job"),
        "keepAlive": switch,
        "pool": POOL_SPECIFICATION,
    },
    required="poolLifetimeOption pool",
)
POOL_INFO = Shape({"poolId": text, "autoPoolSpecification": AUTO_POOL})
_JOB_PATCHABLE: Mapping[str, Kind] = {
    "priority": whole,
    "allowTaskPreemption": switch,
    "maxParallelTasks": whole,
    "constraints": JOB_CONSTRAINTS,
    "poolInfo": POOL_INFO,
    "onAllTasksComplete": choice("noaction", "terminatejob"),
    "metadata": METADATA,
    "networkConfiguration": anything,
}
_JOB_PROPERTIES: Mapping[str, Kind] = {
    **_JOB_PATCHABLE,
    "id": identifier,
    "displayName": display_name,
    "usesTaskDependencies": switch,
    "jobManagerTask": MANAGER,
    "jobPreparationTask": PREPARATION,
    "jobReleaseTask": RELEASE,
    "commonEnvironmentSettings": every(NAME_VALUE),
    "onTaskFailure": choice("noaction", "performexitoptionsjobaction"),
}
_SCHEDULE_PROPERTIES: Mapping[str, Kind] = {
    "schedule": Shape(
        {"doNotRunUntil": moment, "doNotRunAfter": moment, "startWindow": span, "recurrenceInterval": span}
    ),
    "jobSpecification": Shape(
        {name: kind for name, kind in _JOB_PROPERTIES.items() if name != "id"}, required="poolInfo"
    ),
    "metadata": METADATA,
}
SCHEDULE_PATCH = Shape(_SCHEDULE_PROPERTIES)
SCHEDULE = Shape(
    {**_SCHEDULE_PROPERTIES, "id": identifier, "displayName": display_name},
    required="id schedule jobSpecification",
)
SCHEDULE_PUT = Shape(
    {**_SCHEDULE_PROPERTIES, **dict.fromkeys(("id", "displayName", *WRITTEN_BY_SERVICE), anything)},
    required="schedule jobSpecification",
)
JOB = Shape(_JOB_PROPERTIES, required="id poolInfo")
JOB_PATCH = Shape(_JOB_PATCHABLE)
JOB_PUT = Shape({**_JOB_PROPERTIES, **dict.fromkeys(WRITTEN_BY_SERVICE, anything)}, required="poolInfo")
JOB_TERMINATE = Shape({"terminateReason": text})
JOB_DISABLE = Shape({"disableTasks": choice("requeue", "terminate", "wait")}, required="disableTasks")
