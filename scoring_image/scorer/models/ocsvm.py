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

from scorer.models.kernels import Rbf
from scorer.readings.table import ONE_FEATURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scorer.models.kernels import Kernel

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

    class Model(Protocol):
        """What decides about the readings of one sensor."""

        @property
        def features(self) -> tuple[str, ...]:
            """Numeric columns of the readings that it looks at, in its order."""
            ...

        def predict(self, values: FloatArray) -> Predictions:
            """Decide about readings.

            :param values: shape (n_readings, n_features), float64, finite; (n_readings,) for one feature
            :raises ModelFault: if the model can score none of them
            """
            ...


TOLERANCE = 1e-12
"""Half width of the band round zero, relative to the terms of the sum, for up to some thousand terms."""
_TOLERATED_TERMS = 4096
"""So many more terms widen the band by as much again."""
BELL_TOLERANCE = 1e-12
"""What sums by polynomials add to the band: several times what they can be off (``bell_sums.ERROR``)."""
_MANY_TERMS = 1 << 14
"""Readings times support vectors; to sum fewer, polynomials are no quicker."""
_BLOCK = 1 << 15
"""Kernel values held at once: a quarter of a mebibyte, however many readings there are. It stays in the
processor's cache from one step to the next; less would be taken up by the steps' own beginnings."""


@dataclass(frozen=True, slots=True)
class Predictions:
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

    def of_those(self, wanted: BoolArray) -> Predictions:
        """Return the decisions about some of the readings.

        :param wanted: shape (n_readings,)
        """
        labels = None if self.labels is None else self.labels[wanted]
        return Predictions(self.scores[wanted], labels)


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

    def predict(self, values: FloatArray) -> Predictions:
        """Decide about readings.

        :param values: shape (n_readings, n_features), float64, finite; (n_readings,) for one feature
        """
        # A value beyond all measure ends as infinity, and what becomes of that libsvm shows.
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = self._scaled(values)
            scores, near = self._decided(scaled)
            if near.any():
                self._decide_again(scaled, scores, near)
        return Predictions(scores)

    def near(self, values: FloatArray) -> BoolArray:
        """Tell which readings are decided the way libsvm does it; shape (n_readings,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._decided(self._scaled(values))[1]

    def _scaled(self, values: FloatArray) -> FloatArray:
        scaled: FloatArray = (values.reshape(-1, len(self.features)) - self.mean) / self.scale
        return scaled

    def _decided(self, scaled: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Return decision values by numpy, and which are so near zero that libsvm's own are needed.

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
        # A comparison with NaN is false: what is no number is near, too.
        sure = (np.abs(scores) > tolerance * (terms + abs(self.intercept))) & np.isfinite(scores)
        return scores, ~sure

    def _quick_sums(self, scaled: FloatArray) -> FloatArray | None:
        """Sum over the support vectors the quick way, if there is one; shape (n_readings,)."""
        if len(scaled) * len(self.support_vectors) < _MANY_TERMS:
            return None
        if not isinstance(self.kernel, Rbf) or len(self.features) > 1:
            return None
        from scorer.models.bell_sums import bell_sums  # noqa: PLC0415  # a reading a minute does without

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
        """Put libsvm's own sums in place of numpy's; equal readings (a stuck sensor) are computed once."""
        distinct, places = np.unique(scaled[near], axis=0, return_inverse=True)
        sums = np.array([self._exact_sum(row) for row in distinct])
        scores[near] = sums[places.reshape(-1)]

    def _exact_sum(self, row: FloatArray) -> float:
        total = 0.0
        for vector, coefficient in zip(self.support_vectors, self.coefficients.tolist(), strict=True):
            total += coefficient * self.kernel.exact(row, vector)
        return total + self.intercept
