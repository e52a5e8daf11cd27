"""Refuses fitted estimators that label every reading normal. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import DataFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from scorer.models.ocsvm import BoolArray, FloatArray

_FAR = 1e3
"""Distance from the training readings, in units of their range: far outside for every kernel."""
_MOST = float(np.finfo(np.float32).max)
"""scikit-learn's forests convert their input to float32 and refuse larger numbers."""


def refuse_blind(anomalies_of: Callable[[FloatArray], BoolArray], values: FloatArray) -> None:
    """Refuse a model that finds no anomaly, neither among its training readings nor far outside.

    :param anomalies_of: takes rows, shape (n, n_features); returns labels, shape (n,), true for an anomaly
    :param values: the training readings, shape (n_readings, n_features)
    :raises DataFault: if the model finds none
    """
    if anomalies_of(_far_from(values)).any() or anomalies_of(values).any():
        return
    count = len(np.unique(values, axis=0))
    raise DataFault(
        f"the model would never find an anomaly: its {len(values)} readings have {count} distinct values, "
        "which teach this estimator nothing; train on other hours, or with --estimator ocsvm --kernel rbf"
    )


def _far_from(values: FloatArray) -> FloatArray:
    """Return rows far outside all values, one feature at a time; shape (2 * n_features, n_features)."""
    middle = values.mean(axis=0)
    with np.errstate(over="ignore"):
        distance = _FAR * np.maximum(np.ptp(values, axis=0), np.maximum(np.abs(middle), 1.0))
        steps = np.diag(distance)
        far = np.concatenate([middle + steps, middle - steps])
    most = np.maximum(np.abs(values).max(axis=0), _MOST)
    inside: FloatArray = np.clip(far, -most, most)
    return inside
