"""What is known of a run when it is summed up, for its trace and its metrics. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from scoring_contract.messages.report import Report
    from sensor_scoring.azure_batch.task_span import TaskSpan
    from sensor_scoring.hourly.outcome.summary import Summary
    from sensor_scoring.hourly.planning.plan import Plan
    from sensor_scoring.hourly.step_times import StepTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One run."""

    dag_id: str
    type: str
    """``scheduled``, ``manual`` or ``backfill``, as Airflow says."""
    pool_id: str
    plan: Plan
    summary: Summary
    faults: Sequence[str] = ()
    """Why it is red, a sentence each."""
    started: datetime
    """When it began, or went on after a clear."""
    ended: datetime
    """Now."""
    late_minutes: float = 0.0
    """How long it may take; 0 for as long as it likes."""
    steps: Mapping[str, StepTimes] = field(default_factory=dict)
    tasks: Sequence[TaskSpan] = ()
    """Its Batch tasks, of all generations."""
    nodes: Sequence[Mapping[str, Any]] = ()
    """Nodes of the pool, as the service describes them."""
    reports: Mapping[tuple[str, str], Report] = field(default_factory=dict)
    """Batch job and task to what the task reported."""
