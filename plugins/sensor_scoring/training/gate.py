"""The gate on new models: who may become current. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring_contract.messages.training_report import Evaluation
    from sensor_scoring.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingGate:
    """Thresholds that a new model must meet on readings that it was not trained on."""

    max_anomaly_share: float = 0.2
    """Share of these readings that it may call anomalies. Above it, the model or the readings are strange."""
    max_drift: float = 0.3
    """Distance that its scores may have from the current model's; not asked of a sensor's first model."""
    min_readings: int = 30
    """Readings there must be: fewer judge nothing."""
    min_recall: float = 0.5
    """Share of the labelled anomalies that it must find; asked only where there are labelled anomalies."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the gate that the settings describe."""
        return cls(
            max_anomaly_share=settings.training.train_max_anomaly_share,
            max_drift=settings.training.train_max_drift,
            min_readings=settings.training.train_min_readings,
            min_recall=settings.training.train_min_recall,
        )

    def objections(self, evaluation: Evaluation) -> Iterator[str]:
        """Yield what speaks against a model, a part of a sentence each; nothing if it may become current."""
        if evaluation.readings < self.min_readings:
            yield f"only {evaluation.readings} later readings; {self.min_readings} required"
        if evaluation.anomaly_share > self.max_anomaly_share:
            yield (
                f"it calls {evaluation.anomaly_share:.1%} of the later readings anomalies; "
                f"the limit is {self.max_anomaly_share:.1%}"
            )
        comparison = evaluation.comparison
        if comparison is not None and comparison.drift > self.max_drift:
            yield (
                f"its scores drift by {comparison.drift:.2f} from the current model's; "
                f"the limit is {self.max_drift:.2f}"
            )
        recall = evaluation.labels.recall if evaluation.labels else None
        if recall is not None and recall < self.min_recall:
            yield f"it finds {recall:.1%} of the labelled anomalies; {self.min_recall:.1%} required"
