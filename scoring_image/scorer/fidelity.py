"""Does an exported model decide as scikit-learn does, also where it is hardest? No I/O.

Far from the boundary any two ways to compute agree. The test points therefore crowd round every place where
the decision changes: neighbouring floats first, then ever further off, on both sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scorer.ocsvm import FloatArray, OneClassSvm

_GRID = 1024
"""Points on which sign changes are looked for, beside the readings themselves."""
_MOST_EDGES = 32
"""Boundaries that are probed; a model of one feature has a handful."""
_HALVINGS = 1100
"""Enough to bring any two finite floats next to each other."""
_STEPS = np.array([*range(9), *(2**power for power in range(4, 41))], dtype=np.float64)
"""Distances from a boundary, in units of the last place."""


class Predictor(Protocol):
    """What we need of a scikit-learn pipeline."""

    def predict(self, features: FloatArray) -> NDArray[np.int64]:
        """Label rows, shape (n_readings, 1): 1 is normal, -1 an anomaly."""


def flips(model: OneClassSvm, original: Predictor, values: FloatArray) -> int:
    """Count the values that the exported model labels differently from the original.

    :param values: shape (n_readings,), float64, finite; may be empty
    """
    if not len(values):  # which scikit-learn refuses to label
        return 0
    theirs = original.predict(values.reshape(-1, 1)) == -1
    return int(np.count_nonzero(model.judge(values).anomalies != theirs))


def boundary_points(model: OneClassSvm, values: FloatArray) -> FloatArray:
    """Return values beside the model's decision boundaries; empty if it has none near the readings.

    :param values: the training readings, shape (n_readings,)
    :return: shape (n_points,), finite
    """
    low, high = _edges(model, _grid(values))
    sides = [edge + sign * _STEPS[:, np.newaxis] * np.spacing(np.abs(edge))
             for edge in (low, high) for sign in (-1.0, 1.0)]  # fmt: skip
    points: FloatArray = np.unique(np.concatenate([side.ravel() for side in sides]))
    return points[np.isfinite(points)]


def _grid(values: FloatArray) -> FloatArray:
    """Return readings and a grid that reaches three ranges beyond them, sorted; shape (n,)."""
    reach = max(3 * float(np.ptp(values)), 1.0)
    grid = np.linspace(values.min() - reach, values.max() + reach, _GRID)
    return np.unique(np.concatenate([values, grid]))


def _edges(model: OneClassSvm, grid: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Halve the gaps in which the label changes until both ends are neighbouring floats."""
    labels = model.judge(grid).anomalies
    changes = np.flatnonzero(labels[1:] != labels[:-1])[:_MOST_EDGES]
    low, high, below = grid[changes], grid[changes + 1], labels[changes]
    for _ in range(_HALVINGS):
        middle = low + (high - low) / 2
        if not np.any((middle != low) & (middle != high)):
            break
        same = model.judge(middle).anomalies == below
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return low, high
