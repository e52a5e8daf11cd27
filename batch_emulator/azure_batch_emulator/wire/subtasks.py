"""The subtasks of multi-instance tasks, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import stamp
from azure_batch_emulator.wire import paging
from azure_batch_emulator.wire.task_json import execution_json, place_json

if TYPE_CHECKING:
    from azure_batch_emulator.records.tasks import Subtask
    from azure_batch_emulator.wire.call import Answer, Call

_NOT_OF_SUBTASKS = frozenset({"retryCount", "lastRetryTime", "requeueCount", "lastRequeueTime"})
COLUMNS = frozenset(
    (
        "id",
        "nodeInfo",
        "startTime",
        "endTime",
        "exitCode",
        "containerInfo",
        "failureInfo",
        "state",
        "stateTransitionTime",
        "previousState",
        "previousStateTransitionTime",
        "result",
    )
)


def list_subtasks(call: Call) -> Answer:
    """List the subtasks of a task; none if it is no multi-instance task."""
    _, task = call.engine.lookup.task(call["jobId"], call["taskId"])
    listing: paging.Listing[Subtask] = paging.Listing(
        metadata="subtasks",
        properties={},
        render=subtask_json,
        position=lambda subtask: subtask.id,
        columns=COLUMNS,
    )
    first = paging.start(call)
    return paging.page(call, listing, (each for each in task.subtasks if each.id >= first), None)


def subtask_json(subtask: Subtask, base: str) -> dict[str, Any]:
    """Write a subtask for clients."""
    json: dict[str, Any] = {
        "id": subtask.id,
        "nodeInfo": place_json(subtask.place, base),
        "state": subtask.state.value,
        "stateTransitionTime": stamp(subtask.state_since),
    }
    if subtask.previous_state is not None and subtask.previous_since is not None:
        json["previousState"] = subtask.previous_state.value
        json["previousStateTransitionTime"] = stamp(subtask.previous_since)
    known = execution_json(subtask.execution).items()
    return {**json, **{name: value for name, value in known if name not in _NOT_OF_SUBTASKS}}
