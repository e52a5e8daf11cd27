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

from scoring_contract.training_report import Comparison, Evaluation

if TYPE_CHECKING:
    from scorer.labels import Labels
    from scorer.ocsvm import FloatArray, Model
    from scorer.series import Series


def evaluate(
    model: Model,
    series: Series,
    *,
    sensor: str,
    current: tuple[str, Model] | None,
    labels: Labels,
) -> Evaluation:
    """Judge a new model on later readings.

    :param series: the readings, with their times
    :param current: version and model to compare with; None if there is none
    """
    values = series.values
    verdicts = model.judge(values)
    comparison = None
    if current is not None:
        version, former = current[0], current[1].judge(values)
        changed = int(np.count_nonzero(verdicts.anomalies != former.anomalies))
        comparison = Comparison(version, drift(verdicts.scores, former.scores), changed)
    return Evaluation(
        readings=len(values),
        anomalies=int(verdicts.anomalies.sum()),
        comparison=comparison,
        labels=labels.check(sensor, series.stamps, verdicts.anomalies),
    )


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
