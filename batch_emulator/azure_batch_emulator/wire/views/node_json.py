"""Nodes as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import stamp
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.views.node_network import has_ipv6, inbound_endpoints, ipv6_address
from azure_batch_emulator.wire.views.task_json import execution_json, task_url
from azure_batch_emulator.wire.views.write_only import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.account import Account
    from azure_batch_emulator.records.nodes import Node, NodeError, RecentTask
    from azure_batch_emulator.records.pools import Pool

COLUMNS = frozenset(
    (
        "id",
        "url",
        "state",
        "schedulingState",
        "stateTransitionTime",
        "lastBootTime",
        "allocationTime",
        "ipAddress",
        "ipv6Address",
        "affinityId",
        "vmSize",
        "totalTasksRun",
        "runningTasksCount",
        "runningTaskSlotsCount",
        "totalTasksSucceeded",
        "recentTasks",
        "startTask",
        "startTaskInfo",
        "errors",
        "isDedicated",
        "endpointConfiguration",
        "nodeAgentInfo",
        "virtualMachineInfo",
    )
)
FILTERS: Mapping[str, Property[tuple[int, Node]]] = {
    "state": Property.word(lambda entry: entry[1].state),
    "stateTransitionTime": Property.moment(lambda entry: entry[1].state_since),
    "lastBootTime": Property.moment(lambda entry: entry[1].booted),
    "allocationTime": Property.moment(lambda entry: entry[1].allocated),
    "startTaskInfo/startTime": Property.moment(
        lambda entry: entry[1].start_task and entry[1].start_task.started
    ),
    "startTaskInfo/endTime": Property.moment(lambda entry: entry[1].start_task and entry[1].start_task.ended),
    "startTaskInfo/exitCode": Property.number(
        lambda entry: entry[1].start_task and entry[1].start_task.exit_code
    ),
    "startTaskInfo/state": Property.word(lambda entry: _start_task_state(entry[1])),
    "startTaskInfo/result": Property.word(lambda entry: entry[1].start_task and entry[1].start_task.result),
}


def node_json(account: Account, pool: Pool, node: Node, base: str) -> dict[str, Any]:
    """Write a node for clients."""
    json: dict[str, Any] = {
        "id": node.id,
        "url": f"{base}/pools/{pool.id}/nodes/{node.id}",
        "state": node.state.value,
        "schedulingState": "enabled" if node.accepts_tasks else "disabled",
        "stateTransitionTime": stamp(node.state_since),
        "allocationTime": stamp(node.allocated),
        "ipAddress": node.address,
        "affinityId": f"TVM:{node.id}",
        "vmSize": pool.spec["vmSize"],
        "totalTasksRun": node.tasks_run,
        "totalTasksSucceeded": node.tasks_succeeded,
        "runningTasksCount": node.running_tasks,
        "runningTaskSlotsCount": sum(node.attempts.values()),
        "recentTasks": [_recent_json(account, recent, base) for recent in reversed(node.recent)],
        "isDedicated": node.is_dedicated,
        "endpointConfiguration": {"inboundEndpoints": inbound_endpoints(pool, node)},
    }
    if has_ipv6(pool):
        json["ipv6Address"] = ipv6_address(node)
    if node.booted is not None:
        json["lastBootTime"] = stamp(node.booted)
        json["nodeAgentInfo"] = {"version": "0.0.0", "lastUpdateTime": stamp(node.booted)}
    if node.errors:
        json["errors"] = [_error_json(error) for error in node.errors]
    if pool.spec.get("startTask"):
        json["startTask"] = readable(pool.spec["startTask"])
    if node.start_task is not None:
        info = execution_json(node.start_task)
        json["startTaskInfo"] = {"state": _start_task_state(node)} | {
            k: v for k, v in info.items() if "equeue" not in k
        }
    return json


def _start_task_state(node: Node) -> str | None:
    if node.start_task is None:
        return None
    return "running" if node.start_task.ended is None else "completed"


def _error_json(error: NodeError) -> dict[str, Any]:
    return {
        "code": error.code,
        "message": error.message,
        "errorDetails": [{"name": name, "value": value} for name, value in error.details],
    }


def _recent_json(account: Account, recent: RecentTask, base: str) -> dict[str, Any]:
    json: dict[str, Any] = {
        "taskUrl": task_url(base, recent.job_id, recent.task_id),
        "jobId": recent.job_id,
        "taskId": recent.task_id,
    }
    job = account.jobs.get(recent.job_id.lower())
    task = job.tasks.get(recent.task_id) if job is not None else None
    # A task that was deleted since is shown as what it last was here: done.
    json["taskState"] = "completed" if task is None else task.state.value
    if task is not None:
        json["executionInfo"] = execution_json(task.execution)
    return json
