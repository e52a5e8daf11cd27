"""Whether a fitted estimator can tell anything apart at all. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import DataFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from scorer.models.ocsvm import BoolArray, FloatArray

_FAR = 1e3
"""Ranges of the training readings to go beyond them: for every kernel of ours that is outside."""
_MOST = float(np.finfo(np.float32).max)
"""Forests take no larger numbers."""


def refuse_blind(anomalies_of: Callable[[FloatArray], BoolArray], values: FloatArray) -> None:
    """Refuse what would never call anything an anomaly.

    :param anomalies_of: labels rows, shape (n, n_features): true for an anomaly
    :param values: the training readings, likewise
    :raises DataFault: if neither a training reading nor one far beyond them is an anomaly
    """
    if anomalies_of(_far_from(values)).any() or anomalies_of(values).any():
        return
    count = len(np.unique(values, axis=0))
    raise DataFault(
        f"nothing would ever be an anomaly: its {len(values)} readings are {count} different ones, from "
        "which this estimator learns nothing; train on other hours, or with --estimator ocsvm --kernel rbf"
    )


def _far_from(values: FloatArray) -> FloatArray:
    """Return rows far beyond all values, a feature at a time; shape (2 * n_features, n_features)."""
    middle = values.mean(axis=0)
    with np.errstate(over="ignore"):
        distance = _FAR * np.maximum(np.ptp(values, axis=0), np.maximum(np.abs(middle), 1.0))
        steps = np.diag(distance)
        far = np.concatenate([middle + steps, middle - steps])
    most = np.maximum(np.abs(values).max(axis=0), _MOST)
    inside: FloatArray = np.clip(far, -most, most)
    return inside
