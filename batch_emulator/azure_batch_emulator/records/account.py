"""The account: all pools, all jobs, all job schedules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure_batch_emulator.records.changes import Changes
from azure_batch_emulator.records.states import JobState

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.schedules import Schedule


@dataclass(slots=True)
class Account:
    """Pools, jobs and job schedules by lower-cased id, in order of creation."""

    pools: dict[str, Pool] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    live: dict[str, dict[str, Job]] = field(default_factory=dict)
    """Per pool id, the jobs that are not completed; a job may name a pool that does not exist yet."""
    changes: Changes = field(default_factory=Changes)
    """What was written since somebody kept it."""
    last_etag: int = 0
    last_number: int = 0
    now: datetime | None = None
    """How far time had come when this was kept; None for an account that never was."""

    def clear(self) -> None:
        """Drop everything that the account holds."""
        for record in (*self.schedules.values(), *self.jobs.values(), *self.pools.values()):
            self.changes.drop(record)
        self.schedules.clear()
        self.jobs.clear()
        self.live.clear()
        self.pools.clear()

    def add_job(self, job: Job) -> None:
        """Put a job into the account."""
        self.jobs[job.key] = job
        if job.state is not JobState.COMPLETED:
            self.bind(job)

    def bind(self, job: Job) -> None:
        """List a live job under its pool."""
        self.live.setdefault(job.pool_id.lower(), {})[job.key] = job

    def unbind(self, job: Job) -> None:
        """Take a job off its pool's list."""
        self.live.get(job.pool_id.lower(), {}).pop(job.key, None)

    def jobs_of(self, pool: Pool) -> list[Job]:
        """List the live jobs of a pool, oldest first; a copy."""
        return list(self.live.get(pool.key, {}).values())

    def active_jobs(self) -> int:
        """Count what the active-job quota counts."""
        jobs = sum(job.state is not JobState.COMPLETED for job in self._live())
        return jobs + sum(schedule.is_live for schedule in self.schedules.values())

    def _live(self) -> list[Job]:
        return [job for jobs in self.live.values() for job in jobs.values()]
