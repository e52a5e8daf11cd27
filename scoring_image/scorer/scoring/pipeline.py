"""The scoring pipeline of a unit: fetch models and readings, predict, publish the predictions.

Fetching and publishing wait for storage, so many units do them at once. The steps between are CPU-bound, and
one unit does them at a time: concurrent units would compete for the interpreter, each with its readings in
memory, which took three times as long and ten times the memory.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from scorer.models.files import ModelFiles, model_of
from scorer.scoring.predictions import render_predictions
from scorer.scoring.publishing import publish, publish_pack
from scorer.scoring.reading_blobs import ReadingBlobs
from scorer.scoring.unit_readings import UnitReadings
from scorer.scoring.work import SensorWork, attempt
from scorer.storage import open_container, refuse_folder
from scoring_contract.layout import Container
from scoring_contract.messages.report import Cause
from scoring_contract.predictions import PackMark, PredictionMark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from scorer.console import Console
    from scorer.models.ocsvm import Predictions
    from scorer.models.pack_format import ModelPack
    from scorer.readings.table import ReadingTable
    from scorer.scoring.stages import StageTimes
    from scorer.scoring.units import Unit
    from scorer.storage import BlobContainer
    from scoring_contract.messages.manifest import Manifest
    from scoring_contract.messages.report import SensorReport

    Write = Callable[[], None]

_WRITES = 8
"""Prediction blobs of one unit that are written at once."""


@dataclass(frozen=True, slots=True)
class UnitOutcome:
    """The reports of a unit's sensors."""

    sensors: Sequence[SensorReport]
    noticed: Mapping[str, int]
    """Issues of rows in shared files that belong to no sensor of the unit: issue to number of rows."""


@dataclass(slots=True)
class _UnitWork:
    """A unit in progress."""

    unit: Unit
    sensors: Sequence[SensorWork]
    models: dict[str, bytes | ModelPack] = field(default_factory=dict)
    """Each sensor's model file or the pack that holds it; dropped once the model is loaded."""
    readings: UnitReadings = field(default_factory=lambda: UnitReadings({}))
    noticed: Mapping[str, int] = field(default_factory=dict)
    writes: Sequence[Write] = ()

    @classmethod
    def of(cls, unit: Unit) -> _UnitWork:
        """Start a unit."""
        return cls(unit, [SensorWork(order) for order in unit.orders])

    def outcome(self, seconds: float) -> UnitOutcome:
        """Return the reports.

        :param seconds: wall time per sensor
        """
        return UnitOutcome([sensor.report(seconds) for sensor in self.sensors], self.noticed)


@dataclass(frozen=True, slots=True)
class ScoringPipeline:
    """Scores the units of one manifest. Threads share it."""

    manifest: Manifest
    manifest_blob: str
    console: Console
    data: ReadingBlobs
    models: ModelFiles
    predictions: BlobContainer
    times: StageTimes
    _computing: Lock = field(default_factory=Lock)

    @classmethod
    def open(
        cls,
        environ: Mapping[str, str],
        manifest: Manifest,
        manifest_blob: str,
        console: Console,
        *,
        times: StageTimes,
    ) -> ScoringPipeline:
        """Open the containers that the environment names.

        :param times: of the process; the pipeline adds its stages
        :raises OrderFault: if predictions would go to a folder, which cannot keep their metadata
        """
        predictions = open_container(Container.PREDICTIONS, environ)
        refuse_folder(predictions, because="predictions carry blob metadata, which a folder cannot keep")
        refs = (order.model for order in manifest.sensors)
        models = ModelFiles(open_container(Container.MODELS, environ), refs, console.complain)
        data = ReadingBlobs(open_container(Container.DATA, environ), manifest.files)
        return cls(manifest, manifest_blob, console, data, models, predictions, times)

    def outcomes_of(self, units: Sequence[Unit]) -> list[UnitOutcome]:
        """Score units. Never raises: failures are in the reports of the sensors.

        Each step runs for all units before the next one, so it finds its code and tables in the processor's
        caches. For sensors with a file each that saved a quarter of the total time.
        """
        started = time.monotonic()
        works = [_UnitWork.of(unit) for unit in units]
        with self.times.timed("fetch"):
            self._each(works, self._fetch)
        # Waiting for the lock is no part of a stage.
        with self._computing, self.times.timed("compute"):
            for step in (self._load_models, self._hand_out, self._predict, self._render):
                self._each(works, step)
        with self.times.timed("publish"):
            self._each(works, _write)
        seconds = (time.monotonic() - started) / sum(len(work.sensors) for work in works)
        return [work.outcome(seconds) for work in works]

    def _each(self, works: Sequence[_UnitWork], step: Callable[[_UnitWork], None]) -> None:
        for work in works:
            with self._attempt(*work.sensors):
                step(work)

    def _attempt(self, *works: SensorWork) -> AbstractContextManager[None]:
        return attempt(works, self.console)

    def _fetch(self, work: _UnitWork) -> None:
        for sensor in work.sensors:
            with self._attempt(sensor):
                work.models[sensor.order.sensor] = self.models.fetch(sensor.order.model)
        work.readings = UnitReadings.fetched(self.data, work.unit.readings, work.sensors)

    def _load_models(self, work: _UnitWork) -> None:
        for sensor in work.sensors:
            if (found := work.models.pop(sensor.order.sensor, None)) is not None:
                with self._attempt(sensor):
                    sensor.model = model_of(found, sensor.order.model)

    def _hand_out(self, work: _UnitWork) -> None:
        work.noticed = work.readings.hand_out(work.sensors, self.manifest.hour, self._attempt)

    def _predict(self, work: _UnitWork) -> None:
        for sensor in work.sensors:
            if sensor.cause is None and not sensor.is_silent:
                with self._attempt(sensor):
                    sensor.predict()

    def _render(self, work: _UnitWork) -> None:
        work.writes = list(self._writes(work.unit, [each for each in work.sensors if each.is_predicted]))

    def _writes(self, unit: Unit, works: Sequence[SensorWork]) -> Iterator[Write]:
        """Render predictions; yield for each blob the function that publishes it."""
        if unit.pack and works:
            yield self._write_of_pack(unit.pack, works)
            return
        for work in works:
            with self._attempt(work):
                data = render_predictions(_parts([work]), self.manifest.predictions_format)
                yield self._write_of(work, data)

    def _write_of(self, work: SensorWork, data: bytes) -> Write:
        mark = PredictionMark(
            hour=self.manifest.hour,
            sensor=work.order.sensor,
            model_sha256=work.order.model.sha256,
            manifest=self.manifest_blob,
            planned_at=self.manifest.planned_at,
            rows=len(work.table),
        )
        form = self.manifest.predictions_format

        def write() -> None:
            with self._attempt(work):
                blob = work.order.prediction_blob(self.manifest.hour, form)
                work.is_kept = not publish(self.predictions, blob, data, mark, form)

        return write

    def _write_of_pack(self, pack: str, works: Sequence[SensorWork]) -> Write:
        """Render one blob for all; sensors whose features differ from those of the first fail."""
        features = works[0].features
        fitting = [work for work in works if work.features == features]
        for work in works:
            if work.features != features:
                ours, first = ", ".join(work.features), ", ".join(features)
                work.fail(Cause.MODEL, f"its model uses {ours}, the first model of its pack uses {first}")
        mark = PackMark(
            hour=self.manifest.hour,
            pack=pack,
            sensors=tuple(work.order.sensor for work in fitting),
            manifest=self.manifest_blob,
            planned_at=self.manifest.planned_at,
            rows=sum(len(work.table) for work in fitting),
        )
        form = self.manifest.predictions_format
        data = render_predictions(_parts(fitting), form)

        def write() -> None:
            with self._attempt(*fitting):
                blob = fitting[0].order.prediction_blob(self.manifest.hour, form)
                is_ours = publish_pack(self.predictions, blob, data, mark, form)
                for work in fitting:
                    work.is_kept = not is_ours

        return write


def _write(work: _UnitWork) -> None:
    writes = work.writes
    if len(writes) == 1:
        writes[0]()
    elif writes:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # one sensor alone needs no threads

        with ThreadPoolExecutor(_WRITES, thread_name_prefix="write") as pool:
            for done in [pool.submit(write) for write in writes]:
                done.result()


def _parts(works: Iterable[SensorWork]) -> Iterator[tuple[str, str, ReadingTable, Predictions]]:
    """Yield device, tag, readings and predictions of each sensor that has predictions."""
    for work in works:
        if work.predictions is not None:
            yield work.order.device, work.order.tag, work.table, work.predictions
