"""The training summaries that can tell of a sensor's model, in Blob Storage."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.errors import MessageError
from sensor_scoring.azure_batch import ids
from sensor_scoring.blob_storage.store import CALLS_AT_ONCE
from sensor_scoring.sensors.model_history import ModelHistory, decision_about
from sensor_scoring.settings import TRAINING_PREFIX

if TYPE_CHECKING:
    from scoring_contract.messages.registry import SensorEntry
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.settings import Settings

MOST_BYTES = 64 << 20
"""Limit of a summary; that of 20,000 sensors has eight million."""


def model_history(store: BlobStore, settings: Settings, sensor: str, entry: SensorEntry) -> ModelHistory:
    """Return what is known of a sensor's model.

    A training run is named after the first hour that it did not train on, so of all runs only those are read
    that can have made a version of this sensor's model.
    """
    container = settings.containers.runs_container
    ends = {model.trained_until for model in entry.versions.values() if model.trained_until}
    prefixes = [ids.hour_prefix(TRAINING_PREFIX, hour) for hour in sorted(ends)]
    decisions, problems = [], []
    with ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="training") as pool:
        runs = [
            run
            for found in pool.map(lambda prefix: store.folders(container, prefix), prefixes)
            for run in found
        ]
        blobs = list(map(layout.summary_blob, runs))
        found = pool.map(lambda blob: store.download(container, blob, most_bytes=MOST_BYTES), blobs)
        for blob, summary in zip(blobs, found, strict=True):
            if summary is None:  # the run has not ended, or failed before its end
                continue
            try:
                decision = decision_about(sensor, summary.content or b"", summary.modified)
            except MessageError as error:
                problems.append(f"What {container}/{blob} says of it: {error}.")
            else:
                decisions += [decision] if decision else []
    return ModelHistory.of(entry, decisions, problems)
