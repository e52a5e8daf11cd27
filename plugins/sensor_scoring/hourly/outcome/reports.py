"""The reports of a run's Batch tasks."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.errors import ContractError
from scoring_contract.json_message import MOST_REPORT_BYTES
from scoring_contract.messages.report import Cause, Report, SensorReport, SensorState
from scoring_contract.sensor_names import display_of
from sensor_scoring.azure_batch import ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.hourly.planning.plan import Plan

log = logging.getLogger(__name__)


def reports_of(store: BlobStore, container: str, plan: Plan) -> list[Report]:
    """Return the reports of all Batch tasks of a run, a group's in the order of its attempts.

    One that cannot be read stands for the failure of its group's sensors, and names itself.
    """
    return list(named_reports_of(store, container, plan).values())


def named_reports_of(store: BlobStore, container: str, plan: Plan) -> dict[str, Report]:
    """Return the reports by the names of their blobs, likewise."""
    names = report_blobs_of(store, container, plan.run)
    texts = report_texts(store, container, names)
    return {name: report for name, text in texts if (report := _read(name, text, plan))}


def report_text(store: BlobStore, container: str, blob: str) -> bytes | None:
    """Return a report as it was written, if it is no larger than one that is read; None if there is none."""
    return store.read(container, blob, most_bytes=MOST_REPORT_BYTES)


def report_texts(store: BlobStore, container: str, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the reports that are there, each with its name, likewise."""
    texts = store.read_all(container, blobs, most_bytes=MOST_REPORT_BYTES)
    return ((name, text) for name, text in zip(blobs, texts, strict=True) if text is not None)


def _read(name: str, text: bytes, plan: Plan) -> Report | None:
    try:
        return Report.from_json(text)
    except ContractError as error:
        log.warning("The report %s is unreadable: %s", name, error)
        return _unreadable(name, f"its report {name} is unreadable: {error}", plan)


def _unreadable(name: str, reason: str, plan: Plan) -> Report | None:
    group = group_of_report(name, plan.groups)
    if group is None:  # of nobody whom this plan knows
        return None
    sensors = tuple(
        SensorReport(sensor, SensorState.FAILED, cause=Cause.UNEXPECTED, reason=reason)
        for sensor in plan.groups[group]
    )
    return Report(
        hour=plan.hour,
        run=plan.run,
        group=group,
        manifest="",
        planned_at=plan.planned_at,
        seconds=0.0,
        sensors=sensors,
    )


def group_of_report(name: str, groups: Iterable[str]) -> str | None:
    """Return the group whose Batch task wrote a report, by its blob's name; None if it is none of these."""
    attempt = ids.AttemptId.parse(_task_of(name))
    return next((group for group in groups if attempt and ids.group_key(group) == attempt.key), None)


def report_blobs_of(store: BlobStore, container: str, run: str) -> list[str]:
    """Return the names of the reports of all Batch tasks of a run, likewise."""
    blobs = (blob.name for blob in store.found(container, layout.reports_folder(run)))
    return sorted(blobs, key=_attempt_of)


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


def lines_of(report: Report) -> Iterator[str]:
    """Say what a Batch task has done, a line for each of its sensors."""
    for sensor in report.sensors:
        counts = f"{sensor.readings} readings, {sensor.anomalies} anomalies, {sensor.rejected} rejected"
        said = f"{display_of(sensor.sensor)} {sensor.state}: {counts}, {sensor.seconds:.3f} s"
        yield f"{said}; {sensor.reason}" if sensor.reason else said


def _attempt_of(report_blob: str) -> tuple[int, int]:
    attempt = ids.AttemptId.parse(_task_of(report_blob))
    return (attempt.epoch, attempt.attempt) if attempt else (-1, -1)


def _task_of(report_blob: str) -> str:
    return report_blob.rpartition("/")[2].removesuffix(".json")
