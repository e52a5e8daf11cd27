"""The form of the answer about the pool."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sensor_scoring.ui.api.run.model import Part, UnknownPart


class Nodes(Part):
    """Numbers of nodes."""

    dedicated: int
    spot: int


class PoolNode(Part):
    """A node."""

    id: str
    state: str
    since: datetime | None
    """When it got into this state, as the service says."""
    allocated: datetime | None
    is_spot: bool
    running: int
    """Batch tasks."""
    errors: list[str]


class PoolJob(Part):
    """An active Batch job."""

    id: str
    state: str
    created: datetime | None
    priority: int
    active: int | None
    """Batch tasks that wait for a node; null if they were not counted."""
    running: int | None


class EvaluationPart(Part):
    """The last evaluation of the formula."""

    at: datetime | None
    result: dict[str, float | str]
    """Variable of the formula to its value."""
    error: str | None


class FloorPart(Part):
    """Nodes that are announced."""

    nodes: int
    until: datetime


class NextPart(Part):
    """What will happen next."""

    evaluation_at: datetime | None
    floor: FloorPart | None
    sentences: list[str]


class PoolAnswer(Part):
    """The pool at one moment."""

    id: str
    as_of: datetime
    state: str | None
    """As the service says; `absent` if there is none, null if the service does not tell."""
    allocation_state: str
    allocation_since: datetime | None
    vm_size: str
    slots_per_node: int | None
    scales: Literal["autoscale", "fixed size"] | None
    interval_seconds: float | None
    """Time between two evaluations of the formula."""
    current: Nodes | None
    target: Nodes | None
    nodes: list[PoolNode]
    states: dict[str, int]
    """Nodes by state."""
    jobs: list[PoolJob]
    """Those of this deployment."""
    other_jobs: int
    """How many there are of others."""
    queue: int | None
    """Batch tasks of this deployment that wait for a node; null if nobody tells."""
    formula: str | None
    evaluation: EvaluationPart | None
    errors: list[str]
    """What keeps the pool from working, and what to do, a sentence each."""
    review: list[str]
    """In what it differs from the pool that the settings make."""
    next: NextPart | None
    unknown: list[UnknownPart]
