"""A one-class SVM that predicts exactly as scikit-learn does, without scikit-learn. No I/O.

scikit-learn (libsvm) adds ``coefficient * kernel`` one support vector after the other, and labels a reading
normal if the sum plus the intercept is above zero. numpy adds in another order and with its own ``exp``, so
its sums differ in the last digits. That matters only near zero: readings whose score is so small that
rounding could change its sign are predicted again as libsvm does, in a plain loop; ordinary data has none.
The tolerance follows from the number of terms and their size (``kernels.py``); it is about ten times the
possible error and a thousand times the largest one ever measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from scorer.models.kernels import Rbf
from scorer.readings.table import ONE_FEATURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scorer.models.kernels import Kernel

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

    class Model(Protocol):
        """An outlier detector for the readings of one sensor."""

        @property
        def features(self) -> tuple[str, ...]:
            """Numeric columns of the readings, in the model's order."""
            ...

        def predict(self, values: FloatArray) -> Predictions:
            """Predict readings.

            :param values: shape (n_readings, n_features), float64, finite; (n_readings,) for one feature
            :return: of all readings but the refused ones
            :raises ModelFault: if the model cannot score any of them
            """
            ...


TOLERANCE = 1e-12
"""Scores below it, relative to the terms of the sum, are computed again; for up to some thousand terms."""
_TOLERATED_TERMS = 4096
"""This many more terms add another ``TOLERANCE``."""
BELL_TOLERANCE = 1e-12
"""Added to the tolerance for interpolated sums: several times their error (``bell_sums.ERROR``)."""
_MANY_TERMS = 1 << 14
"""Readings times support vectors from which on interpolation is faster."""
_BLOCK = 1 << 15
"""Kernel values in memory at once: a quarter of a mebibyte, which stays in the processor's cache between
steps; with smaller blocks the overhead of numpy's calls dominates."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Scores and labels of readings, in their order."""

    scores: FloatArray
    """Shape (n_readings,), float64; the lower, the more abnormal."""
    labels: BoolArray | None = None
    """Shape (n_readings,), true for an anomaly; None if the sign of the score decides."""
    refused: BoolArray | None = None
    """Shape (n_given,), true for readings that the model cannot score, which scores and labels leave out.
    None if it scores all."""
    why_refused: str = ""

    @property
    def anomalies(self) -> BoolArray:
        """Shape (n_readings,), true for an anomaly; without labels, scores of zero or below, as in libsvm."""
        return ~(self.scores > 0) if self.labels is None else self.labels

    def of_those(self, wanted: BoolArray) -> Predictions:
        """Return the predictions of some of the readings.

        :param wanted: shape (n_readings,), true for a reading to keep
        """
        labels = None if self.labels is None else self.labels[wanted]
        return Predictions(self.scores[wanted], labels)


@dataclass(frozen=True, slots=True, eq=False)
class OneClassSvm:
    """StandardScaler and one-class SVM.

    All numbers are finite and no scale is zero, which ``format.py`` and ``pack_format.py`` check.
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

    def predict(self, values: FloatArray) -> Predictions:
        """Predict readings.

        :param values: shape (n_readings, n_features), float64, finite; (n_readings,) for one feature
        """
        # A huge value overflows to infinity, and is then predicted as libsvm does.
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = self._scaled(values)
            scores, near = self._decided(scaled)
            if near.any():
                self._decide_again(scaled, scores, near)
        return Predictions(scores)

    def near(self, values: FloatArray) -> BoolArray:
        """Return which readings are within the tolerance and computed as libsvm does; shape (n_readings,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._decided(self._scaled(values))[1]

    def _scaled(self, values: FloatArray) -> FloatArray:
        scaled: FloatArray = (values.reshape(-1, len(self.features)) - self.mean) / self.scale
        return scaled

    def _decided(self, scaled: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Compute scores with numpy, and which of them are within the tolerance of zero.

        :return: both of shape (n_readings,)
        """
        tolerance = TOLERANCE * (1 + sum(self.support_vectors.shape) / _TOLERATED_TERMS)
        sums = self._quick_sums(scaled)
        if sums is None:
            sums = self._sums(scaled)
        else:
            tolerance += BELL_TOLERANCE
        terms = float(np.abs(self.coefficients).sum()) * self.kernel.error_scale(scaled, self.support_vectors)
        scores = sums + self.intercept
        # Comparisons with NaN are false, so NaN counts as near, too.
        sure = (np.abs(scores) > tolerance * (terms + abs(self.intercept))) & np.isfinite(scores)
        return scores, ~sure

    def _quick_sums(self, scaled: FloatArray) -> FloatArray | None:
        """Sum over the support vectors by interpolation, if possible; shape (n_readings,), else None."""
        if len(scaled) * len(self.support_vectors) < _MANY_TERMS:
            return None
        if not isinstance(self.kernel, Rbf) or len(self.features) > 1:
            return None
        from scorer.models.bell_sums import bell_sums  # noqa: PLC0415  # a reading a minute does not need it

        centres = self.support_vectors[:, 0]
        return bell_sums(scaled[:, 0], centres, self.coefficients, self.kernel.gamma)

    def _sums(self, scaled: FloatArray) -> FloatArray:
        """Sum over the support vectors, in blocks of readings; shape (n_readings,)."""
        sums = np.empty(len(scaled))
        rows = max(1, _BLOCK // len(self.support_vectors))
        for start in range(0, len(scaled), rows):
            block = self.kernel.values(scaled[start : start + rows], self.support_vectors)
            sums[start : start + rows] = self.coefficients @ block
        return sums

    def _decide_again(self, scaled: FloatArray, scores: FloatArray, near: BoolArray) -> None:
        """Replace numpy's sums by libsvm's; equal readings (of a stuck sensor) are computed once."""
        distinct, places = np.unique(scaled[near], axis=0, return_inverse=True)
        sums = np.array([self._exact_sum(row) for row in distinct])
        scores[near] = sums[places.reshape(-1)]

    def _exact_sum(self, row: FloatArray) -> float:
        total = 0.0
        for vector, coefficient in zip(self.support_vectors, self.coefficients.tolist(), strict=True):
            total += coefficient * self.kernel.exact(row, vector)
        return total + self.intercept
