"""The reports of a run's Batch tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.report import Report, SensorReport
from sensor_scoring import ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor_scoring.blobs import BlobStore


def reports_of(store: BlobStore, container: str, run: str) -> list[Report]:
    """Return the reports of all Batch tasks of a run, a group's in the order of its attempts."""
    return [Report.from_json(text) for text in report_texts_of(store, container, run)]


def report_texts_of(store: BlobStore, container: str, run: str) -> list[bytes]:
    """Return the texts of the reports of all Batch tasks of a run, likewise."""
    blobs = (blob.name for blob in store.found(container, layout.reports_folder(run)))
    return [text for text in store.read_all(container, sorted(blobs, key=_attempt_of)) if text]


def last_words(reports: Iterable[Report], *, planned_at: str) -> dict[str, SensorReport]:
    """Return what was reported last about each sensor.

    :param reports: oldest first
    :param planned_at: of the plan that counts; reports on an earlier plan's orders say nothing of it
    """
    return {
        sensor.sensor: sensor
        for report in reports
        if report.planned_at == planned_at
        for sensor in report.sensors
    }


def _attempt_of(report_blob: str) -> tuple[int, int]:
    attempt = ids.AttemptId.parse(report_blob.rpartition("/")[2].removesuffix(".json"))
    return (attempt.epoch, attempt.attempt) if attempt else (-1, -1)
