"""Trains one group of sensors for the orchestrator: fits, writes model files, evaluates, reports.

The registry is neither read nor written here: the orchestrator collects the reports of all groups and decides
which models become current. The report is written last: it marks completion.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing, ModelFault, OrderFault
from scorer.failure import Failure
from scorer.models.files import read_model
from scorer.models.format import load_model
from scorer.storage import open_container
from scorer.training.evaluation import evaluate
from scorer.training.labels import Labels
from scorer.training.options import train_order
from scorer.training.series import Series, read_series
from scorer.training.trainer import THREADS, Trainer
from scorer.training.units import units_of
from scoring_contract.invocation import ExitCode
from scoring_contract.layout import Container
from scoring_contract.report import SensorReport, SensorState
from scoring_contract.training import TrainingOrder
from scoring_contract.training_report import TrainingReport, TrainingResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scorer.console import Console
    from scorer.models.ocsvm import Model
    from scorer.storage import BlobContainer
    from scorer.training.units import Unit
    from scoring_contract.invocation import TrainInvocation
    from scoring_contract.manifest import ModelRef
    from scoring_contract.training import TrainingSubject


def train_group(
    invocation: TrainInvocation, environ: Mapping[str, str], *, console: Console, started: float
) -> ExitCode:
    """Train and evaluate the sensors of an order, and write the report.

    :param started: when the process started, ``time.monotonic()`` in seconds
    :return: SUCCESS even if some sensors cannot be trained: a retry would find the same readings
    :raises ContractError: if the order or the environment breaks the contract
    :raises OrderFault: if there is no order
    :raises StorageFault: if the order cannot be read or the report cannot be written
    """
    runs = open_container(Container.RUNS, environ)
    order = _order(runs, invocation.order)
    group = Group.open(order, environ, console)
    results = []
    for result in _results(group):
        _announce(result, console)
        results.append(result)
    report = TrainingReport(
        order.run, order.group, order.planned_at, time.monotonic() - started, tuple(results)
    )
    runs.write(invocation.report, report.to_json().encode(), content_type="application/json")
    console.tell(_total(report))
    return ExitCode.of(map(_as_report, results))


@dataclass(frozen=True, slots=True)
class Group:
    """The sensors of one order, and the containers to read and write."""

    subjects: Mapping[str, TrainingSubject]
    units: tuple[Unit, ...]
    trainer: Trainer
    data: BlobContainer
    labels: Labels
    console: Console

    @classmethod
    def open(cls, order: TrainingOrder, environ: Mapping[str, str], console: Console) -> Group:
        """Open the containers that the environment names, and read the labels."""
        hours = order.hours
        words = ("--from", str(hours.trained_from), "--until", str(hours.trained_until), *order.options)
        data, models = open_container(Container.DATA, environ), open_container(Container.MODELS, environ)
        subjects = {subject.sensor: subject for subject in order.sensors}
        packs_of = {subject.sensor: subject.packs for subject in order.sensors}
        units = units_of(subjects, packs_of, order.training, order.evaluation)
        trainer = Trainer(train_order(words), models)
        labels = Labels.read(data, hours.evaluation)
        for problem in labels.problems:
            console.complain(problem)
        return cls(subjects, tuple(units), trainer, data, labels, console)

    def attempt(self, unit: Unit) -> list[TrainingResult]:
        """Train the sensors of a unit; an error of one sensor affects no other."""
        try:
            features = self.trainer.order.features
            training = read_series(self.data, unit.sensors, unit.training, features=features)
            evaluation = read_series(
                self.data, unit.sensors, unit.evaluation, features=features, with_timestamps=True
            )
        except Exception as error:  # noqa: BLE001  # every other unit must still be trained
            failure = Failure.of(error, self.console)
            return [_untrained(sensor, failure) for sensor in unit.sensors]
        results = []
        for sensor in unit.sensors:
            try:
                # Popped, so that readings of fitted sensors are freed.
                result = self._result(self.subjects[sensor], training.pop(sensor), evaluation.pop(sensor))
            except Exception as error:  # noqa: BLE001  # every other sensor must still be trained
                result = _untrained(sensor, Failure.of(error, self.console))
            results.append(result)
        return results

    def _result(self, subject: TrainingSubject, training: Series, evaluation: Series) -> TrainingResult:
        fitted = self.trainer.train(subject.sensor, training, known=subject.pair)
        model = load_model(fitted.data, fitted.trained.model.ref)
        current, note = self._current(subject.current)
        evaluation.refuse_faulty()
        evaluated = evaluate(model, evaluation, sensor=subject.sensor, current=current, labels=self.labels)
        if current and evaluated.comparison is None:
            note = "not compared with the current model, which cannot score any of the later readings"
        return TrainingResult(
            sensor=subject.sensor,
            trained=fitted.trained,
            evaluation=evaluated,
            compared_with=subject.current.version if subject.current else "",
            reason="; ".join(filter(None, (note, *self.labels.problems))),
        )

    def _current(self, ref: ModelRef | None) -> tuple[tuple[str, Model] | None, str]:
        """Return version and model to compare with, and why there is none: a damaged one can be replaced."""
        if ref is None:
            return None, ""
        try:
            model = load_model(read_model(self.trainer.models, ref), ref)
        except ModelFault as fault:
            return None, f"not compared with the current model: {fault}"
        if model.features != self.trainer.order.features:
            return None, f"not compared with the current model, which uses {', '.join(model.features)}"
        return (ref.version, model), ""


def _order(runs: BlobContainer, blob: str) -> TrainingOrder:
    try:
        return TrainingOrder.from_json(runs.read(blob))
    except BlobMissing as error:
        raise OrderFault(f"there is no order {error.blob}") from error


def _results(group: Group) -> Iterator[TrainingResult]:
    with ThreadPoolExecutor(THREADS, thread_name_prefix="train") as pool:
        for results in pool.map(group.attempt, group.units):
            yield from results


def _untrained(sensor: str, failure: Failure) -> TrainingResult:
    return TrainingResult(sensor, cause=failure.cause, reason=failure.reason)


def _announce(result: TrainingResult, console: Console) -> None:
    if result.trained is None or result.evaluation is None:
        console.complain(f"{result.sensor}: {result.reason}")
        return
    evaluation = result.evaluation
    note = f" ({result.reason})" if result.reason else ""
    console.tell(
        f"{result.sensor} trained on {result.trained.model.rows} readings; "
        f"{evaluation.anomalies} anomalies in {evaluation.readings} later ones{note}"
    )


def _total(report: TrainingReport) -> str:
    states = Counter(_state(result) for result in report.sensors)
    return ", ".join(f"{states[state]} {state}" for state in _STATES) + f"; {report.seconds:.2f} s"


_STATES = ("trained", "not trainable", "failed")


def _state(result: TrainingResult) -> str:
    if result.trained is not None:
        return "trained"
    return "failed" if result.is_failed else "not trainable"


def _as_report(result: TrainingResult) -> SensorReport:
    """Return a report from which the contract derives the exit code."""
    if result.is_failed:
        return SensorReport(result.sensor, SensorState.FAILED, cause=result.cause)
    return SensorReport(result.sensor, SensorState.SCORED if result.trained else SensorState.SKIPPED)
