"""What grows is cut back: old Batch jobs, logs, plans, reports. Readings, models and predictions never."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from scoring_contract.hour import RunHour
from sensor_scoring import ids
from sensor_scoring.train_run import TRAINING_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sensor_scoring.blobs import BlobStore
    from sensor_scoring.hooks import ScoringBatchHook
    from sensor_scoring.settings import Settings

log = logging.getLogger(__name__)

IDLE_AFTER = timedelta(hours=3)
"""An active job this old in which nothing waits or runs is nobody's any more: an hour's work is done by then,
and an instance that is cleared opens a job of its own."""


def job_prefixes(settings: Settings) -> tuple[str, ...]:
    """Return what the ids of our Batch jobs, and the names of our runs' folders, begin with."""
    return settings.job_prefix, TRAINING_PREFIX


def tidy_jobs(hook: ScoringBatchHook, settings: Settings, *, now: datetime) -> dict[str, int]:
    """End idle jobs and delete those whose time is over.

    :return: how many of either
    """
    jobs = hook.old_jobs(job_prefixes(settings))
    ended = jobs.end_idle(before=now - IDLE_AFTER)
    deleted = jobs.delete_ended(before=now - timedelta(days=settings.keep_jobs_days))
    for job in ended:
        log.warning("Batch job %s was active and idle, and is ended: its run did not close it", job)
    log.info("%d Batch jobs deleted that ended over %d days ago", len(deleted), settings.keep_jobs_days)
    return {"idle jobs ended": len(ended), "jobs deleted": len(deleted)}


def tidy_blobs(store: BlobStore, settings: Settings, *, now: datetime) -> dict[str, int]:
    """Delete the folders of runs in which nothing was written for so long: plans, reports, summaries, logs.

    The hour in a folder's name says nothing of its age: yesterday's backfill may be about an hour years ago.

    :return: blobs deleted, by container
    """
    before = now - timedelta(days=settings.keep_runs_days)
    deleted = {}
    for container in (settings.runs_container, settings.logs_container):
        folders = _folders(store, container, job_prefixes(settings), before)
        deleted[container] = sum(store.delete_folder(container, name, before=before) for name in folders)
        log.info(
            "%d blobs deleted from %s that are older than %d days",
            *(deleted[container], container, settings.keep_runs_days),
        )
    return deleted


def _folders(store: BlobStore, container: str, prefixes: Iterable[str], before: datetime) -> Iterator[str]:
    latest = RunHour.containing(before)
    for prefix in prefixes:
        for name in store.folders(container, f"{prefix}-"):
            hour = ids.hour_of_run_with(prefix, name)
            # A run is never older than its hour, so younger folders need not be looked into.
            if hour is not None and hour <= latest:
                yield name
