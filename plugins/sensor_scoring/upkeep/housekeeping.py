"""Deletes expired logs, plans, reports and records of hours; readings, models and predictions never."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.hour import RunHour
from sensor_scoring.azure_batch import ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.settings import Settings

log = logging.getLogger(__name__)


def tidy_blobs(store: BlobStore, settings: Settings, *, now: datetime) -> dict[str, int]:
    """Delete the folders of runs in which nothing was written for so long: plans, reports, summaries, logs.

    The hour in a folder's name says nothing of its age: yesterday's backfill may be about an hour years ago.

    :return: blobs deleted, by container
    """
    before = now - timedelta(days=settings.upkeep.keep_runs_days)
    deleted = {}
    for container in (settings.containers.runs_container, settings.containers.logs_container):
        folders = _folders(store, container, settings.job_prefixes, before)
        deleted[container] = sum(store.delete_folder(container, name, before=before) for name in folders)
        log.info(
            "%d blobs deleted from %s that are older than %d days",
            *(deleted[container], container, settings.upkeep.keep_runs_days),
        )
    return deleted


def tidy_records(store: BlobStore, settings: Settings, *, now: datetime) -> int:
    """Delete the records of hours that were written so long ago; likewise, whatever their hours.

    :return: records deleted
    """
    days = settings.upkeep.keep_history_days
    before = now - timedelta(days=days)
    count = store.delete_blobs(settings.containers.runs_container, layout.HOURS_FOLDER, before=before)
    log.info("%d records of hours deleted that are older than %d days", count, days)
    return count


def _folders(store: BlobStore, container: str, prefixes: Iterable[str], before: datetime) -> Iterator[str]:
    latest = RunHour.containing(before)
    for prefix in prefixes:
        for name in store.folders(container, f"{prefix}-"):
            hour = ids.hour_of_run_with(prefix, name)
            # A run is never older than its hour, so younger folders need not be looked into.
            if hour is not None and hour <= latest:
                yield name
