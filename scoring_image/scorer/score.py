"""Scoring the sensors of one order. Reading, deciding and writing of many sensors overlap in threads.

One sensor at a time is held per thread, so memory does not grow with the number of sensors. A sensor that
fails says so in its report and disturbs no other. The report is written last: it is the mark of completion.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing, DataFault, ModelFault, OrderFault, ScorerError
from scorer.model_format import load_model
from scorer.predictions import render_predictions
from scorer.publishing import publish
from scorer.readings import in_order, read_file
from scorer.storage import open_container, refuse_folder
from scoring_contract.invocation import ExitCode
from scoring_contract.layout import Container, prediction_blob
from scoring_contract.manifest import Manifest
from scoring_contract.predictions import PredictionMark
from scoring_contract.report import Cause, Report, SensorReport, SensorState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scorer.console import Console
    from scorer.ocsvm import OneClassSvm
    from scorer.readings import Owner, Sheet
    from scorer.storage import BlobContainer
    from scoring_contract.invocation import ScoreInvocation
    from scoring_contract.manifest import SensorOrder

THREADS = 16
"""Sensors in work at once. They mostly wait for storage; more threads gained little when measured."""


def score(
    invocation: ScoreInvocation, environ: Mapping[str, str], *, console: Console, started: float
) -> ExitCode:
    """Score what the manifest orders and write the report.

    :param started: monotonic seconds at which the process began
    :raises ContractError: if manifest or environment do not keep the contract
    :raises OrderFault: if the order cannot be carried out by anyone
    :raises StorageFault: if the manifest cannot be read or the report cannot be written
    """
    runs = open_container(Container.RUNS, environ)
    manifest = _manifest(runs, invocation.manifest)
    scoring = Scoring.open(environ, manifest, invocation.manifest)
    outcomes = []
    for outcome in _outcomes(scoring, console):
        _announce(outcome, console)
        outcomes.append(outcome)
    report = Report(
        hour=manifest.hour,
        run=manifest.run,
        group=manifest.group,
        manifest=invocation.manifest,
        planned_at=manifest.planned_at,
        seconds=time.monotonic() - started,
        sensors=tuple(outcomes),
    )
    runs.write(invocation.report, report.to_json().encode(), content_type="application/json")
    console.tell(_total(report))
    return ExitCode.of(outcomes)


@dataclass(frozen=True, slots=True)
class Scoring:
    """One order and the containers it is carried out in."""

    manifest: Manifest
    manifest_blob: str
    data: BlobContainer
    models: BlobContainer
    predictions: BlobContainer

    @classmethod
    def open(cls, environ: Mapping[str, str], manifest: Manifest, manifest_blob: str) -> Scoring:
        """Open the containers that the environment names.

        :raises OrderFault: if predictions would go to a folder, which cannot keep their metadata
        """
        predictions = open_container(Container.PREDICTIONS, environ)
        refuse_folder(predictions, because="predictions carry blob metadata, which a folder cannot keep")
        data, models = open_container(Container.DATA, environ), open_container(Container.MODELS, environ)
        return cls(manifest, manifest_blob, data, models, predictions)

    def report_on(self, order: SensorOrder) -> SensorReport:
        """Score one sensor.

        :raises ScorerError: if it cannot be scored; the sentence says why
        """
        sheet, gone = self._readings(order)
        if sheet.is_empty:
            return SensorReport(order.sensor, SensorState.SKIPPED, reason=_why_silent(order, gone))
        if not len(sheet):
            raise DataFault(f"none of {sheet.rejected.total()} rows can be scored: {sheet.why_rejected()}")
        model = self._model(order)
        verdicts = model.judge(sheet.values[:, 0])
        is_ours = publish(
            self.predictions,
            prediction_blob(self.manifest.hour, order.sensor),
            render_predictions([(order.device, order.tag, sheet, verdicts)]),
            self._mark(order),
        )
        return SensorReport(
            sensor=order.sensor,
            state=SensorState.SCORED,
            readings=len(sheet),
            rejected=sheet.rejected.total(),
            anomalies=int(verdicts.anomalies.sum()),
            model_sha256=order.model.sha256,
            reason="; ".join(_remarks(order, gone=gone, is_ours=is_ours)),
        )

    def _readings(self, order: SensorOrder) -> tuple[Sheet, int]:
        """Return the hour's rows of a sensor, and how many of its blobs are gone since the plan was made."""
        sheets = []
        for blob in order.readings:
            try:
                data = self.data.read(blob)
            except BlobMissing:
                continue
            rows = read_file(blob, data, hour=self.manifest.hour, owner=_owner(order))
            sheets.append(rows.of(order.sensor))
        return in_order(sheets), len(order.readings) - len(sheets)

    def _model(self, order: SensorOrder) -> OneClassSvm:
        try:
            data = self.models.read(order.model.blob)
        except BlobMissing as error:
            raise ModelFault(f"there is no model {error.blob}") from error
        return load_model(data, order.model)

    def _mark(self, order: SensorOrder) -> PredictionMark:
        return PredictionMark(
            hour=self.manifest.hour,
            sensor=order.sensor,
            model_sha256=order.model.sha256,
            manifest=self.manifest_blob,
            planned_at=self.manifest.planned_at,
        )


def _owner(order: SensorOrder) -> Owner:
    return lambda *pair: order.sensor if pair == (order.device, order.tag) else None


def _manifest(runs: BlobContainer, blob: str) -> Manifest:
    try:
        manifest = Manifest.from_json(runs.read(blob))
    except BlobMissing as error:
        raise OrderFault(f"there is no manifest {error.blob}") from error
    # Both become header values of the predictions, and obstore panics on what cannot stand in a header.
    if not all(text.isascii() and text.isprintable() for text in (blob, manifest.planned_at)):
        raise OrderFault("the manifest's name and planned_at must be printable ASCII: predictions carry them")
    return manifest


def _outcomes(scoring: Scoring, console: Console) -> Iterator[SensorReport]:
    """Score all sensors; yield their outcomes in the manifest's order."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="sensor") as pool:
        futures = [(order, pool.submit(_attempt, scoring, order)) for order in scoring.manifest.sensors]
        for order, future in futures:
            yield _settled(order, future, console)


def _attempt(scoring: Scoring, order: SensorOrder) -> SensorReport:
    """Score one sensor and time it; a fault with a known cause becomes its report."""
    started = time.monotonic()
    try:
        outcome = scoring.report_on(order)
    except ScorerError as fault:
        outcome = _failed(order, fault.cause, str(fault))
    return replace(outcome, seconds=time.monotonic() - started)


def _settled(order: SensorOrder, future: Future[SensorReport], console: Console) -> SensorReport:
    """Return a sensor's outcome; a fault of our own is traced here and stays with its sensor."""
    error = future.exception()
    if error is None:
        return future.result()
    console.trace(error)
    return _failed(order, Cause.UNEXPECTED, f"a fault of the scorer ({type(error).__name__}); see stderr")


def _failed(order: SensorOrder, cause: Cause, reason: str) -> SensorReport:
    return SensorReport(order.sensor, SensorState.FAILED, cause=cause, reason=reason)


def _remarks(order: SensorOrder, *, gone: int, is_ours: bool) -> Iterator[str]:
    if gone:
        yield f"{gone} of {len(order.readings)} reading blobs were gone"
    if not is_ours:
        yield "predictions of a later plan are there and were kept"


def _why_silent(order: SensorOrder, gone: int) -> str:
    if not order.readings:
        return "the plan found no readings in this hour"
    if gone == len(order.readings):
        return "the reading blobs that the plan found are gone"
    return "the reading blobs hold no rows"


def _announce(outcome: SensorReport, console: Console) -> None:
    match outcome.state:
        case SensorState.SCORED:
            counts = f"{outcome.readings} readings, {outcome.anomalies} anomalies"
            rejected = f", {outcome.rejected} rows rejected" if outcome.rejected else ""
            note = f" ({outcome.reason})" if outcome.reason else ""
            console.tell(f"{outcome.sensor} scored: {counts}{rejected}, {outcome.seconds:.3f} s{note}")
        case SensorState.SKIPPED:
            console.tell(f"{outcome.sensor} skipped: {outcome.reason}")
        case SensorState.FAILED:
            console.tell(f"{outcome.sensor} failed ({outcome.cause})")
            console.complain(f"{outcome.sensor}: {outcome.reason}")


def _total(report: Report) -> str:
    states = Counter(sensor.state for sensor in report.sensors)
    parts = ", ".join(f"{states[state]} {state}" for state in SensorState)
    readings = sum(sensor.readings for sensor in report.sensors)
    anomalies = sum(sensor.anomalies for sensor in report.sensors)
    return f"{report.hour}: {parts}; {readings} readings, {anomalies} anomalies, {report.seconds:.2f} s"
