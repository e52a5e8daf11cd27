"""How a new model fares on readings that it was not trained on, alone and beside the current model. No I/O.

**Drift** is the two-sample Kolmogorov-Smirnov distance of the two models' scores over the same readings: the
largest difference, over all thresholds, between the shares of scores at or below it. 0 means equal
distributions, 1 that every score of one lies below every score of the other. Before, each model's scores are
divided by their own mean absolute value: libsvm's scores grow with the number of training readings, which
says nothing about what a model thinks. Zero stays zero, and with it the boundary of what is normal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import ModelFault
from scoring_contract.training_report import Comparison, Evaluation

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
    """Judge a new model on later readings; those that it cannot score are left out.

    :param series: the readings, with their times
    :param current: version and model to compare with; None if there is none
    :raises ModelFault: if it can score none of them
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
    """Compare over the readings that both models score; what one of them cannot score has changed, too.

    :param predictions: of the new model
    :param known: which readings it scores, shape (n_readings,)
    :return: None if the current model scores none of these
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
    """Return how far two models' scores of the same readings lie apart, as defined above.

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
    """Divide by the mean absolute score; scores that have none, or no finite one, stay as they are."""
    # What is no number is an anomaly, and so lies below all others.
    known = np.where(np.isnan(scores), -np.inf, scores)
    with np.errstate(over="ignore"):
        mean = float(np.abs(known).mean())
    return known / mean if 0 < mean < np.inf else known
