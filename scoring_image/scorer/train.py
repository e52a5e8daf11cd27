"""Training: read the readings of some hours, fit a model per sensor, publish all of them at once.

A sensor that cannot be trained is named and left out; the others are published. Model files are written
first, under names made from their content; the registry last, so it never names a file that is not there.
"""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.catalogue import Catalogue, TrainedSensor, publish
from scorer.errors import BlobMissing, DataFault, ScorerError
from scorer.fitting import fit, libraries
from scorer.model_format import FORMAT, render_model
from scorer.readings import in_order, read_file
from scorer.storage import open_container, refuse_folder
from scoring_contract.errors import LayoutError
from scoring_contract.invocation import ExitCode
from scoring_contract.layout import (
    Container,
    model_blob,
    readings_folder,
    sensor_id_of,
    sensor_of_readings,
)
from scoring_contract.manifest import ModelRef
from scoring_contract.registry import TrainedModel
from scoring_contract.report import SensorReport, SensorState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scorer.console import Console
    from scorer.readings import Sheet
    from scorer.storage import BlobContainer
    from scorer.train_order import TrainOrder
    from scoring_contract.hour import RunHour

THREADS = 8
"""Sensors in work at once: enough to keep the fits fed while others wait for storage."""
_SECONDS_BETWEEN_LINES = 1.0

Sources = dict[str, list[tuple["RunHour", str]]]


def train(order: TrainOrder, environ: Mapping[str, str], *, console: Console, started: float) -> ExitCode:
    """Train every sensor that has readings in the order's hours.

    :return: SUCCESS; PARTLY_FAILED if some sensors were refused; the cause's code if all were, for one cause
    :raises ContractError: if the environment does not name the containers
    :raises OrderFault: if the models container is a folder
    :raises DataFault: if there are no readings at all
    :raises StorageFault: if storage refuses or does not answer
    """
    models = open_container(Container.MODELS, environ)
    refuse_folder(models, because="the registry needs conditional writes, which a folder does not have")
    data = open_container(Container.DATA, environ)
    training = Training(order, data, models, Catalogue.read(models))
    outcomes = list(_outcomes(training, _sources(data, order), console))
    trained = [outcome for outcome in outcomes if isinstance(outcome, TrainedSensor)]
    if trained:
        registry = publish(training.catalogue, models, trained)
        console.tell(f"registry: {len(registry.sensors)} sensors")
    seconds = time.monotonic() - started
    console.tell(f"{len(trained)} sensors trained, {len(outcomes) - len(trained)} refused, {seconds:.2f} s")
    return ExitCode.of(_as_report(outcome) for outcome in outcomes)


@dataclass(frozen=True, slots=True)
class Refused:
    """A sensor that was not trained, and why."""

    sensor: str
    fault: ScorerError


@dataclass(frozen=True, slots=True)
class Training:
    """One order, the containers it works in, and the registry as it was at the start."""

    order: TrainOrder
    data: BlobContainer
    models: BlobContainer
    catalogue: Catalogue

    def attempt(self, sensor: str, sources: Sequence[tuple[RunHour, str]]) -> TrainedSensor | Refused:
        """Train one sensor; a fault with a known cause refuses this sensor only."""
        try:
            return self._trained(sensor, sources)
        except ScorerError as fault:
            return Refused(sensor, fault)

    def _trained(self, sensor: str, sources: Sequence[tuple[RunHour, str]]) -> TrainedSensor:
        readings = self._readings(sensor, sources)
        device, tag = self._pair(sensor, readings)
        fitted = fit(readings.values[:, 0], self.order)
        origin = {"sensor": sensor, "device": device, "tag": tag, **self._range()}
        ref = self._upload(sensor, render_model(fitted.model, {**origin, **fitted.provenance}))
        model = TrainedModel(
            ref=ref,
            trained_from=self.order.trained_from,
            trained_until=self.order.trained_until,
            rows=len(readings),
            libraries=libraries(),
        )
        return TrainedSensor(sensor, device, tag, model)

    def _readings(self, sensor: str, sources: Sequence[tuple[RunHour, str]]) -> Sheet:
        """Return a sensor's readings of all hours, by time.

        :raises DataFault: if there are too few
        """
        sheets = []
        for hour, blob in sources:
            try:
                data = self.data.read(blob)
            except BlobMissing:  # deleted since it was listed
                continue
            rows = read_file(
                blob, data, hour=hour, owner=lambda *pair: sensor if _names(sensor, *pair) else None
            )
            sheets.append(rows.of(sensor))
        whole = in_order(sheets)
        if len(whole) < self.order.min_rows:
            rejected = f" ({whole.why_rejected()})" if whole.rejected.total() else ""
            raise DataFault(f"{len(whole)} readings, {self.order.min_rows} are needed{rejected}")
        return whole

    def _pair(self, sensor: str, readings: Sheet) -> tuple[str, str]:
        """Return the one device and tag behind a sensor's id.

        :raises DataFault: if two pairs share the id, here or with the registry
        """
        pairs = sorted(readings.pairs)
        if len(pairs) > 1:
            names = " and ".join(f"device {device!r} tag {tag!r}" for device, tag in pairs)
            raise DataFault(f"its id names {names}: rename one of them")
        self.catalogue.check_pair(sensor, *pairs[0])
        return pairs[0]

    def _range(self) -> dict[str, str]:
        return {"trained_from": str(self.order.trained_from), "trained_until": str(self.order.trained_until)}

    def _upload(self, sensor: str, data: bytes) -> ModelRef:
        """Write a model file under a name made from its content; the same model gives the same name."""
        digest = hashlib.sha256(data).hexdigest()
        version = f"{self.order.trained_until.compact}-{digest[:10]}"
        blob = model_blob(sensor, version)
        self.models.write(blob, data, content_type="application/json")
        return ModelRef(version=version, blob=blob, sha256=digest, format=FORMAT)


def _sources(data: BlobContainer, order: TrainOrder) -> Sources:
    """List the reading blobs of the order's hours by sensor, in the order of hours and names.

    :raises DataFault: if there are none
    """
    sources: Sources = defaultdict(list)
    hours = list(order.hours)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="list") as pool:
        for hour, names in zip(hours, pool.map(lambda hour: _names_of(data, hour), hours), strict=True):
            for name in names:
                if sensor := sensor_of_readings(name):
                    sources[sensor].append((hour, name))
    if not sources:
        raise DataFault(f"there are no readings from {order.trained_from} until {order.trained_until}")
    return dict(sorted(sources.items()))


def _names_of(data: BlobContainer, hour: RunHour) -> list[str]:
    return sorted(data.names(readings_folder(hour)))


def _names(sensor: str, device: str, tag: str) -> bool:
    """Whether a device and a tag give this sensor's id."""
    try:
        return sensor_id_of(device, tag) == sensor
    except LayoutError:
        return False


def _outcomes(training: Training, sources: Sources, console: Console) -> Iterator[TrainedSensor | Refused]:
    """Train all sensors and yield outcomes in the order of their ids; say once a second how far we are."""
    said = time.monotonic()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="train") as pool:
        attempts = pool.map(training.attempt, sources.keys(), sources.values())
        for done, outcome in enumerate(attempts, start=1):
            if isinstance(outcome, Refused):
                console.complain(f"{outcome.sensor}: {outcome.fault}")
            if time.monotonic() - said >= _SECONDS_BETWEEN_LINES:
                said = time.monotonic()
                console.tell(f"{done} of {len(sources)} sensors done")
            yield outcome


def _as_report(outcome: TrainedSensor | Refused) -> SensorReport:
    """Put an outcome in the words from which the contract makes exit codes."""
    if isinstance(outcome, Refused):
        return SensorReport(
            outcome.sensor, SensorState.FAILED, cause=outcome.fault.cause, reason=str(outcome.fault)
        )
    return SensorReport(outcome.sensor, SensorState.SCORED, readings=outcome.model.rows)
