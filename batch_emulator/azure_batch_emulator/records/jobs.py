"""One job: its tasks, its pool and where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.records.changes import DERIVED
from azure_batch_emulator.records.shelf import TaskShelf
from azure_batch_emulator.records.states import JOB_MOVES, JobState, TaskState, next_state

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.records.dependencies import Dependents

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
    waits_for_running: bool = False
    """Whether a disabling job lets its running tasks finish."""
    tasks: TaskShelf = field(default_factory=TaskShelf, metadata=DERIVED)
    dependents: Dependents | None = field(default=None, metadata=DERIVED)
    """Who waits for whom; None unless the job uses dependencies."""

    @property
    def key(self) -> str:
        """Tell the id as the service compares it."""
        return self.id.lower()

    @property
    def pool_id(self) -> str:
        """Tell the pool the tasks run on."""
        return str(self.spec["poolInfo"]["poolId"])

    @property
    def priority(self) -> int:
        """Tell the priority, from -1000 to 1000."""
        return int(self.spec["priority"])

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

    def move(self, event: str, *, now: datetime, etag: int) -> None:
        """Change state by the table.

        :raises IllegalMove: if the present state does not answer to ``event``
        """
        state = next_state(JOB_MOVES, self.state, event)
        self.previous_state, self.previous_since = self.state, self.state_since
        self.state, self.state_since = state, now
        self.modified, self.etag = now, etag
