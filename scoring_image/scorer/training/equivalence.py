"""Compares an exported model with its scikit-learn original, above all at the decision boundary. No I/O.

Far from the boundary any two implementations agree. The test points therefore cluster around every point
where the label changes: the neighbouring floats, then points at growing distances, on both sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scorer.models.ocsvm import FloatArray, Model

_GRID = 1024
"""Points of a line on which the search looks for label changes."""
_MOST_EDGES = 32
"""Boundaries probed per line; a model of one feature has a handful."""
_HALVINGS = 1100
"""Enough bisections to reach neighbouring floats from any two finite ones."""
_LINES = 16
"""Lines through readings on which boundaries of several features are searched."""
_STEPS = np.array([*range(9), *(2**power for power in range(4, 41))], dtype=np.float64)
"""Distances from a boundary, in units of the last place."""


class Predictor(Protocol):
    """The part of a scikit-learn estimator that the comparison needs."""

    def predict(self, features: FloatArray) -> NDArray[np.int64]:
        """Label rows: 1 for normal, -1 for an anomaly.

        :param features: shape (n_readings, n_features)
        :return: shape (n_readings,)
        """


def flips(model: Model, original: Predictor, values: FloatArray) -> int:
    """Count the readings that the exported model labels differently from the original.

    :param values: shape (n_readings, n_features), float64, finite; may be empty
    """
    if not len(values):  # scikit-learn refuses to predict no rows
        return 0
    theirs = original.predict(values) == -1
    return int(np.count_nonzero(model.predict(values).anomalies != theirs))


def boundary_points(model: Model, values: FloatArray) -> FloatArray:
    """Return points close to the model's decision boundaries; empty if it has none near the readings.

    :param values: the training readings, shape (n_readings, n_features)
    :return: shape (n_points, n_features), finite
    """
    points = [_beside(edge) for line in _lines_through(values) for edge in _edges(model, line)]
    if not points:
        return np.empty((0, values.shape[1]))
    found: FloatArray = np.unique(np.concatenate(points), axis=0)
    return found[np.isfinite(found).all(axis=1)]


def _lines_through(values: FloatArray) -> list[FloatArray]:
    """Return the lines to search for boundaries, each as sorted points of shape (n, n_features).

    With one feature there is one line: all readings, and a grid that extends three ranges beyond them. With
    several features, lines run through pairs of readings, and as far beyond.
    """
    if values.shape[1] == 1:
        margin = max(3 * float(np.ptp(values)), 1.0)
        grid = np.linspace(values.min() - margin, values.max() + margin, _GRID)
        return [np.unique(np.concatenate([values[:, 0], grid]))[:, np.newaxis]]
    random = np.random.default_rng(len(values))
    starts, ends = values[random.integers(len(values), size=(2, _LINES))]
    steps = np.linspace(-3, 4, _GRID)[:, np.newaxis]
    return [start + steps * (end - start) for start, end in zip(starts, ends, strict=True)]


def _edges(model: Model, line: FloatArray) -> FloatArray:
    """Bisect each label change down to neighbouring floats; shape (2 * n_changes, n_features)."""
    labels = model.predict(line).anomalies
    changes = np.flatnonzero(labels[1:] != labels[:-1])[:_MOST_EDGES]
    low, high, below = line[changes], line[changes + 1], labels[changes]
    for _ in range(_HALVINGS):
        middle = low + (high - low) / 2
        if not np.any(((middle != low) & (middle != high)).any(axis=1)):
            break
        same = (model.predict(middle).anomalies == below)[:, np.newaxis]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.concatenate([low, high])


def _beside(edge: FloatArray) -> FloatArray:
    """Return points at growing distances from a boundary point, moving all features together and each alone.

    :param edge: shape (n_features,)
    :return: shape (n_points, n_features)
    """
    width = len(edge)
    directions = np.concatenate([np.eye(width), np.ones((1, width))]) if width > 1 else np.ones((1, 1))
    signed = np.concatenate([-_STEPS[::-1], _STEPS])
    moves = signed[:, np.newaxis, np.newaxis] * directions * np.spacing(np.abs(edge))
    points: FloatArray = (edge + moves).reshape(-1, width)
    return points
