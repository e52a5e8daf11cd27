"""How a job's preparation task went on one node, and its release task after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from azure_batch_emulator.records.changes import DERIVED
from azure_batch_emulator.records.tasks import Execution


class PreparationState(StrEnum):
    """What a node is to a job that prepares its nodes."""

    RUNNING = "running"
    """Being prepared."""
    READY = "ready"
    """Tasks may run."""
    STALE = "stale"
    """Prepared, but restarted since: to be prepared again before the next task."""
    FAILED = "failed"
    """Could not be prepared: no task runs there until the disk is new."""
    GONE = "gone"
    """Nothing of the preparation is there any more, or it never came to an end."""


PREPARED = frozenset({PreparationState.READY, PreparationState.STALE})
"""Where the job's end calls for a release task."""


@dataclass(slots=True, eq=False)
class Preparation:
    """One node of one job, kept when the node has left its pool."""

    job_number: int
    number: int
    """Grows with every node that is prepared, over all jobs."""
    pool_id: str
    node_id: str
    state: PreparationState = PreparationState.GONE
    execution: Execution = field(default_factory=Execution)
    release: Execution | None = None
    attempt_id: int | None = field(default=None, metadata=DERIVED)
    """The attempt of the preparation task at this moment."""
    release_attempt_id: int | None = field(default=None, metadata=DERIVED)
