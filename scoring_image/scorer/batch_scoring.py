"""Scoring one batch: fetch models and readings, decide, put the predictions in their place."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing
from scorer.model_files import ModelFiles
from scorer.predictions import render_predictions
from scorer.publishing import publish, publish_pack
from scorer.readings import Note, Sheet, in_order, read_file
from scorer.sensor_work import SensorWork, attempt
from scorer.storage import open_container, refuse_folder
from scoring_contract.layout import Container
from scoring_contract.predictions import PackMark, PredictionMark
from scoring_contract.report import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from scorer.batches import Batch
    from scorer.console import Console
    from scorer.ocsvm import Verdicts
    from scorer.storage import BlobContainer
    from scoring_contract.manifest import Manifest
    from scoring_contract.report import SensorReport

WRITES = 8
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
        for work in works:
            with self._attempt(work):
                work.model = self.models.model(work.order.model)
        with self._attempt(*works):
            noticed = self._read(batch, works)
        for work in works:
            if work.cause is None and not work.is_silent:
                with self._attempt(work):
                    work.judge()
        self._publish(batch, [work for work in works if work.is_judged])
        seconds = (time.monotonic() - started) / len(works)
        return BatchOutcome([work.report(seconds) for work in works], noticed)

    def _attempt(self, *works: SensorWork) -> AbstractContextManager[None]:
        return attempt(works, self.console)

    def _read(self, batch: Batch, works: Sequence[SensorWork]) -> Counter[str]:
        """Give each sensor its rows; return what is remarkable about rows that nobody gets."""
        pieces: defaultdict[str, list[Sheet]] = defaultdict(list)
        unowned: Counter[Note] = Counter()
        for blob in batch.readings:
            readers = [work for work in works if blob in work.order.readings]
            with self._attempt(*readers):
                unowned += self._share(blob, readers, pieces, is_own=len(works) == 1)
        for work in works:
            work.sheet = in_order(pieces.pop(work.order.sensor, ()))
        return Counter({str(note): count for note, count in unowned.items()})

    def _share(
        self, blob: str, readers: Sequence[SensorWork], pieces: Mapping[str, list[Sheet]], *, is_own: bool
    ) -> Counter[Note]:
        """Read a file once for each set of columns that the models of its sensors look at."""
        try:
            data = self.data.read(blob)
        except BlobMissing:
            for work in readers:
                work.gone += 1
            return Counter()
        owner = {(work.order.device, work.order.tag): work.order.sensor for work in readers}
        unowned: list[Counter[Note]] = []
        for features in dict.fromkeys(work.features for work in readers):
            rows = read_file(
                blob,
                data,
                hour=self.manifest.hour,
                owner=lambda device, tag: owner.get((device, tag)),
                features=features,
            )
            if is_own:  # whoever reads alone answers for every row
                pieces[readers[0].order.sensor].append(rows.of(readers[0].order.sensor))
                return Counter()
            unowned.append(rows.unowned)
            for work in readers:
                sheet = rows.sheets.get(work.order.sensor)
                if sheet is not None and work.features == features:
                    pieces[work.order.sensor].append(sheet)
        return unowned[0]

    def _publish(self, batch: Batch, works: Sequence[SensorWork]) -> None:
        if batch.pack and works:
            self._publish_pack(batch.pack, works)
        elif len(works) == 1:
            self._publish_alone(works[0])
        elif works:
            self._publish_each(works)

    def _publish_each(self, works: Sequence[SensorWork]) -> None:
        """Write the predictions of sensors that share no more than their readings, several at once."""
        with ThreadPoolExecutor(WRITES, thread_name_prefix="write") as pool:
            list(pool.map(self._publish_alone, works))

    def _publish_alone(self, work: SensorWork) -> None:
        with self._attempt(work):
            data = render_predictions(_parts([work]))
            blob = work.order.prediction_blob(self.manifest.hour)
            work.is_kept = not publish(self.predictions, blob, data, self._mark(work))

    def _publish_pack(self, pack: str, works: Sequence[SensorWork]) -> None:
        """Write the predictions of a pack; sensors whose columns are not those of the first do not fit."""
        fitting = [work for work in works if work.features == works[0].features]
        for work in works:
            if work.features != works[0].features:
                work.fail(
                    Cause.MODEL, f"it looks at {work.features}, the first of its pack at {works[0].features}"
                )
        mark = PackMark(
            hour=self.manifest.hour,
            pack=pack,
            sensors=tuple(work.order.sensor for work in fitting),
            manifest=self.manifest_blob,
            planned_at=self.manifest.planned_at,
        )
        blob = works[0].order.prediction_blob(self.manifest.hour)
        with self._attempt(*fitting):
            data = render_predictions(_parts(fitting))
            is_ours = publish_pack(self.predictions, blob, data, mark)
            for work in fitting:
                work.is_kept = not is_ours

    def _mark(self, work: SensorWork) -> PredictionMark:
        return PredictionMark(
            hour=self.manifest.hour,
            sensor=work.order.sensor,
            model_sha256=work.order.model.sha256,
            manifest=self.manifest_blob,
            planned_at=self.manifest.planned_at,
        )


def _parts(works: Iterable[SensorWork]) -> Iterator[tuple[str, str, Sheet, Verdicts]]:
    """Give what a prediction blob tells of each sensor."""
    for work in works:
        if work.verdicts is not None:
            yield work.order.device, work.order.tag, work.sheet, work.verdicts
