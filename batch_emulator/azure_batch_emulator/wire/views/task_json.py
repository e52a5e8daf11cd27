"""Tasks as JSON, and what tasks can be filtered by and cut down to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import stamp
from azure_batch_emulator.wire.bodies import task_bodies
from azure_batch_emulator.wire.conditions import etag
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.paging import Listing
from azure_batch_emulator.wire.views.stats import task_stats
from azure_batch_emulator.wire.views.write_only import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.tasks import ContainerInfo, Execution, Failure, NodeInfo, Task

COLUMNS = frozenset(task_bodies.TASK_PUT.properties)
FILTERS: Mapping[str, Property[Task]] = {
    "id": Property.identifier(lambda task: task.id),
    "state": Property.word(lambda task: task.state),
    "stateTransitionTime": Property.moment(lambda task: task.state_since),
    "creationTime": Property.moment(lambda task: task.created),
    "lastModified": Property.moment(lambda task: task.modified),
    "lastModifiedTime": Property.moment(lambda task: task.modified),
    "executionInfo/startTime": Property.moment(lambda task: task.execution.started),
    "executionInfo/endTime": Property.moment(lambda task: task.execution.ended),
    "executionInfo/exitCode": Property.number(lambda task: task.execution.exit_code),
    "executionInfo/result": Property.word(lambda task: task.execution.result),
}


def task_url(base: str, job_id: str, task_id: str) -> str:
    """Write the address of a task."""
    return f"{base}/jobs/{job_id}/tasks/{task_id}"


def task_json(job_id: str, task: Task, base: str) -> dict[str, Any]:
    """Write a task for clients."""
    json: dict[str, Any] = {
        "id": task.id,
        "url": task_url(base, job_id, task.id),
        "eTag": etag(task),
        "creationTime": stamp(task.created),
        "lastModified": stamp(task.modified),
        "state": task.state.value,
        "stateTransitionTime": stamp(task.state_since),
    }
    if task.previous_state is not None and task.previous_since is not None:
        json["previousState"] = task.previous_state.value
        json["previousStateTransitionTime"] = stamp(task.previous_since)
    # A walk through every task of a long list would cost; only a registry has something to hide.
    json.update(readable(task.spec) if "containerSettings" in task.spec else task.spec)
    json["requiredSlots"] = task.slots
    json["executionInfo"] = execution_json(task.execution)
    if task.node_info is not None:
        json["nodeInfo"] = node_info_json(task.node_info, base)
    return json


def execution_json(execution: Execution) -> dict[str, Any]:
    """Write how attempts went; the counters are always there."""
    json: dict[str, Any] = {}
    if execution.started is not None:
        json["startTime"] = stamp(execution.started)
    if execution.ended is not None:
        json["endTime"] = stamp(execution.ended)
    if execution.exit_code is not None:
        json["exitCode"] = execution.exit_code
    if execution.container is not None:
        json["containerInfo"] = container_json(execution.container)
    if execution.failure is not None:
        json["failureInfo"] = failure_json(execution.failure)
    json["retryCount"] = execution.retries
    if execution.last_retry is not None:
        json["lastRetryTime"] = stamp(execution.last_retry)
    json["requeueCount"] = execution.requeues
    if execution.last_requeue is not None:
        json["lastRequeueTime"] = stamp(execution.last_requeue)
    if execution.result is not None:
        json["result"] = execution.result.value
    return json


def container_json(container: ContainerInfo) -> dict[str, Any]:
    """Write which container an attempt ran in."""
    json = {"containerId": container.id, "state": container.state}
    return {**json, "error": container.error} if container.error else json


def failure_json(failure: Failure) -> dict[str, Any]:
    """Write why something failed."""
    return {
        "category": failure.category.value,
        "code": failure.code,
        "message": failure.message,
        "details": [{"name": name, "value": value} for name, value in failure.details],
    }


def task_listing(job: Job) -> Listing[Task]:
    """Describe the list of a job's tasks."""
    return Listing(
        metadata="tasks",
        properties=FILTERS,
        render=partial(task_json, job.id),
        position=lambda task: task.number,
        columns=COLUMNS,
        stats=task_stats,
    )


def node_info_json(node_info: NodeInfo, base: str) -> dict[str, Any]:
    """Write where an attempt ran."""
    node_url = f"{base}/pools/{node_info.pool_id}/nodes/{node_info.node_id}"
    return {
        "affinityId": f"TVM:{node_info.node_id}",
        "nodeUrl": node_url,
        "poolId": node_info.pool_id,
        "nodeId": node_info.node_id,
        "taskRootDirectory": node_info.directory,
        "taskRootDirectoryUrl": f"{node_url}/files/{node_info.directory}",
    }
