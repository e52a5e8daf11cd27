"""One task: what was asked for, where it stands, and how its latest attempt went."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import parse_duration
from azure_batch_emulator.records.changes import DERIVED
from azure_batch_emulator.records.states import TASK_MOVES, TaskState, next_state

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class SubtaskState(StrEnum):
    """Where a subtask is in its life."""

    PREPARING = "preparing"
    RUNNING = "running"
    COMPLETED = "completed"


class Result(StrEnum):
    """How a completed task ended."""

    SUCCESS = "success"
    FAILURE = "failure"


class StopReason(StrEnum):
    """Why an attempt is ended early."""

    BY_USER = "by user"
    TIMED_OUT = "timed out"
    REQUEUED = "requeued"
    """Active again, and counted as asked for."""
    NODE_LOST = "node lost"
    """Active again, without counting."""
    UNPREPARED = "unprepared"
    """Active again, as its node could not be prepared for the job."""
    FORGOTTEN = "forgotten"
    """The task is deleted; nobody waits for the outcome."""


class ErrorCategory(StrEnum):
    """Whose fault a failure was."""

    USER = "usererror"
    SERVER = "servererror"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, in the service's words."""

    category: ErrorCategory
    code: str
    message: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerInfo:
    """The container that an attempt ran in, as it was found at the end."""

    id: str
    state: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """Where an attempt ran."""

    pool_id: str
    node_id: str
    directory: str
    """Relative to the node's root folder."""


@dataclass(slots=True, eq=False)
class Execution:
    """What is known of the latest attempt, and counters over all of them."""

    started: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    failure: Failure | None = None
    result: Result | None = None
    image: str | None = None
    retries: int = 0
    last_retry: datetime | None = None
    requeues: int = 0
    last_requeue: datetime | None = None
    container: ContainerInfo | None = None

    def forget_outcome(self) -> None:
        """Drop what the latest attempt left, before the task is tried again."""
        self.ended = self.exit_code = self.failure = self.result = self.container = None


@dataclass(slots=True, eq=False)
class Subtask:
    """The part of a multi-instance task on one of its other nodes: it coordinates, then keeps its place."""

    id: int
    """From 1 on; the task itself is what runs on the first node."""
    node_info: NodeInfo
    state_since: datetime
    state: SubtaskState = SubtaskState.PREPARING
    previous_state: SubtaskState | None = None
    previous_since: datetime | None = None
    execution: Execution = field(default_factory=Execution)

    def move(self, state: SubtaskState, *, now: datetime) -> None:
        """Change state, if it is another."""
        if state is not self.state:
            self.previous_state, self.previous_since = self.state, self.state_since
            self.state, self.state_since = state, now


@dataclass(slots=True, eq=False)
class Task:
    """One task of a job; ``spec`` is the accepted body, in wire names."""

    id: str
    number: int
    """Position in the job, by creation; never used twice."""
    spec: dict[str, Any]
    slots: int
    created: datetime
    modified: datetime
    etag: int
    state: TaskState
    state_since: datetime
    previous_state: TaskState | None = None
    previous_since: datetime | None = None
    execution: Execution = field(default_factory=Execution)
    node_info: NodeInfo | None = None
    attempt_id: int | None = field(default=None, metadata=DERIVED)
    """The attempt that occupies a node at this moment."""
    stop: StopReason | None = None
    """Why that attempt is being ended; None if it may go on."""
    unmet: int = field(default=0, metadata=DERIVED)
    """Dependencies not satisfied yet; a task with any waits in state active."""
    files_gone: bool = False
    """Whether the retention time has taken the files."""
    job_number: int = 0
    """The job it belongs to."""
    subtasks: tuple[Subtask, ...] = ()
    """Of its latest attempt, if it needs several nodes."""

    @property
    def key(self) -> str:
        """Tell the id as the service compares it."""
        return self.id.lower()

    @property
    def succeeded(self) -> bool:
        """Tell whether the task is completed and well."""
        return self.execution.result is Result.SUCCESS

    @property
    def instances(self) -> int:
        """Tell how many nodes a multi-instance task needs; 0 for any other."""
        settings = self.spec.get("multiInstanceSettings")
        return int(settings.get("numberOfInstances", 1)) if settings else 0

    @property
    def wall_clock(self) -> timedelta:
        """Tell how long an attempt may last."""
        return parse_duration(self.spec["constraints"]["maxWallClockTime"])

    @property
    def has_attempts_left(self) -> bool:
        """Tell whether a non-zero exit code leads to another attempt."""
        limit = int(self.spec["constraints"]["maxTaskRetryCount"])
        return limit < 0 or self.execution.retries < limit

    def move(self, event: str, *, now: datetime, etag: int) -> None:
        """Change state by the table; use it through the job's table, which keeps the indexes.

        :raises IllegalMove: if the present state does not answer to ``event``
        """
        state = next_state(TASK_MOVES, self.state, event)
        self.previous_state, self.previous_since = self.state, self.state_since
        self.state, self.state_since = state, now
        self.modified, self.etag = now, etag
