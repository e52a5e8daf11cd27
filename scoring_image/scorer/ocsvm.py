"""A one-class SVM as numbers: deciding what scikit-learn would decide, without scikit-learn. No I/O.

scikit-learn (libsvm) adds ``coefficient * exp(-gamma * distance**2)`` one support vector after the other and
calls a reading normal if the sum plus the intercept is above zero. numpy adds in another order and with its
own ``exp``, so its sums differ in the last digits: 1e-15 of the sum of the absolute coefficients at most, as
measured. That matters only beside zero. Readings whose decision lies within 1e-12 of it are therefore decided
again the way libsvm does it, in a plain loop; on ordinary data there are none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

GUARD = 1e-12
"""Half width of the band round zero, relative to the sum of the absolute coefficients and the intercept."""
_BLOCK = 65_536
"""Kernel values held at once: half a mebibyte, however many readings there are."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Decisions about readings, in their order."""

    scores: FloatArray
    """Shape (n_readings,), float64; the lower, the more abnormal."""

    @property
    def anomalies(self) -> NDArray[np.bool_]:
        """Shape (n_readings,); exactly zero is an anomaly, as in libsvm."""
        return ~(self.scores > 0)


@dataclass(frozen=True, slots=True, eq=False)
class OneClassSvm:
    """StandardScaler and one-class SVM with an RBF kernel over one feature.

    All numbers are finite; ``scale`` is not zero and ``gamma`` is above zero: ``model_format`` sees to it.
    """

    mean: float
    scale: float
    gamma: float
    support_vectors: FloatArray
    """Shape (n_vectors,), in scaled units."""
    coefficients: FloatArray
    """Shape (n_vectors,)."""
    intercept: float

    def judge(self, values: FloatArray) -> Verdicts:
        """Decide about readings.

        :param values: shape (n_readings,), float64, finite
        """
        with np.errstate(over="ignore"):  # a value beyond all measure ends as exp(-inf) = 0, which is right
            scaled = (values - self.mean) / self.scale
            scores = self._sums(scaled)
        self._decide_again(scaled, scores, np.abs(scores) <= self._band)
        return Verdicts(scores)

    @property
    def _band(self) -> float:
        return GUARD * (float(np.abs(self.coefficients).sum()) + abs(self.intercept))

    def _sums(self, scaled: FloatArray) -> FloatArray:
        """Decision values by numpy, in blocks of readings; shape (n_readings,)."""
        scores = np.empty_like(scaled)
        rows = max(1, _BLOCK // len(self.support_vectors))
        for start in range(0, len(scaled), rows):
            block = scaled[start : start + rows, np.newaxis] - self.support_vectors
            np.multiply(block, block, out=block)
            np.multiply(block, -self.gamma, out=block)
            np.exp(block, out=block)
            scores[start : start + rows] = block @ self.coefficients
        return scores + self.intercept

    def _decide_again(self, scaled: FloatArray, scores: FloatArray, near: NDArray[np.bool_]) -> None:
        """Put libsvm's own sums in place of numpy's; equal readings (a stuck sensor) are computed once."""
        if not near.any():
            return
        distinct, places = np.unique(scaled[near], return_inverse=True)
        scores[near] = np.array([self._sum_like_libsvm(value) for value in distinct.tolist()])[places]

    def _sum_like_libsvm(self, scaled: float) -> float:
        total = 0.0
        pairs = zip(self.support_vectors.tolist(), self.coefficients.tolist(), strict=True)
        for vector, coefficient in pairs:
            gap = scaled - vector
            total += coefficient * math.exp(-self.gamma * (gap * gap))
        return total + self.intercept
