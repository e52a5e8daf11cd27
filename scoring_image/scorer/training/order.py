"""Carries out a training order of the orchestrator: fits, writes model files, evaluates, reports.

The registry is neither read nor written here: the orchestrator collects the reports of all groups and decides
which models become current. The report is written last: it marks completion.
"""

from __future__ import annotations

import time
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing, OrderFault
from scorer.storage import open_container
from scorer.training.evaluator import Evaluator
from scorer.training.group import Group
from scorer.training.labels import Labels
from scorer.training.trainer import Trainer
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import ExitCode
from scoring_contract.messages.report import SensorReport, SensorState
from scoring_contract.messages.training import TrainingOrder
from scoring_contract.messages.training_report import TrainingReport, TrainingResult
from scoring_contract.sensor_names import display_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scorer.console import Console
    from scorer.storage import BlobContainer
    from scoring_contract.messages.invocation import TrainInvocation


def train_order(
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
    group = _group(order, environ, console)
    results = []
    for result in group.results():
        _announce(result, console)
        results.append(result)
    report = TrainingReport(
        order.run, order.group, order.planned_at, time.monotonic() - started, tuple(results)
    )
    runs.write(invocation.report, report.to_json().encode(), content_type="application/json")
    console.tell(_total(report))
    return ExitCode.of(map(_as_report, results))


def _order(runs: BlobContainer, blob: str) -> TrainingOrder:
    try:
        return TrainingOrder.from_json(runs.read(blob))
    except BlobMissing as error:
        raise OrderFault(f"there is no order {error.blob}") from error


def _group(order: TrainingOrder, environ: Mapping[str, str], console: Console) -> Group:
    """Open the containers that the environment names, and read the labels."""
    data, models = open_container(Container.DATA, environ), open_container(Container.MODELS, environ)
    labels = Labels.read(data, order.hours.evaluation, order.labels)
    for problem in chain(labels.problems, *labels.spans.problems.values()):
        console.complain(problem)
    return Group.of(
        *(order.sensors, order.training, order.evaluation),
        data=data,
        trainer=Trainer(order.options, order.hours.trained_from, order.hours.trained_until, models),
        evaluator=Evaluator(models, labels),
        labels=labels.spans,
        console=console,
    )


def _announce(result: TrainingResult, console: Console) -> None:
    if result.trained is None or result.evaluation is None:
        console.complain(f"{display_of(result.sensor)}: {result.reason}")
        return
    evaluation = result.evaluation
    note = f" ({result.reason})" if result.reason else ""
    console.tell(
        f"{display_of(result.sensor)} trained on {result.trained.model.rows} readings; "
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
