"""States, and the moves between them, as tables. An illegal move raises and changes nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from azure_batch_emulator.errors import IllegalMove

if TYPE_CHECKING:
    from collections.abc import Mapping


class PoolState(StrEnum):
    """Whether a pool exists or is on its way out."""

    ACTIVE = "active"
    DELETING = "deleting"


class AllocationState(StrEnum):
    """Whether the number of nodes of a pool is changing."""

    STEADY = "steady"
    RESIZING = "resizing"
    STOPPING = "stopping"


class NodeState(StrEnum):
    """What a node is doing; a few states of the real service never occur here."""

    CREATING = "creating"
    STARTING = "starting"
    WAITING_FOR_START_TASK = "waitingforstarttask"
    START_TASK_FAILED = "starttaskfailed"
    IDLE = "idle"
    RUNNING = "running"
    REBOOTING = "rebooting"
    LEAVING_POOL = "leavingpool"
    REIMAGING = "reimaging"
    OFFLINE = "offline"
    PREEMPTED = "preempted"
    UNKNOWN = "unknown"
    UNUSABLE = "unusable"
    DEALLOCATED = "deallocated"
    DEALLOCATING = "deallocating"
    UPGRADING_OS = "upgradingos"


class JobState(StrEnum):
    """Where a job is in its life."""

    ACTIVE = "active"
    DISABLING = "disabling"
    DISABLED = "disabled"
    ENABLING = "enabling"
    TERMINATING = "terminating"
    COMPLETED = "completed"
    DELETING = "deleting"


class ScheduleState(StrEnum):
    """Where a job schedule is in its life."""

    ACTIVE = "active"
    COMPLETED = "completed"
    DISABLED = "disabled"
    TERMINATING = "terminating"
    DELETING = "deleting"


class TaskState(StrEnum):
    """Where a task is in its life."""

    ACTIVE = "active"
    PREPARING = "preparing"
    RUNNING = "running"
    COMPLETED = "completed"


ALLOCATION_MOVES: Mapping[AllocationState, Mapping[str, AllocationState]] = {
    AllocationState.STEADY: {"resize": AllocationState.RESIZING},
    AllocationState.RESIZING: {
        "resize": AllocationState.RESIZING,
        "stop": AllocationState.STOPPING,
        "done": AllocationState.STEADY,
    },
    AllocationState.STOPPING: {"done": AllocationState.STEADY, "resize": AllocationState.RESIZING},
}

_MISHAPS: Mapping[str, NodeState] = {
    "preempt": NodeState.PREEMPTED,
    "lose": NodeState.UNKNOWN,
    "break": NodeState.UNUSABLE,
}
_RENEWALS: Mapping[str, NodeState] = {
    "reboot": NodeState.REBOOTING,
    "reimage": NodeState.REIMAGING,
    "deallocate": NodeState.DEALLOCATING,
}
NODE_MOVES: Mapping[NodeState, Mapping[str, NodeState]] = {
    NodeState.CREATING: {"allocated": NodeState.STARTING, "leave": NodeState.LEAVING_POOL},
    NodeState.STARTING: {
        "ready": NodeState.IDLE,
        "prepare": NodeState.WAITING_FOR_START_TASK,
        "leave": NodeState.LEAVING_POOL,
        "recover": NodeState.STARTING,
        **_MISHAPS,
    },
    NodeState.WAITING_FOR_START_TASK: {
        "ready": NodeState.IDLE,
        "unprepared": NodeState.START_TASK_FAILED,
        **_RENEWALS,
        "leave": NodeState.LEAVING_POOL,
        "recover": NodeState.STARTING,
        **_MISHAPS,
    },
    NodeState.START_TASK_FAILED: {
        **_RENEWALS,
        "leave": NodeState.LEAVING_POOL,
        "recover": NodeState.STARTING,
        **_MISHAPS,
    },
    NodeState.IDLE: {
        "busy": NodeState.RUNNING,
        "disable": NodeState.OFFLINE,
        **_RENEWALS,
        "leave": NodeState.LEAVING_POOL,
        "recover": NodeState.STARTING,
        **_MISHAPS,
    },
    NodeState.RUNNING: {
        "free": NodeState.IDLE,
        **_RENEWALS,
        "leave": NodeState.LEAVING_POOL,
        "recover": NodeState.STARTING,
        **_MISHAPS,
    },
    NodeState.OFFLINE: {
        "enable": NodeState.IDLE,
        **_RENEWALS,
        "leave": NodeState.LEAVING_POOL,
        "recover": NodeState.STARTING,
        **_MISHAPS,
    },
    NodeState.REBOOTING: {
        "restarted": NodeState.STARTING,
        "leave": NodeState.LEAVING_POOL,
        "recover": NodeState.STARTING,
        **_MISHAPS,
    },
    NodeState.REIMAGING: {
        "restarted": NodeState.STARTING,
        "leave": NodeState.LEAVING_POOL,
        "recover": NodeState.STARTING,
        **_MISHAPS,
    },
    NodeState.DEALLOCATING: {
        "deallocated": NodeState.DEALLOCATED,
        "leave": NodeState.LEAVING_POOL,
        **_MISHAPS,
    },
    NodeState.DEALLOCATED: {"start": NodeState.STARTING, "leave": NodeState.LEAVING_POOL},
    NodeState.UNUSABLE: {
        **_RENEWALS,
        "leave": NodeState.LEAVING_POOL,
        **_MISHAPS,
    },
    NodeState.PREEMPTED: {"replace": NodeState.CREATING, "leave": NodeState.LEAVING_POOL},
    NodeState.UNKNOWN: {"replace": NodeState.CREATING, "leave": NodeState.LEAVING_POOL},
    NodeState.LEAVING_POOL: {"stay": NodeState.IDLE, "stay busy": NodeState.RUNNING},
}

JOB_MOVES: Mapping[JobState, Mapping[str, JobState]] = {
    JobState.ACTIVE: {
        "disable": JobState.DISABLING,
        "terminate": JobState.TERMINATING,
        "delete": JobState.DELETING,
    },
    JobState.DISABLING: {
        "disable": JobState.DISABLING,
        "quiet": JobState.DISABLED,
        "enable": JobState.ENABLING,
        "terminate": JobState.TERMINATING,
        "delete": JobState.DELETING,
    },
    JobState.DISABLED: {
        "disable": JobState.DISABLING,
        "enable": JobState.ENABLING,
        "terminate": JobState.TERMINATING,
        "delete": JobState.DELETING,
    },
    JobState.ENABLING: {
        "enabled": JobState.ACTIVE,
        "terminate": JobState.TERMINATING,
        "delete": JobState.DELETING,
    },
    JobState.TERMINATING: {"quiet": JobState.COMPLETED, "delete": JobState.DELETING},
    JobState.COMPLETED: {"delete": JobState.DELETING},
    JobState.DELETING: {},
}

SCHEDULE_MOVES: Mapping[ScheduleState, Mapping[str, ScheduleState]] = {
    ScheduleState.ACTIVE: {
        "disable": ScheduleState.DISABLED,
        "end": ScheduleState.COMPLETED,
        "terminate": ScheduleState.TERMINATING,
        "delete": ScheduleState.DELETING,
    },
    ScheduleState.DISABLED: {
        "enable": ScheduleState.ACTIVE,
        "terminate": ScheduleState.TERMINATING,
        "delete": ScheduleState.DELETING,
    },
    ScheduleState.TERMINATING: {"end": ScheduleState.COMPLETED, "delete": ScheduleState.DELETING},
    ScheduleState.COMPLETED: {"delete": ScheduleState.DELETING},
    ScheduleState.DELETING: {},
}

TASK_MOVES: Mapping[TaskState, Mapping[str, TaskState]] = {
    TaskState.ACTIVE: {
        "assign": TaskState.RUNNING,
        "prepare": TaskState.PREPARING,
        "end": TaskState.COMPLETED,
    },
    TaskState.PREPARING: {
        "prepared": TaskState.RUNNING,
        "again": TaskState.ACTIVE,
        "end": TaskState.COMPLETED,
    },
    TaskState.RUNNING: {"end": TaskState.COMPLETED, "again": TaskState.ACTIVE},
    TaskState.COMPLETED: {"reactivate": TaskState.ACTIVE},
}

_State = TypeVar("_State", bound=StrEnum)


def next_state(moves: Mapping[_State, Mapping[str, _State]], state: _State, event: str) -> _State:
    """Look up where ``event`` leads from ``state``.

    :raises IllegalMove: if the table has no such move
    """
    try:
        return moves[state][event]
    except KeyError:
        raise IllegalMove(state, event) from None
