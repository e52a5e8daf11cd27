"""Statistics, for whoever expands them: added up from what is there when somebody asks.

Nothing is measured inside tasks: CPU times and bytes are 0. Tasks that were deleted are not counted.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import duration, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task

_RESOURCES = (
    *("avgCPUPercentage", "avgMemoryGiB", "peakMemoryGiB", "avgDiskGiB", "peakDiskGiB"),
    *("diskReadIOps", "diskWriteIOps", "diskReadGiB", "diskWriteGiB", "networkReadGiB", "networkWriteGiB"),
)
_TASK_IO = ("readIOps", "writeIOps", "readIOGiB", "writeIOGiB")


def pool_stats(pool: Pool, url: str, now: datetime) -> dict[str, Any]:
    """Write the statistics of a pool."""
    span = {"startTime": stamp(pool.created), "lastUpdateTime": stamp(now)}
    return {
        "url": f"{url}/stats",
        **span,
        "usageStats": {**span, "dedicatedCoreTime": duration(pool.core_time(now))},
        "resourceStats": {**span, **dict.fromkeys(_RESOURCES, 0)},
    }


def job_stats(job: Job, url: str, now: datetime) -> dict[str, Any]:
    """Write the statistics of a job: of all its tasks together."""
    return jobs_stats([job], url, job.created, now)


def jobs_stats(jobs: list[Job], url: str, since: datetime, now: datetime) -> dict[str, Any]:
    """Write the statistics of several jobs together."""
    tasks = [task for job in jobs for task in job.tasks.walk(0)]
    succeeded = sum(task.succeeded for task in tasks)
    return {
        **_work(tasks, f"{url}/stats", since, now),
        "numSucceededTasks": str(succeeded),
        "numFailedTasks": str(sum(job.tasks.failed for job in jobs)),
        "numTaskRetries": str(sum(task.execution.retries for task in tasks)),
    }


def task_stats(task: Task, url: str, now: datetime) -> dict[str, Any]:
    """Write the statistics of a task."""
    return _work([task], f"{url}/stats", task.created, now)


def _work(tasks: Iterable[Task], url: str, since: datetime, now: datetime) -> dict[str, Any]:
    ran, waited = timedelta(), timedelta()
    for task in tasks:
        started = task.execution.started
        waited += (started or now) - task.created
        if started is not None:
            ran += (task.execution.ended or now) - started
    return {
        "url": url,
        "startTime": stamp(since),
        "lastUpdateTime": stamp(now),
        "userCPUTime": "PT0S",
        "kernelCPUTime": "PT0S",
        "wallClockTime": duration(ran),
        "waitTime": duration(waited),
        **dict.fromkeys(_TASK_IO, 0),
    }
