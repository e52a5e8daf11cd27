"""One job: its tasks, its pool and where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.records.changes import DERIVED
from azure_batch_emulator.records.preparations import Preparation, PreparationState
from azure_batch_emulator.records.states import JOB_MOVES, JobState, TaskState, next_state
from azure_batch_emulator.records.task_table import TaskTable

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.records.dependencies import Dependents
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.tasks import Task

UNTOUCHABLE = frozenset({JobState.TERMINATING, JobState.COMPLETED, JobState.DELETING})


@dataclass(slots=True, eq=False)
class Job:
    """One job; ``spec`` is the accepted body with the service's defaults filled in."""

    id: str
    number: int
    spec: dict[str, Any]
    created: datetime
    modified: datetime
    etag: int
    state_since: datetime
    state: JobState = JobState.ACTIVE
    previous_state: JobState | None = None
    previous_since: datetime | None = None
    ended: datetime | None = None
    terminate_reason: str | None = None
    schedule: str | None = None
    """Id of the job schedule that made it."""
    auto_pool: str | None = None
    """Id of the pool that was made for it, or for its schedule."""
    waits_for_running: bool = False
    """Whether a disabling job lets its running tasks finish."""
    tasks: TaskTable = field(default_factory=TaskTable, metadata=DERIVED)
    dependents: Dependents | None = field(default=None, metadata=DERIVED)
    """Who waits for whom; None unless the job uses dependencies."""
    preparations: dict[str, Preparation] = field(default_factory=dict, metadata=DERIVED)
    """By node id, oldest first: how the nodes were prepared and released."""

    @property
    def key(self) -> str:
        """Tell the id as the service compares it."""
        return self.id.lower()

    @property
    def pool_id(self) -> str:
        """Tell the pool the tasks run on."""
        return str(self.auto_pool or self.spec["poolInfo"]["poolId"])

    @property
    def priority(self) -> int:
        """Tell the priority, from -1000 to 1000."""
        return int(self.spec["priority"])

    @property
    def is_open(self) -> bool:
        """Tell whether the job has not ended and is not about to."""
        return self.state not in UNTOUCHABLE

    @property
    def preparation_spec(self) -> dict[str, Any] | None:
        """Tell what prepares the nodes, with defaults filled in."""
        return self.spec.get("jobPreparationTask")

    @property
    def release_spec(self) -> dict[str, Any] | None:
        """Tell what releases the nodes, with defaults filled in."""
        return self.spec.get("jobReleaseTask")

    @property
    def ends_with_manager(self) -> bool:
        """Tell whether the job is over when its manager task is completed."""
        return bool(self._manager.get("killJobOnCompletion"))

    @property
    def busy(self) -> int:
        """Tell how many tasks occupy a node."""
        return self.tasks.count(TaskState.RUNNING) + self.tasks.count(TaskState.PREPARING)

    @property
    def may_start(self) -> bool:
        """Tell whether one more task may be started now."""
        limit = self.spec["maxParallelTasks"]
        return (
            self.state is JobState.ACTIVE and len(self.tasks.ready) > 0 and (limit < 0 or self.busy < limit)
        )

    @property
    def all_tasks_complete(self) -> bool:
        """Tell whether no task is left to do; true for a job without tasks."""
        return self.tasks.count(TaskState.COMPLETED) == len(self.tasks)

    @property
    def _manager(self) -> dict[str, Any]:
        return self.spec.get("jobManagerTask") or {}

    def is_manager(self, task: Task) -> bool:
        """Tell whether a task is the job's manager."""
        return task.key == str(self._manager.get("id", "")).lower()

    def is_exclusive(self, task: Task) -> bool:
        """Tell whether a task wants a node for itself."""
        return self.is_manager(task) and bool(self._manager["runExclusive"])

    def needs_dedicated(self, task: Task) -> bool:
        """Tell whether a task must not run on a low-priority node."""
        return self.is_manager(task) and not self._manager["allowLowPriorityNode"]

    def is_barred_from(self, node: Node) -> bool:
        """Tell whether a node could not be prepared for the job."""
        preparation = self.preparations.get(node.id)
        return preparation is not None and preparation.state is PreparationState.FAILED

    def move(self, event: str, *, now: datetime, etag: int) -> None:
        """Change state by the table.

        :raises IllegalMove: if the present state does not answer to ``event``
        """
        state = next_state(JOB_MOVES, self.state, event)
        self.previous_state, self.previous_since = self.state, self.state_since
        self.state, self.state_since = state, now
        self.modified, self.etag = now, etag
