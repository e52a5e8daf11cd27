"""Trains a model per sensor on the readings of some hours, and publishes all of them at once.

A sensor that cannot be trained is reported and left out. Model files are written first, under names made from
their content, and the registry last, so it never names a missing file.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING

from scorer.errors import DataFault
from scorer.models.catalogue import Catalogue, publish
from scorer.storage import open_container, refuse_folder
from scorer.training.group import Group
from scorer.training.span_labels import SpanLabels
from scorer.training.trainer import THREADS, Trainer
from scoring_contract.layout import (
    Container,
    pack_of_readings,
    readings_folder,
    sensor_of_readings,
    span_labels_folder,
)
from scoring_contract.messages.invocation import ExitCode
from scoring_contract.messages.report import Cause, SensorReport, SensorState
from scoring_contract.messages.span_label import concerns
from scoring_contract.messages.training import TrainingSubject
from scoring_contract.messages.training_report import TrainingResult
from scoring_contract.sensor_names import display_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scorer.console import Console
    from scorer.storage import BlobContainer
    from scorer.training.command import TrainCommand
    from scoring_contract.hour import RunHour
    from scoring_contract.messages.registry import Registry

_SECONDS_BETWEEN_LINES = 1.0


def train(command: TrainCommand, environ: Mapping[str, str], *, console: Console, started: float) -> ExitCode:
    """Train every sensor that has readings in the command's hours, and make the new models the current ones.

    :param started: when the process started, ``time.monotonic()`` in seconds
    :return: SUCCESS; PARTLY_FAILED if some sensors were refused; the cause's code if all were, for one cause
    :raises ContractError: if the environment does not name the containers
    :raises OrderFault: if the models container is a folder
    :raises DataFault: if there are no readings at all
    :raises StorageFault: if storage refuses or does not answer
    """
    models = open_container(Container.MODELS, environ)
    refuse_folder(models, because="the registry needs conditional writes, which a folder does not have")
    data = open_container(Container.DATA, environ)
    catalogue = Catalogue.read(models)
    blobs = _blobs(data, command.hours)
    group = Group.of(
        *(_subjects(blobs, command, catalogue.registry), blobs),
        data=data,
        trainer=Trainer(command.options, command.trained_from, command.trained_until, models),
        labels=_labels(data, command, console),
        console=console,
    )
    results = list(_announced(group, console))
    published = list(_published(catalogue, models, results, console))
    trained = sum(result.trained is not None for result in published)
    seconds = time.monotonic() - started
    console.tell(f"{trained} sensors trained, {len(published) - trained} refused, {seconds:.2f} s")
    return ExitCode.of(map(_as_report, published))


def _labels(data: BlobContainer, command: TrainCommand, console: Console) -> SpanLabels:
    """Read the labels that people gave to readings of the training hours."""
    names = data.names(span_labels_folder())
    found = (blob for blob in names if concerns(blob, command.trained_from, command.trained_until))
    labels = SpanLabels.read(data, found)
    for problem in chain.from_iterable(labels.problems.values()):
        console.complain(problem)
    return labels


def _blobs(data: BlobContainer, hours: Iterable[RunHour]) -> list[str]:
    """List the readings of many hours, in the order of hours."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="list") as pool:
        found = pool.map(lambda hour: sorted(data.names(readings_folder(hour))), hours)
        return [blob for names in found for blob in names]


def _subjects(blobs: Iterable[str], command: TrainCommand, registry: Registry) -> list[TrainingSubject]:
    """Return the sensors whose readings these may be; the registry knows the sensors of packs.

    :raises DataFault: if there are none
    """
    packs = {pack for blob in blobs if (pack := pack_of_readings(blob))}
    packed = {sensor for sensor, entry in registry.sensors.items() if packs.intersection(entry.packs)}
    sensors = packed | {sensor for blob in blobs if (sensor := sensor_of_readings(blob))}
    if not sensors:
        raise DataFault(f"there are no readings from {command.trained_from} until {command.trained_until}")
    return [TrainingSubject.of(sensor, registry) for sensor in sorted(sensors)]


def _announced(group: Group, console: Console) -> Iterator[TrainingResult]:
    """Yield the results; print the refused ones, and progress once a second."""
    said = time.monotonic()
    for done, result in enumerate(group.results(), 1):
        if result.trained is None:
            console.complain(f"{display_of(result.sensor)}: {result.reason}")
        yield result
        if time.monotonic() - said >= _SECONDS_BETWEEN_LINES:
            said = time.monotonic()
            console.tell(f"{done} of {len(group.subjects)} sensors done")


def _published(
    catalogue: Catalogue,
    models: BlobContainer,
    results: Sequence[TrainingResult],
    console: Console,
) -> Iterator[TrainingResult]:
    """Publish the trained models; yield all results, as refused if the registry cannot take the model."""
    trained = [result.trained for result in results if result.trained]
    published = publish(catalogue, models, trained)
    if trained:
        console.tell(f"registry: {len(published.registry.sensors)} sensors")
    for result in results:
        reason = published.refused.get(result.sensor)
        if reason is None:
            yield result
        else:
            console.complain(f"{display_of(result.sensor)}: {reason}")
            yield TrainingResult(result.sensor, cause=Cause.DATA, reason=reason)


def _as_report(result: TrainingResult) -> SensorReport:
    """Return a report from which the contract derives the exit code; every refusal counts as a failure."""
    state = SensorState.SCORED if result.trained else SensorState.FAILED
    return SensorReport(result.sensor, state, cause=result.cause)
