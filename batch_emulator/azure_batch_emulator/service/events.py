"""What happens in one part of the engine and sets something off in another.

A service publishes these to the core and need not know who listens. What each sets off, and in which
order, is one table: ``Engine._connect``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened."""


@dataclass(frozen=True, slots=True)
class SchedulingDue(Event):
    """A pool has new room or new work."""

    pool_id: str


@dataclass(frozen=True, slots=True)
class NodeAllocated(Event):
    """A node that was ordered has its machine."""

    pool: Pool


@dataclass(frozen=True, slots=True)
class NodeUp(Event):
    """A node is through its start: it takes tasks, or has failed to."""

    pool: Pool


@dataclass(frozen=True, slots=True)
class NodeRestarted(Event):
    """A node has gone down to come up again with what is on its disk."""

    pool: Pool
    node: Node


@dataclass(frozen=True, slots=True)
class NodeWiped(Event):
    """A node has lost what was on its disk, or is gone."""

    pool: Pool
    node: Node


@dataclass(frozen=True, slots=True)
class NodeEmptied(Event):
    """The last attempt on a node has ended, and the node may have waited for that."""

    pool: Pool
    node: Node


@dataclass(frozen=True, slots=True)
class JobProgressed(Event):
    """Something has ended that a job may have waited for: an attempt, a task, a node's release."""

    job: Job


@dataclass(frozen=True, slots=True)
class PoolEmptied(Event):
    """The last node of a pool that is being deleted has left."""

    pool: Pool


@dataclass(frozen=True, slots=True)
class FilesDiscarded(Event):
    """Files of completed tasks on a node are gone, and the node may have stayed for their sake."""

    pool: Pool
    node: Node


@dataclass(frozen=True, slots=True)
class TaskCompleted(Event):
    """A task is completed for good."""

    job: Job
    task: Task
    job_action: str
    """What its exit conditions want of the job: ``none``, ``disable`` or ``terminate``."""


@dataclass(frozen=True, slots=True)
class JobEnded(Event):
    """A job is completed, or deleted."""

    job: Job
