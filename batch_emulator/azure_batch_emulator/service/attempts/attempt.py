"""An attempt that occupies a node, whatever it is an attempt of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import StopReason, Task
    from azure_batch_emulator.runner.interface import Ended
    from azure_batch_emulator.timers import Timer


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt; only a task's has a task, and a start task's has no job either."""

    id: int
    pool: Pool
    node: Node
    started: datetime
    """When the runner was told to start it; before that, when it took its place."""
    then: Callable[[Attempt, Ended], None]
    """Draws the consequences of its end."""
    job: Job | None = None
    task: Task | None = None
    go: Callable[[Attempt], None] | None = None
    """Called once, when its node is prepared for the job."""
    gang: Gang | None = None
    begun: bool = False
    """Whether the runner knows of it; before that it only keeps its place on the node."""
    stop: StopReason | None = None
    deadline: Timer | None = None


@dataclass(slots=True, eq=False)
class Gang:
    """The attempts that make up one of a multi-instance task: its own, and one for each other node."""

    primary: Attempt | None = None
    others: list[Attempt] = field(default_factory=list)
    ready: int = 0
    """How many of their nodes are prepared."""
    coordinating: set[int] = field(default_factory=set)
    """Coordination commands under way."""
    is_over: bool = False
