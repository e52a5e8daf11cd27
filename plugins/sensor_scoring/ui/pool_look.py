"""All that is shown of the pool, asked of Azure Batch in a few calls."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.ui.questions import Questions, Unknown
from sensor_scoring.ui.run_look import AT_A_GLANCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensor_scoring.azure_batch.onlooker import PoolSight
    from sensor_scoring.settings import Settings

MOST_COUNTED = 10
"""Jobs whose tasks are counted: each costs a call."""


@dataclass(frozen=True, slots=True)
class JobAtWork:
    """An active Batch job of ours, and its tasks."""

    job: Mapping[str, Any]
    counts: tuple[int, int] | None
    """Waiting and running; None if they were not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLook:
    """The pool at one moment."""

    at: datetime
    """By the clock of Azure Batch if it answered, else by ours."""
    sight: PoolSight | None
    """None if there is no pool, or if Azure Batch does not tell."""
    jobs: tuple[JobAtWork, ...]
    """Those that settings of ours name, the oldest first."""
    other_jobs: int
    """Active jobs of others. They are not shown: whoever sees this page need not know of them."""
    unknown: tuple[Unknown, ...]


def look_at_pool(settings: Settings) -> PoolLook:
    """Ask how the pool is doing."""
    pool_id = settings.pool.pool_id
    batch = Questions()
    hook = ScoringBatchHook(settings.connections.batch_conn_id, patience=AT_A_GLANCE)
    with closing(hook):
        sight = batch.ask("pool", lambda: hook.onlooker.pool(pool_id))
        active = batch.ask("jobs", lambda: hook.onlooker.jobs_on(pool_id)) or []
        ours = sorted(
            (job for job in active if ids.is_job_with(settings.job_prefixes, str(job["id"]))),
            key=lambda job: str(job.get("creationTime")),
        )
        counts = [
            batch.ask(f"tasks of {job['id']}", partial(hook.onlooker.task_counts, str(job["id"])))
            for job in ours[:MOST_COUNTED]
        ]
    counts += [None] * (len(ours) - len(counts))
    return PoolLook(
        at=sight.now if sight else datetime.now(UTC),
        sight=sight,
        jobs=tuple(map(JobAtWork, ours, counts)),
        other_jobs=len(active) - len(ours),
        unknown=tuple(batch.unknown),
    )
