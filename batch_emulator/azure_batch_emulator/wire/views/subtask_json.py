"""Subtasks of multi-instance tasks as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import stamp
from azure_batch_emulator.wire.views.task_json import execution_json, node_info_json

if TYPE_CHECKING:
    from azure_batch_emulator.records.tasks import Subtask

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


def subtask_json(subtask: Subtask, base: str) -> dict[str, Any]:
    """Write a subtask for clients."""
    json: dict[str, Any] = {
        "id": subtask.id,
        "nodeInfo": node_info_json(subtask.node_info, base),
        "state": subtask.state.value,
        "stateTransitionTime": stamp(subtask.state_since),
    }
    if subtask.previous_state is not None and subtask.previous_since is not None:
        json["previousState"] = subtask.previous_state.value
        json["previousStateTransitionTime"] = stamp(subtask.previous_since)
    known = execution_json(subtask.execution).items()
    return {**json, **{name: value for name, value in known if name not in _NOT_OF_SUBTASKS}}
