"""Trains a model per sensor on the readings of some hours, and publishes all of them at once.

A sensor that cannot be trained is reported and left out. Model files are written first, under names made from
their content, and the registry last, so it never names a missing file.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import DataFault
from scorer.failure import Failure
from scorer.models.catalogue import Catalogue, publish
from scorer.storage import open_container, refuse_folder
from scorer.training.series import read_series
from scorer.training.trainer import THREADS, Trainer
from scorer.training.units import units_of
from scoring_contract.invocation import ExitCode
from scoring_contract.layout import Container, pack_of_readings, readings_folder, sensor_of_readings
from scoring_contract.registry import TrainedSensor
from scoring_contract.report import Cause, SensorReport, SensorState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scorer.console import Console
    from scorer.storage import BlobContainer
    from scorer.training.options import TrainOrder
    from scorer.training.units import Unit
    from scoring_contract.hour import RunHour
    from scoring_contract.registry import Registry

_SECONDS_BETWEEN_LINES = 1.0


def train(order: TrainOrder, environ: Mapping[str, str], *, console: Console, started: float) -> ExitCode:
    """Train every sensor that has readings in the order's hours, and make the new models the current ones.

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
    training = Training(Trainer(order, models), data, catalogue.registry, console)
    outcomes = list(_outcomes(training, _units(data, order, catalogue.registry)))
    published = list(_published(catalogue, models, outcomes, console))
    trained = sum(isinstance(outcome, TrainedSensor) for outcome in published)
    seconds = time.monotonic() - started
    console.tell(f"{trained} sensors trained, {len(outcomes) - trained} refused, {seconds:.2f} s")
    return ExitCode.of(_as_report(outcome) for outcome in published)


@dataclass(frozen=True, slots=True)
class Refused:
    """A sensor that was not trained, with the reason."""

    sensor: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Training:
    """Trainer, readings, and the registry as it was at the start."""

    trainer: Trainer
    data: BlobContainer
    registry: Registry
    console: Console

    def attempt(self, unit: Unit) -> list[TrainedSensor | Refused]:
        """Train the sensors of a unit; an error of one sensor affects no other."""
        try:
            series = read_series(self.data, unit.sensors, unit.training, features=self.trainer.order.features)
        except Exception as error:  # noqa: BLE001  # every other unit must still be trained
            failure = Failure.of(error, self.console)
            return [Refused(sensor, failure) for sensor in unit.sensors]
        outcomes: list[TrainedSensor | Refused] = []
        for sensor in unit.sensors:
            entry = self.registry.sensors.get(sensor)
            known = (entry.device, entry.tag) if entry else None
            try:
                # Popped, so that readings of fitted sensors are freed.
                outcomes.append(self.trainer.train(sensor, series.pop(sensor), known=known).trained)
            except Exception as error:  # noqa: BLE001  # every other sensor must still be trained
                outcomes.append(Refused(sensor, Failure.of(error, self.console)))
        return outcomes


def _units(data: BlobContainer, order: TrainOrder, registry: Registry) -> list[Unit]:
    """List the blobs of the order's hours, and group their sensors; the registry knows the sensors of packs.

    :raises DataFault: if there are none
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="list") as pool:
        blobs = [
            blob for names in pool.map(lambda hour: _names_of(data, hour), order.hours) for blob in names
        ]
    packs = {pack for blob in blobs if (pack := pack_of_readings(blob))}
    packs_of = {
        sensor: entry.packs for sensor, entry in registry.sensors.items() if packs.intersection(entry.packs)
    }
    sensors = {sensor for blob in blobs if (sensor := sensor_of_readings(blob))} | packs_of.keys()
    if not sensors:
        raise DataFault(f"there are no readings from {order.trained_from} until {order.trained_until}")
    return units_of(sorted(sensors), packs_of, blobs)


def _names_of(data: BlobContainer, hour: RunHour) -> list[str]:
    return sorted(data.names(readings_folder(hour)))


def _outcomes(training: Training, units: Sequence[Unit]) -> Iterator[TrainedSensor | Refused]:
    """Train all units and yield outcomes in their order; print progress once a second."""
    console = training.console
    said, done, all_of_them = time.monotonic(), 0, sum(len(unit.sensors) for unit in units)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="train") as pool:
        for outcomes in pool.map(training.attempt, units):
            for outcome in outcomes:
                if isinstance(outcome, Refused):
                    console.complain(f"{outcome.sensor}: {outcome.failure.reason}")
                yield outcome
            done += len(outcomes)
            if time.monotonic() - said >= _SECONDS_BETWEEN_LINES:
                said = time.monotonic()
                console.tell(f"{done} of {all_of_them} sensors done")


def _published(
    catalogue: Catalogue,
    models: BlobContainer,
    outcomes: Sequence[TrainedSensor | Refused],
    console: Console,
) -> Iterator[TrainedSensor | Refused]:
    """Publish the trained models; yield all outcomes, as refused if the registry cannot take the model."""
    trained = [outcome for outcome in outcomes if isinstance(outcome, TrainedSensor)]
    published = publish(catalogue, models, trained)
    if trained:
        console.tell(f"registry: {len(published.registry.sensors)} sensors")
    for outcome in outcomes:
        reason = published.refused.get(outcome.sensor)
        if reason is None:
            yield outcome
        else:
            console.complain(f"{outcome.sensor}: {reason}")
            yield Refused(outcome.sensor, Failure(Cause.DATA, reason))


def _as_report(outcome: TrainedSensor | Refused) -> SensorReport:
    """Return a report from which the contract derives the exit code."""
    if isinstance(outcome, Refused):
        return SensorReport(
            outcome.sensor,
            SensorState.FAILED,
            cause=outcome.failure.cause,
            reason=outcome.failure.reason,
        )
    return SensorReport(outcome.sensor, SensorState.SCORED, readings=outcome.model.rows)
