"""An attempt that occupies a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_emulator.records.tasks import Stop

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.agenda import Entry
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task


__all__ = ["Run", "Stop"]


@dataclass(slots=True, eq=False)
class Run:
    """One attempt that occupies a node; a start task's has neither job nor task."""

    id: int
    pool: Pool
    node: Node
    started: datetime
    job: Job | None = None
    task: Task | None = None
    stop: Stop | None = None
    deadline: Entry | None = None
