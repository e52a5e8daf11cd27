"""A group of sensors in training: several units at a time, and an error of one sensor affects no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Self

from scorer.failure import Failure
from scorer.readings.issues import RowIssue
from scorer.training.series import Series, read_series
from scorer.training.trainer import THREADS, Trainer
from scorer.training.units import units_of
from scoring_contract.messages.training_report import TrainingResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scorer.console import Console
    from scorer.storage import BlobContainer
    from scorer.training.evaluator import Evaluator
    from scorer.training.span_labels import SpanLabels
    from scorer.training.units import Unit
    from scoring_contract.messages.training import TrainingSubject


@dataclass(frozen=True, slots=True)
class Group:
    """Sensors to train, and what trains and evaluates them."""

    subjects: Mapping[str, TrainingSubject]
    units: tuple[Unit, ...]
    data: BlobContainer
    trainer: Trainer
    evaluator: Evaluator | None
    """None for models that are not evaluated."""
    labels: SpanLabels
    console: Console

    @classmethod
    def of(
        cls,
        sensors: Iterable[TrainingSubject],
        training: Iterable[str],
        evaluation: Iterable[str] = (),
        *,
        data: BlobContainer,
        trainer: Trainer,
        evaluator: Evaluator | None = None,
        labels: SpanLabels,
        console: Console,
    ) -> Self:
        """Divide sensors into units.

        :param training: blobs in ``data`` with the readings to train on, in the order of hours
        :param evaluation: likewise to evaluate on
        :param labels: readings labelled as maintenance are neither trained nor evaluated on
        """
        subjects = {subject.sensor: subject for subject in sensors}
        packs_of = {sensor: subject.packs for sensor, subject in subjects.items()}
        units = tuple(units_of(subjects, packs_of, training, evaluation))
        return cls(subjects, units, data, trainer, evaluator, labels, console)

    def results(self) -> Iterator[TrainingResult]:
        """Train all units, and yield the results in their order."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="train") as pool:
            for results in pool.map(self._attempt, self.units):
                yield from results

    def _attempt(self, unit: Unit) -> list[TrainingResult]:
        read = partial(
            read_series, self.data, unit.sensors, features=self.trainer.options.features, labels=self.labels
        )
        try:
            training = read(unit.training)
            evaluation = read(unit.evaluation, with_timestamps=True)
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
        if self.evaluator is None:
            result = TrainingResult(subject.sensor, fitted.trained)
        else:
            result = self.evaluator.result(subject, fitted, evaluation)
        left_out = (training.rejected + evaluation.rejected)[RowIssue.MAINTENANCE]
        notes = f"{left_out} readings {RowIssue.MAINTENANCE} were left out" if left_out else ""
        problems = self.labels.problems.get(subject.sensor, ())
        return replace(result, reason="; ".join(filter(None, (result.reason, notes, *problems))))


def _untrained(sensor: str, failure: Failure) -> TrainingResult:
    return TrainingResult(sensor, cause=failure.cause, reason=failure.reason)
