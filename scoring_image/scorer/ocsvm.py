"""A one-class SVM as numbers: deciding what scikit-learn would decide, without scikit-learn. No I/O.

scikit-learn (libsvm) adds ``coefficient * kernel`` one support vector after the other and calls a reading
normal if the sum plus the intercept is above zero. numpy adds in another order and with its own ``exp``, so
its sums differ in the last digits. That matters only beside zero: readings whose decision lies so near that
rounding could turn it are decided again the way libsvm does it, in a plain loop; on ordinary data there are
none. How near that is follows from the number of terms and their size (``kernels.py``); the bound is about
ten times what can happen and a thousand times what was ever measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from scorer.sheet import ONE_FEATURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scorer.kernels import Kernel

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

GUARD = 1e-12
"""Half width of the band round zero, relative to the terms of the sum, for up to some thousand terms."""
_GUARDED_TERMS = 4096
"""So many more terms widen the band by as much again."""
_BLOCK = 1 << 15
"""Kernel values held at once: a quarter of a mebibyte, however many readings there are. It stays in the
processor's cache from one step to the next; less would be taken up by the steps' own beginnings."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Decisions about readings, in their order."""

    scores: FloatArray
    """Shape (n_readings,), float64; the lower, the more abnormal."""
    labels: BoolArray | None = None
    """Shape (n_readings,), true for an anomaly; None if the scores say it."""
    refused: BoolArray | None = None
    """Shape (n_given,), true for readings that the model cannot score: the decisions are about the others.
    None if it scores all."""
    why_refused: str = ""

    @property
    def anomalies(self) -> BoolArray:
        """Shape (n_readings,); without labels of its own a score of exactly zero is one, as in libsvm."""
        return ~(self.scores > 0) if self.labels is None else self.labels

    def of_those(self, wanted: BoolArray) -> Verdicts:
        """Return the decisions about some of the readings.

        :param wanted: shape (n_readings,)
        """
        labels = None if self.labels is None else self.labels[wanted]
        return Verdicts(self.scores[wanted], labels)


class Model(Protocol):
    """What decides about the readings of one sensor."""

    @property
    def features(self) -> tuple[str, ...]:
        """Numeric columns of the readings that it looks at, in its order."""
        ...

    def judge(self, values: FloatArray) -> Verdicts:
        """Decide about readings.

        :param values: shape (n_readings, n_features), float64, finite; (n_readings,) for one feature
        :raises ModelFault: if the model can score none of them
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class OneClassSvm:
    """StandardScaler and one-class SVM.

    All numbers are finite and no scale is zero: ``model_format`` sees to it.
    """

    mean: FloatArray
    """Shape (n_features,)."""
    scale: FloatArray
    """Shape (n_features,)."""
    kernel: Kernel
    support_vectors: FloatArray
    """Shape (n_vectors, n_features), in scaled units."""
    coefficients: FloatArray
    """Shape (n_vectors,)."""
    intercept: float
    features: tuple[str, ...] = ONE_FEATURE

    def judge(self, values: FloatArray) -> Verdicts:
        """Decide about readings.

        :param values: shape (n_readings, n_features), float64, finite; (n_readings,) for one feature
        """
        rows = values.reshape(-1, len(self.features))
        # A value beyond all measure ends as infinity, and what becomes of that libsvm shows.
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = (rows - self.mean) / self.scale
            scores = self._sums(scaled)
            # A comparison with NaN is false: what is no number is near, too.
            near = ~((np.abs(scores) > self._band(scaled)) & np.isfinite(scores))
            if near.any():
                self._decide_again(scaled, scores, near)
        return Verdicts(scores)

    def near(self, values: FloatArray) -> BoolArray:
        """Tell which readings are decided the way libsvm does it; shape (n_readings,)."""
        rows = values.reshape(-1, len(self.features))
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = (rows - self.mean) / self.scale
            scores = self._sums(scaled)
            return ~((np.abs(scores) > self._band(scaled)) & np.isfinite(scores))

    def _band(self, scaled: FloatArray) -> FloatArray | float:
        """Return how far from zero a decision must be to be sure; shape (n_readings,) or one for all."""
        terms = float(np.abs(self.coefficients).sum()) * self.kernel.reach(scaled, self.support_vectors)
        width = GUARD * (1 + sum(self.support_vectors.shape) / _GUARDED_TERMS)
        return width * (terms + abs(self.intercept))

    def _sums(self, scaled: FloatArray) -> FloatArray:
        """Decision values by numpy, in blocks of readings; shape (n_readings,)."""
        scores = np.empty(len(scaled))
        rows = max(1, _BLOCK // len(self.support_vectors))
        for start in range(0, len(scaled), rows):
            block = self.kernel.values(scaled[start : start + rows], self.support_vectors)
            scores[start : start + rows] = self.coefficients @ block
        return scores + self.intercept

    def _decide_again(self, scaled: FloatArray, scores: FloatArray, near: BoolArray) -> None:
        """Put libsvm's own sums in place of numpy's; equal readings (a stuck sensor) are computed once."""
        distinct, places = np.unique(scaled[near], axis=0, return_inverse=True)
        sums = np.array([self._sum_like_libsvm(row) for row in distinct])
        scores[near] = sums[places.reshape(-1)]

    def _sum_like_libsvm(self, row: FloatArray) -> float:
        total = 0.0
        for vector, coefficient in zip(self.support_vectors, self.coefficients.tolist(), strict=True):
            total += coefficient * self.kernel.like_libsvm(row, vector)
        return total + self.intercept
