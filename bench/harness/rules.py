"""Rules of the emulator that replace the processes of Batch tasks, but write true reports and predictions.

A rule receives the attempt and returns its exit code.
"""

from __future__ import annotations

import csv
import io
import os
import shlex
import time
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from azure_batch_emulator.runner.rules import Outcome
from scorer.scoring.publishing import publish, publish_pack
from scorer.storage import open_container
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import PROGRAM, ExitCode, ScoreInvocation
from scoring_contract.messages.manifest import Manifest
from scoring_contract.messages.report import Cause, Report, SensorReport, SensorState
from scoring_contract.predictions import COLUMNS, PackMark, PredictionMark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scorer.storage import BlobContainer
    from scoring_contract.messages.manifest import SensorOrder

FLAKY_VARIABLE = "BENCH_FLAKY_SENSOR"
"""Names a sensor whose first attempt finds storage busy."""


WORK_SECONDS = 5.0
"""Duration of a Batch task in the comparison."""


class Attempt(Protocol):
    """The part of the emulator's attempt that a rule reads."""

    command_line: str
    environment: Mapping[str, str]


def score(attempt: Attempt) -> int:
    """Write a row of predictions for every sensor of the manifest, then the report."""
    started = time.monotonic()
    words = shlex.split(attempt.command_line)[len(PROGRAM) :]
    invocation = ScoreInvocation.from_argv(words)
    runs = open_container(Container.RUNS, attempt.environment)
    predictions = open_container(Container.PREDICTIONS, attempt.environment)
    manifest = Manifest.from_json(runs.read(invocation.manifest))
    flaky = os.environ.get(FLAKY_VARIABLE, "") if invocation.report.endswith("-a0.json") else ""
    orders = [order for order in manifest.sensors if order.sensor != flaky]
    for blob, sharing in groupby(orders, lambda order: order.prediction_blob(manifest.hour)):
        _publish(predictions, blob, [*sharing], manifest, invocation.manifest)
    sensors = tuple(_busy(order) if order.sensor == flaky else _scored(order) for order in manifest.sensors)
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
    """Take some seconds, and fail if the item demands it: ``work "<item> [ok | fail | fail-once]"``."""
    how = attempt.command_line.rstrip("'\"").rpartition(" ")[2]
    is_first = attempt.environment["AZ_BATCH_TASK_ID"].endswith(("-a0", "-1"))
    return Outcome(int(how == "fail" or (how == "fail-once" and is_first)), seconds=WORK_SECONDS)


def _publish(
    predictions: BlobContainer, blob: str, orders: Sequence[SensorOrder], manifest: Manifest, source: str
) -> None:
    """Write the predictions of one sensor, or of all that share a blob, in the manifest's order."""
    text, at = io.StringIO(), manifest.hour.start.isoformat()
    writer = csv.DictWriter(text, COLUMNS, restval="0")
    writer.writeheader()
    writer.writerows({"TS": at, "Device": order.device, "Tag": order.tag, "Value": "0"} for order in orders)
    data, first = text.getvalue().encode(), orders[0]
    hour, planned_at = manifest.hour, manifest.planned_at
    if first.pack:
        names = [order.sensor for order in orders]
        publish_pack(predictions, blob, data, PackMark(hour, first.pack, names, source, planned_at))
    else:
        mark = PredictionMark(hour, first.sensor, first.model.sha256, source, planned_at)
        publish(predictions, blob, data, mark)


def _scored(order: SensorOrder) -> SensorReport:
    return SensorReport(order.sensor, SensorState.SCORED, readings=1, model_sha256=order.model.sha256)


def _busy(order: SensorOrder) -> SensorReport:
    return SensorReport(
        order.sensor, SensorState.FAILED, cause=Cause.STORAGE, reason="storage is busy, says the rule"
    )
