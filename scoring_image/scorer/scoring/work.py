"""The state of one sensor between its order and its report."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from scorer.errors import DataFault
from scorer.readings.table import ONE_FEATURE, ReadingTable
from scoring_contract.messages.report import Cause, SensorReport, SensorState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scorer.console import Console
    from scorer.models.ocsvm import Model, Predictions
    from scoring_contract.messages.manifest import SensorOrder


@dataclass(slots=True)
class SensorWork:
    """A sensor in progress. Its first failure is kept; later steps skip a failed sensor."""

    order: SensorOrder
    model: Model | None = None
    table: ReadingTable = field(default_factory=ReadingTable)
    problems: list[str] = field(default_factory=list)
    """Problems of whole files of readings, a sentence each."""
    gone: int = 0
    """Blobs of readings that were deleted after planning."""
    predictions: Predictions | None = None
    is_kept: bool = False
    """Whether predictions of a later plan were kept, and ours not written."""
    cause: Cause | None = None
    reason: str = ""

    def fail(self, cause: Cause, reason: str) -> None:
        """Mark the sensor as failed, unless it already is."""
        if self.cause is None:
            self.cause, self.reason = cause, reason

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that its model uses."""
        return self.model.features if self.model else ONE_FEATURE

    def predict(self) -> None:
        """Predict the readings; rows that the model cannot score are left out.

        :raises DataFault: if no row counts
        :raises ModelFault: if the model cannot score any reading
        """
        if not len(self.table):
            raise DataFault("; ".join((*self._why_no_row_counts(), *self.problems)))
        if self.model is not None:
            self.predictions = self.model.predict(self.table.values)
            if self.predictions.refused is not None:
                self.table = self.table.without(self.predictions.refused)
                self.problems.append(self.predictions.why_refused)

    @property
    def is_silent(self) -> bool:
        """Whether its files have no row at all, good or bad, and could all be read."""
        return self.table.is_empty and not self.problems and (self.cause is None or self.cause is Cause.MODEL)

    @property
    def is_predicted(self) -> bool:
        """Whether its predictions can be written."""
        return self.cause is None and self.predictions is not None

    def report(self, seconds: float) -> SensorReport:
        """Return the sensor's report.

        :param seconds: wall time spent on it
        """
        noticed = {str(issue): count for issue, count in self.table.issues.items()}
        about = partial(SensorReport, self.order.sensor, seconds=seconds, noticed=noticed)
        if self.is_silent and self.gone:
            return about(SensorState.FAILED, cause=Cause.DATA, reason=self._why_gone())
        if self.is_silent:
            return about(SensorState.SKIPPED, reason=self._why_silent())
        if self.cause is not None or self.predictions is None:
            return about(SensorState.FAILED, cause=self.cause, reason=self.reason)
        if self.is_kept:  # this run's report counts only what this run has written
            return about(SensorState.SCORED, reason="; ".join(self._remarks()))
        return about(
            SensorState.SCORED,
            readings=len(self.table),
            rejected=self.table.rejected.total(),
            anomalies=int(self.predictions.anomalies.sum()),
            model_sha256=self.order.model.sha256,
            reason="; ".join(self._remarks()),
        )

    def _why_no_row_counts(self) -> Iterator[str]:
        if rejected := self.table.rejected.total():
            yield f"none of {rejected} rows can be scored: {self.table.why_rejected()}"

    def _remarks(self) -> Iterator[str]:
        yield from self.problems
        if self.gone:
            yield f"{self.gone} of {len(self.order.readings)} reading blobs were gone"
        if self.is_kept:
            yield "kept the existing predictions of a later plan"

    def _why_silent(self) -> str:
        if not self.order.readings:
            return "the plan found no readings in this hour"
        return "the reading blobs hold no rows"

    def _why_gone(self) -> str:
        found = len(self.order.readings)
        which = (
            "the reading blobs that the plan found are"
            if self.gone == found
            else (f"{self.gone} of {found} reading blobs that the plan found are")
        )
        return f"{which} gone; clear 'plan' with Downstream to plan the hour again"


@contextmanager
def attempt(works: Iterable[SensorWork], console: Console) -> Iterator[None]:
    """Turn an exception into a failure of these sensors; the traceback of an unexpected one is printed."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # every other sensor must still be scored
        from scorer.failure import Failure  # noqa: PLC0415  # most sensors have none

        failure = Failure.of(error, console)
        for work in works:
            work.fail(failure.cause, failure.reason)
