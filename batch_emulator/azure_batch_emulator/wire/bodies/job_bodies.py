"""The bodies of operations on jobs and job schedules, in wire names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire.bodies.kinds import (
    between,
    choice,
    display_name,
    identifier,
    moment,
    retries,
    span,
    switch,
    text,
    up_to,
    whole,
    word,
)
from azure_batch_emulator.wire.bodies.network_bodies import JOB_NETWORK
from azure_batch_emulator.wire.bodies.pool_bodies import POOL_SPECIFICATION
from azure_batch_emulator.wire.bodies.schema import Schema, every, ignored, one_of
from azure_batch_emulator.wire.bodies.task_bodies import (
    COMMAND,
    METADATA,
    OUTPUT_FILE,
    PACKAGES,
    TASK_CONSTRAINTS,
    TOKEN_SETTINGS,
    VARIABLES,
    WRITTEN_BY_SERVICE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.wire.bodies.kinds import Kind

LONGEST_PREFIX = 20
_UNBOUNDED = 2**31 - 1

_OWN_TASK: Mapping[str, Kind] = {**COMMAND, "id": identifier}
MANAGER = Schema(
    {
        **_OWN_TASK,
        "displayName": display_name,
        "outputFiles": every(OUTPUT_FILE),
        "constraints": TASK_CONSTRAINTS,
        "requiredSlots": between(1, _UNBOUNDED),
        "killJobOnCompletion": switch,
        "runExclusive": switch,
        "allowLowPriorityNode": switch,
        "applicationPackageReferences": PACKAGES,
        "authenticationTokenSettings": TOKEN_SETTINGS,
    },
    required="id commandLine",
)
PREPARATION = Schema(
    {
        **_OWN_TASK,
        "constraints": TASK_CONSTRAINTS,
        "waitForSuccess": switch,
        "rerunOnNodeRebootAfterSuccess": switch,
    },
    required="commandLine",
)
RELEASE = Schema({**_OWN_TASK, "maxWallClockTime": span, "retentionTime": span}, required="commandLine")

JOB_CONSTRAINTS = Schema({"maxWallClockTime": span, "maxTaskRetryCount": retries})
AUTO_POOL = Schema(
    {
        "autoPoolIdPrefix": up_to(LONGEST_PREFIX),
        "poolLifetimeOption": choice("jobschedule", "job"),
        "keepAlive": switch,
        "pool": POOL_SPECIFICATION,
    },
    required="poolLifetimeOption pool",
)
POOL_INFO = Schema(
    {"poolId": word, "autoPoolSpecification": AUTO_POOL}, rules=(one_of("poolId", "autoPoolSpecification"),)
)
_JOB_PATCHABLE: Mapping[str, Kind] = {
    "priority": between(-1000, 1000),
    "allowTaskPreemption": switch,
    "maxParallelTasks": whole,
    "constraints": JOB_CONSTRAINTS,
    "poolInfo": POOL_INFO,
    "onAllTasksComplete": choice("noaction", "terminatejob"),
    "metadata": METADATA,
    "networkConfiguration": JOB_NETWORK,
}
_JOB_PROPERTIES: Mapping[str, Kind] = {
    **_JOB_PATCHABLE,
    "id": identifier,
    "displayName": display_name,
    "usesTaskDependencies": switch,
    "jobManagerTask": MANAGER,
    "jobPreparationTask": PREPARATION,
    "jobReleaseTask": RELEASE,
    "commonEnvironmentSettings": VARIABLES,
    "onTaskFailure": choice("noaction", "performexitoptionsjobaction"),
}
_SCHEDULE_PROPERTIES: Mapping[str, Kind] = {
    "schedule": Schema(
        {"doNotRunUntil": moment, "doNotRunAfter": moment, "startWindow": span, "recurrenceInterval": span}
    ),
    "jobSpecification": Schema(
        {name: kind for name, kind in _JOB_PROPERTIES.items() if name != "id"}, required="poolInfo"
    ),
    "metadata": METADATA,
}
SCHEDULE_PATCH = Schema(_SCHEDULE_PROPERTIES)
SCHEDULE = Schema(
    {**_SCHEDULE_PROPERTIES, "id": identifier, "displayName": display_name},
    required="id schedule jobSpecification",
)
SCHEDULE_PUT = Schema(
    {**_SCHEDULE_PROPERTIES, **dict.fromkeys(("id", "displayName", *WRITTEN_BY_SERVICE), ignored)},
    required="schedule jobSpecification",
)
JOB = Schema(_JOB_PROPERTIES, required="id poolInfo")
JOB_PATCH = Schema(_JOB_PATCHABLE)
JOB_PUT = Schema({**_JOB_PROPERTIES, **dict.fromkeys(WRITTEN_BY_SERVICE, ignored)}, required="poolInfo")
JOB_TERMINATE = Schema({"terminateReason": text})
JOB_DISABLE = Schema({"disableTasks": choice("requeue", "terminate", "wait")}, required="disableTasks")
