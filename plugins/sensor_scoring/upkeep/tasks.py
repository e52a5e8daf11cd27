"""Airflow tasks for what all runs share."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sensor_scoring.hourly.step import step
from sensor_scoring.patience import Patience
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from sensor_scoring.azure_batch.hook import ScoringBatchHook
    from sensor_scoring.blob_storage.store import BlobStore


@step()
def announce() -> int:
    """Tell the pool what the coming hour will bring; return the Batch tasks announced."""
    from sensor_scoring.hourly.planning.capacity import announce_hour

    settings = Settings.from_environ(os.environ)
    return announce_hour(_hook(settings), _store(settings), settings, now=datetime.now(UTC))


@step()
def measure_pool() -> int:
    """Send the pool's metrics; return how many values."""
    from sensor_scoring.telemetry.sending import send
    from sensor_scoring.upkeep.pool_metrics import points_of

    settings = Settings.from_environ(os.environ)
    points = points_of(_hook(settings).onlooker, settings)
    send(settings.telemetry, points=points)
    return len(points)


@step()
def tidy_jobs() -> dict[str, int]:
    """End idle Batch jobs and delete old ones; return how many."""
    settings = Settings.from_environ(os.environ)
    return (
        _hook(settings)
        .old_jobs(settings.job_prefixes)
        .tidy(now=datetime.now(UTC), keep=settings.upkeep.keep_jobs)
    )


@step()
def tidy_blobs() -> dict[str, int]:
    """Delete the folders of old runs; return the blobs deleted, by container."""
    from sensor_scoring.upkeep import housekeeping

    settings = Settings.from_environ(os.environ)
    return housekeeping.tidy_blobs(_store(settings), settings, now=datetime.now(UTC))


@step()
def tidy_records() -> int:
    """Delete the old records of hours; return how many."""
    from sensor_scoring.upkeep import housekeeping

    settings = Settings.from_environ(os.environ)
    return housekeeping.tidy_records(_store(settings), settings, now=datetime.now(UTC))


def _hook(settings: Settings) -> ScoringBatchHook:
    from sensor_scoring.azure_batch.hook import ScoringBatchHook

    return ScoringBatchHook(azure_batch_conn_id=settings.connections.batch_conn_id, patience=Patience())


def _store(settings: Settings) -> BlobStore:
    from sensor_scoring.blob_storage.store import BlobStore

    return BlobStore(settings.connections.wasb_conn_id)
