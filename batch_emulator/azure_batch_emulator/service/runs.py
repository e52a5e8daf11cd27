"""An attempt that occupies a node, whatever it is an attempt of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_emulator.records.tasks import Stop

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from azure_batch_emulator.agenda import Entry
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.runner.interface import Ended


__all__ = ["Run", "Stop"]


@dataclass(slots=True, eq=False)
class Run:
    """One attempt; only a task's has a task, and a start task's has no job either."""

    id: int
    pool: Pool
    node: Node
    started: datetime
    then: Callable[[Run, Ended], None]
    """Draws the consequences of its end."""
    job: Job | None = None
    task: Task | None = None
    begun: bool = False
    """Whether the runner knows of it; before that it only keeps its place on the node."""
    stop: Stop | None = None
    deadline: Entry | None = None
