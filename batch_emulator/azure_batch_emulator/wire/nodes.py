"""Operations on nodes, and nodes as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import stamp
from azure_batch_emulator.wire import node_bodies, paging
from azure_batch_emulator.wire.call import Answer, Call
from azure_batch_emulator.wire.node_network import has_ipv6, inbound_endpoints, ipv6_address
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.task_json import execution_json, task_url

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
_FILTERS: Mapping[str, Property[tuple[int, Node]]] = {
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


def list_nodes(call: Call) -> Answer:
    """List the nodes of a pool."""
    pool = call.engine.lookup.pool(call["poolId"])
    listing = paging.Listing(
        metadata="nodes",
        properties=_FILTERS,
        render=lambda entry, base: node_json(call.engine.account, pool, entry[1], base),
        position=lambda entry: entry[0],
        columns=COLUMNS,
    )
    chosen = paging.read_filter(call, _FILTERS)
    first = paging.start(call)
    nodes = (entry for entry in enumerate(pool.nodes.values()) if entry[0] >= first)
    return paging.page(call, listing, nodes, chosen)


def get_node(call: Call) -> Answer:
    """Show one node."""
    pool, node = call.engine.lookup.node(call["poolId"], call["nodeId"])
    columns = paging.select(call, COLUMNS)
    body = node_json(call.engine.account, pool, node, call.base)
    head = {"odata.metadata": f"{call.base}/$metadata#nodes/@Element"}
    return Answer(200, head | (body if columns is None else paging.pick(body, columns)))


def reboot_node(call: Call) -> Answer:
    """Begin to restart a node."""
    pool, node = call.engine.lookup.node(call["poolId"], call["nodeId"])
    option = call.optional_body(node_bodies.REBOOT).get("nodeRebootOption") or "requeue"
    call.engine.node_operations.reboot(pool, node, option=option)
    return Answer(202, headers=_headers(call))


def reimage_node(call: Call) -> Answer:
    """Begin to make a node anew."""
    pool, node = call.engine.lookup.node(call["poolId"], call["nodeId"])
    option = call.optional_body(node_bodies.REIMAGE).get("nodeReimageOption") or "requeue"
    call.engine.node_operations.reimage(pool, node, option=option)
    return Answer(202, headers=_headers(call))


def deallocate_node(call: Call) -> Answer:
    """Begin to switch a node off."""
    pool, node = call.engine.lookup.node(call["poolId"], call["nodeId"])
    option = call.optional_body(node_bodies.DEALLOCATE).get("nodeDeallocateOption") or "requeue"
    call.engine.node_operations.deallocate(pool, node, option=option)
    return Answer(202, headers=_headers(call))


def start_node(call: Call) -> Answer:
    """Begin to switch a node on."""
    call.engine.node_operations.start(*call.engine.lookup.node(call["poolId"], call["nodeId"]))
    return Answer(202, headers=_headers(call))


def disable_node_scheduling(call: Call) -> Answer:
    """Close a node to tasks."""
    pool, node = call.engine.lookup.node(call["poolId"], call["nodeId"])
    option = (
        call.optional_body(node_bodies.DISABLE_SCHEDULING).get("nodeDisableSchedulingOption") or "requeue"
    )
    call.engine.node_operations.disable_scheduling(pool, node, option=option)
    return Answer(200, headers=_headers(call))


def enable_node_scheduling(call: Call) -> Answer:
    """Open a node to tasks."""
    call.engine.node_operations.enable_scheduling(*call.engine.lookup.node(call["poolId"], call["nodeId"]))
    return Answer(200, headers=_headers(call))


def _headers(call: Call) -> dict[str, str]:
    return {"DataServiceId": f"{call.base}{call.path}"}


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
        "runningTaskSlotsCount": sum(node.runs.values()),
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
        json["startTask"] = pool.spec["startTask"]
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
