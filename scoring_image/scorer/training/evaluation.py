"""Evaluates a new model on readings that it was not trained on, and compares it with the current one. No I/O.

**Drift** is the two-sample Kolmogorov-Smirnov statistic of the two models' scores for the same readings: the
largest difference, over all thresholds, between the shares of scores at or below the threshold. 0 means equal
distributions; 1 means that every score of one model lies below every score of the other. First, each model's
scores are divided by their mean absolute value: libsvm's scores grow with the number of training readings,
which is no difference between the models. Zero stays zero, and with it the decision boundary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import ModelFault
from scoring_contract.messages.training_report import Comparison, Evaluation

if TYPE_CHECKING:
    from scorer.models.ocsvm import BoolArray, FloatArray, Model, Predictions
    from scorer.training.labels import Labels
    from scorer.training.series import Series


def evaluate(
    model: Model,
    series: Series,
    *,
    sensor: str,
    current: tuple[str, Model] | None,
    labels: Labels,
) -> Evaluation:
    """Evaluate a new model on later readings; readings that it cannot score are left out.

    :param series: the readings, with timestamps
    :param sensor: its id, to find its labels
    :param current: version and model to compare with; None if there is none
    :param labels: known anomalies
    :raises ModelFault: if it cannot score any of them
    """
    values = series.values
    predictions = model.predict(values)
    known = _scored(predictions, len(values))
    return Evaluation(
        readings=len(predictions.scores),
        anomalies=int(predictions.anomalies.sum()),
        comparison=_comparison(predictions, known, values, current) if current else None,
        labels=labels.check(sensor, series.micros[known], predictions.anomalies),
    )


def _comparison(
    predictions: Predictions, known: BoolArray, values: FloatArray, current: tuple[str, Model]
) -> Comparison | None:
    """Compare the models on the readings that both score; a reading that only the new one scores has changed.

    :param predictions: of the new model
    :param known: which readings the new model scores, shape (n_readings,)
    :param values: shape (n_readings, n_features)
    :return: None if the current model cannot score any of these
    """
    version, model = current
    try:
        former = model.predict(values[known])
    except ModelFault:
        return None
    both = _scored(former, len(predictions.scores))
    ours = predictions.of_those(both)
    changed = np.count_nonzero(~both) + np.count_nonzero(ours.anomalies != former.anomalies)
    return Comparison(version, drift(ours.scores, former.scores), int(changed))


def _scored(predictions: Predictions, count: int) -> BoolArray:
    return np.ones(count, dtype=np.bool_) if predictions.refused is None else ~predictions.refused


def drift(scores: FloatArray, others: FloatArray) -> float:
    """Return the drift between two models' scores, as defined above.

    :param scores: shape (n_readings,), float64
    :param others: likewise; of the same readings
    :return: 0 to 1; 0 without readings
    """
    if not len(scores):
        return 0.0
    ours, theirs = np.sort(_scaled(scores)), np.sort(_scaled(others))
    thresholds = np.concatenate([ours, theirs])
    at_or_below = np.searchsorted(ours, thresholds, side="right") / len(ours)
    others_below = np.searchsorted(theirs, thresholds, side="right") / len(theirs)
    return float(np.abs(at_or_below - others_below).max())


def _scaled(scores: FloatArray) -> FloatArray:
    """Divide by the mean absolute score, unless it is zero or infinite."""
    # NaN is an anomaly, so it ranks below all numbers.
    known = np.where(np.isnan(scores), -np.inf, scores)
    with np.errstate(over="ignore"):
        mean = float(np.abs(known).mean())
    return known / mean if 0 < mean < np.inf else known
