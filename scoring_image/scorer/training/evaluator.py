"""Evaluates the new model of a sensor on its later readings, against labels and its current model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import ModelFault
from scorer.models.files import read_model
from scorer.models.format import load_model
from scorer.training.evaluation import evaluate
from scoring_contract.messages.training_report import TrainingResult

if TYPE_CHECKING:
    from scorer.models.ocsvm import Model
    from scorer.storage import BlobContainer
    from scorer.training.labels import Labels
    from scorer.training.series import Series
    from scorer.training.trainer import Fitted
    from scoring_contract.messages.manifest import ModelRef
    from scoring_contract.messages.training import TrainingSubject


@dataclass(frozen=True, slots=True)
class Evaluator:
    """The current models in storage, and the labels of the evaluation hours."""

    models: BlobContainer
    labels: Labels

    def result(self, subject: TrainingSubject, fitted: Fitted, evaluation: Series) -> TrainingResult:
        """Evaluate a new model.

        :param evaluation: the sensor's later readings, with timestamps
        :raises ScorerError: if one of their files cannot be read
        :raises ModelFault: if the new model cannot score any of them
        """
        model = load_model(fitted.data, fitted.trained.model.ref)
        current, note = self._current(subject.current, model.features)
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

    def _current(
        self, ref: ModelRef | None, features: tuple[str, ...]
    ) -> tuple[tuple[str, Model] | None, str]:
        """Return version and model to compare with, and why there is none: a damaged one can be replaced."""
        if ref is None:
            return None, ""
        try:
            model = load_model(read_model(self.models, ref), ref)
        except ModelFault as fault:
            return None, f"not compared with the current model: {fault}"
        if model.features != features:
            return None, f"not compared with the current model, which uses {', '.join(model.features)}"
        return (ref.version, model), ""
