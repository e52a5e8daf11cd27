"""Scoring one batch: fetch models and readings, decide, put the predictions in their place.

Fetching and writing wait for storage, and many batches do so at once. What is between is work for the
processor, and one batch does it at a time: side by side they would only take the interpreter from each other,
each with its readings in memory. That cost three times the time, and ten times the memory, of one by one.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from scorer.batch_readings import BatchReadings
from scorer.model_files import ModelFiles
from scorer.model_format import load_model
from scorer.predictions import render_predictions
from scorer.publishing import publish, publish_pack
from scorer.sensor_work import SensorWork, attempt
from scorer.storage import open_container, refuse_folder
from scoring_contract.layout import Container
from scoring_contract.predictions import PackMark, PredictionMark
from scoring_contract.report import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from scorer.batches import Batch
    from scorer.console import Console
    from scorer.ocsvm import Verdicts
    from scorer.sheet import Sheet
    from scorer.storage import BlobContainer
    from scoring_contract.manifest import Manifest
    from scoring_contract.report import SensorReport

    Write = Callable[[], None]

_WRITES = 8
"""Predictions of one batch that are written at once."""


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What came of a batch."""

    sensors: Sequence[SensorReport]
    noticed: Mapping[str, int]
    """About rows of shared files that can be given to no sensor of the batch."""


@dataclass(frozen=True, slots=True)
class BatchScoring:
    """One order and the containers it is carried out in. Threads share it."""

    manifest: Manifest
    manifest_blob: str
    console: Console
    data: BlobContainer
    models: ModelFiles
    predictions: BlobContainer
    _computing: Lock = field(default_factory=Lock)

    @classmethod
    def open(
        cls, environ: Mapping[str, str], manifest: Manifest, manifest_blob: str, console: Console
    ) -> BatchScoring:
        """Open the containers that the environment names.

        :raises OrderFault: if predictions would go to a folder, which cannot keep their metadata
        """
        predictions = open_container(Container.PREDICTIONS, environ)
        refuse_folder(predictions, because="predictions carry blob metadata, which a folder cannot keep")
        refs = (order.model for order in manifest.sensors)
        models = ModelFiles(open_container(Container.MODELS, environ), refs)
        data = open_container(Container.DATA, environ)
        return cls(manifest, manifest_blob, console, data, models, predictions)

    def outcome_of(self, batch: Batch) -> BatchOutcome:
        """Score a batch. Never raises: what fails is in the reports of its sensors."""
        started = time.monotonic()
        works = [SensorWork(order) for order in batch.orders]
        noticed: Counter[str] = Counter()
        with self._attempt(*works):
            models = self._fetch_models(works)
            readings = BatchReadings.fetched(self.data, batch.readings, works)
            with self._computing:
                noticed = self._judge(works, models, readings)
                writes = list(self._writes(batch, [work for work in works if work.is_judged]))
            _all_done(writes)
        seconds = (time.monotonic() - started) / len(works)
        return BatchOutcome([work.report(seconds) for work in works], noticed)

    def _attempt(self, *works: SensorWork) -> AbstractContextManager[None]:
        return attempt(works, self.console)

    def _fetch_models(self, works: Sequence[SensorWork]) -> dict[str, bytes]:
        models = {}
        for work in works:
            with self._attempt(work):
                models[work.order.sensor] = self.models.data(work.order.model)
        return models

    def _judge(
        self, works: Sequence[SensorWork], models: dict[str, bytes], readings: BatchReadings
    ) -> Counter[str]:
        """Decide about each sensor's rows; return what is remarkable about rows that nobody gets."""
        for work in works:
            if data := models.pop(work.order.sensor, None):
                with self._attempt(work):
                    work.model = load_model(data, work.order.model)
        noticed = readings.hand_out(works, self.manifest.hour, self._attempt)
        for work in works:
            if work.cause is None and not work.is_silent:
                with self._attempt(work):
                    work.judge()
        return noticed

    def _writes(self, batch: Batch, works: Sequence[SensorWork]) -> Iterator[Write]:
        """Make the predictions' texts; yield what puts each blob in its place."""
        if batch.pack and works:
            yield self._write_of_pack(batch.pack, works)
            return
        for work in works:
            with self._attempt(work):
                yield self._write_of(work, render_predictions(_parts([work])))

    def _write_of(self, work: SensorWork, data: bytes) -> Write:
        mark = PredictionMark(
            hour=self.manifest.hour,
            sensor=work.order.sensor,
            model_sha256=work.order.model.sha256,
            manifest=self.manifest_blob,
            planned_at=self.manifest.planned_at,
        )

        def write() -> None:
            with self._attempt(work):
                blob = work.order.prediction_blob(self.manifest.hour)
                work.is_kept = not publish(self.predictions, blob, data, mark)

        return write

    def _write_of_pack(self, pack: str, works: Sequence[SensorWork]) -> Write:
        """Make one text for all; sensors whose columns are not those of the first do not fit."""
        features = works[0].features
        fitting = [work for work in works if work.features == features]
        for work in works:
            if work.features != features:
                work.fail(Cause.MODEL, f"it looks at {work.features}, the first of its pack at {features}")
        mark = PackMark(
            hour=self.manifest.hour,
            pack=pack,
            sensors=tuple(work.order.sensor for work in fitting),
            manifest=self.manifest_blob,
            planned_at=self.manifest.planned_at,
        )
        data = render_predictions(_parts(fitting))

        def write() -> None:
            with self._attempt(*fitting):
                blob = fitting[0].order.prediction_blob(self.manifest.hour)
                is_ours = publish_pack(self.predictions, blob, data, mark)
                for work in fitting:
                    work.is_kept = not is_ours

        return write


def _all_done(writes: Sequence[Write]) -> None:
    if len(writes) == 1:
        writes[0]()
    elif writes:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # one sensor alone needs no threads

        with ThreadPoolExecutor(_WRITES, thread_name_prefix="write") as pool:
            for done in [pool.submit(write) for write in writes]:
                done.result()


def _parts(works: Iterable[SensorWork]) -> Iterator[tuple[str, str, Sheet, Verdicts]]:
    """Give what a prediction blob tells of each sensor; its rows are let go of as soon as they are told."""
    for work in works:
        if work.verdicts is not None:
            yield work.order.device, work.order.tag, work.sheet, work.verdicts
