"""What Batch tasks do in a measurement: rules of the emulator, no process, but true reports and predictions.

A rule gets the order of an attempt and returns its exit code.
"""

from __future__ import annotations

import csv
import io
import os
import shlex
import time
from typing import TYPE_CHECKING, Protocol

from azure_batch_emulator.runner.rules import Outcome
from scorer.publishing import publish
from scorer.storage import open_container
from scoring_contract.invocation import PROGRAM, ExitCode, ScoreInvocation
from scoring_contract.layout import Container, prediction_blob
from scoring_contract.manifest import Manifest
from scoring_contract.predictions import COLUMNS, PredictionMark
from scoring_contract.report import Cause, Report, SensorReport, SensorState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scorer.storage import BlobContainer
    from scoring_contract.manifest import SensorOrder

FLAKY_VARIABLE = "BENCH_FLAKY_SENSOR"
"""Names a sensor whose first attempt finds storage busy."""


WORK_SECONDS = 5.0
"""How long a Batch task of the comparison takes."""


class Attempt(Protocol):
    """What a rule reads of the emulator's order."""

    command_line: str
    environment: Mapping[str, str]


def score(attempt: Attempt) -> int:
    """Carry an order of the contract out: a prediction of one row for every sensor, then the report."""
    started = time.monotonic()
    words = shlex.split(attempt.command_line)[len(PROGRAM) :]
    invocation = ScoreInvocation.from_argv(words)
    runs = open_container(Container.RUNS, attempt.environment)
    predictions = open_container(Container.PREDICTIONS, attempt.environment)
    manifest = Manifest.from_json(runs.read(invocation.manifest))
    flaky = os.environ.get(FLAKY_VARIABLE, "") if invocation.report.endswith("-a0.json") else ""
    sensors = tuple(
        _busy(order) if order.sensor == flaky else _scored(order, manifest, invocation.manifest, predictions)
        for order in manifest.sensors
    )
    report = Report(
        hour=manifest.hour,
        run=manifest.run,
        group=manifest.group,
        manifest=invocation.manifest,
        planned_at=manifest.planned_at,
        seconds=time.monotonic() - started,
        sensors=sensors,
    )
    runs.write(invocation.report, report.to_json().encode(), content_type="application/json")
    return int(ExitCode.of(sensors))


def work(attempt: Attempt) -> Outcome:
    """Take some seconds, and fail if the item says so: ``work "<item> [ok | fail | fail-once]"``."""
    how = attempt.command_line.rstrip("'\"").rpartition(" ")[2]
    is_first = attempt.environment["AZ_BATCH_TASK_ID"].endswith(("-a0", "-1"))
    return Outcome(int(how == "fail" or (how == "fail-once" and is_first)), seconds=WORK_SECONDS)


def _scored(order: SensorOrder, manifest: Manifest, blob: str, predictions: BlobContainer) -> SensorReport:
    mark = PredictionMark(
        hour=manifest.hour,
        sensor=order.sensor,
        model_sha256=order.model.sha256,
        manifest=blob,
        planned_at=manifest.planned_at,
    )
    text = io.StringIO()
    row = {"TS": manifest.hour.start.isoformat(), "Device": order.device, "Tag": order.tag, "Value": "0"}
    writer = csv.DictWriter(text, COLUMNS, restval="0")
    writer.writeheader()
    writer.writerow(row)
    publish(predictions, prediction_blob(manifest.hour, order.sensor), text.getvalue().encode(), mark)
    return SensorReport(order.sensor, SensorState.SCORED, readings=1, model_sha256=order.model.sha256)


def _busy(order: SensorOrder) -> SensorReport:
    return SensorReport(
        order.sensor, SensorState.FAILED, cause=Cause.STORAGE, reason="storage is busy, says the rule"
    )
