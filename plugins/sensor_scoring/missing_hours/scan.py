"""Scans Blob Storage for incomplete hours; ``gaps.py`` defines them."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.errors import ContractError
from sensor_scoring.azure_batch import ids
from sensor_scoring.blob_storage.registry import read_registry
from sensor_scoring.hourly.outcome.summary import Outcome, Summary
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.missing_hours.gaps import HourBlobs, due, gap_of, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from scoring_contract.hour import RunHour
    from scoring_contract.messages.registry import Registry
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.missing_hours.gaps import Gap
    from sensor_scoring.settings import Settings

log = logging.getLogger(__name__)


def find_gaps(
    store: BlobStore, settings: Settings, *, first: RunHour, until: RunHour, now: datetime
) -> Iterator[Gap]:
    """Return the incomplete hours of a range, oldest first.

    :param until: first hour that is not looked at
    :param now: hours whose readings can still arrive by then are passed over
    :raises RegistryMissing: if nobody can tell what is expected
    :raises RegistryDamaged: likewise
    """
    return gaps_among(read_registry(store, settings), store, settings, first=first, until=until, now=now)


def gaps_among(
    registry: Registry, store: BlobStore, settings: Settings, *, first: RunHour, until: RunHour, now: datetime
) -> Iterator[Gap]:
    """Yield the incomplete hours of a range, as :func:`find_gaps` does, by a registry at hand."""
    for hour in due(first, until, lateness=settings.hourly.lateness, now=now):
        blobs = blobs_of(store, settings, hour)
        silent = partial(silent_in, store, settings, blobs)
        if gap := gap_of(blobs, registry, silent=silent, lateness=settings.hourly.lateness, now=now):
            yield gap


def blobs_of(store: BlobStore, settings: Settings, hour: RunHour) -> HourBlobs:
    """List what lies in storage for an hour."""
    return HourBlobs(
        hour,
        readings=tuple(store.found(settings.containers.data_container, layout.readings_folder(hour))),
        predictions=tuple(
            store.found(settings.containers.predictions_container, layout.predictions_folder(hour))
        ),
        runs=tuple(
            store.found(settings.containers.runs_container, ids.hour_prefix(settings.hourly.job_prefix, hour))
        ),
    )


def silent_in(store: BlobStore, settings: Settings, blobs: HourBlobs) -> dict[str, datetime]:
    """Return the sensors that runs of an hour found to have sent nothing, with the plan's moment.

    Only the scorer sees into a file: one that is empty, or a pack's, may hold no row of a sensor.
    """
    found: dict[str, datetime] = {}
    for run in sorted(blobs.summed_up_at()):
        plan, summary = store.read_all(
            settings.containers.runs_container, [layout.plan_blob(run), layout.summary_blob(run)]
        )
        if not plan or not summary:
            continue
        try:
            planned = moment_of(Plan.from_json(plan).planned_at)
            lines = Summary.from_json(summary).having(Outcome.SILENT)
        except ContractError as error:  # its sensors count as missing, and all other hours are looked at
            log.warning("The run %s is unreadable, so it excuses no sensor: %s", run, error)
            continue
        for line in lines:
            found[line.sensor] = max(planned, found.get(line.sensor, planned))
    return found
