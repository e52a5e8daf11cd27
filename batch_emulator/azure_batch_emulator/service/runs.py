"""An attempt that occupies a node, and why one is ended early."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure_batch_emulator.agenda import Entry
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task


class Stop(Enum):
    """Why an attempt is ended early."""

    BY_USER = auto()
    TIMED_OUT = auto()
    REQUEUED = auto()
    """Active again, and counted as asked for."""
    NODE_LOST = auto()
    """Active again, without counting."""
    FORGOTTEN = auto()
    """The task is deleted; nobody waits for the outcome."""


@dataclass(slots=True, eq=False)
class Run:
    """One attempt that occupies a node; a start task's has neither job nor task."""

    id: int
    pool: Pool
    node: Node
    job: Job | None = None
    task: Task | None = None
    stop: Stop | None = None
    deadline: Entry | None = None
