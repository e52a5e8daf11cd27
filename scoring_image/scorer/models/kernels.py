"""Kernels of a support vector machine: fast over many readings, and one at a time as libsvm computes them.

scikit-learn's dense libsvm takes every inner product from BLAS (``ddot``), also the squared distance of the
rbf kernel: of the difference vector with itself. numpy's product of two vectors is the same routine, so the
numbers are the same to the last bit; over many readings numpy adds in another order. ``error_scale`` says how
large a kernel's terms are and how much they magnify what is lost in rounding.

Source: scikit-learn's ``sklearn/svm/src/libsvm/svm.cpp``, ``Kernel::k_function``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

    class Kernel(Protocol):
        """One of the four kernels with its numbers."""

        name: ClassVar[str]
        """As scikit-learn calls it."""

        def values(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
            """Return the kernel of every row with every vector, by numpy.

            :param rows: shape (n_rows, n_features)
            :param vectors: shape (n_vectors, n_features)
            :return: shape (n_vectors, n_rows), the caller's to change: long rows are what numpy is quick at
            """
            ...

        def error_scale(self, rows: FloatArray, vectors: FloatArray) -> FloatArray | float:
            """Return a bound for each row: rounding errors of the kernel stay below a few ulps of it.

            :return: shape (n_rows,), or one number for all rows
            """
            ...

        def exact(self, row: FloatArray, vector: FloatArray) -> float:
            """Return the kernel of a row and a vector as libsvm computes it.

            :param row: shape (n_features,), contiguous; likewise the vector
            """
            ...


MOST_DEGREE = 64
"""Of a poly kernel; more is a mistake."""


@dataclass(frozen=True, slots=True)
class Rbf:
    """``exp(-gamma * |x - y|^2)``; gamma is above zero."""

    name: ClassVar[str] = "rbf"
    gamma: float

    def values(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Square the differences feature by feature; the expanded square would cancel."""
        total = _squares(rows[:, 0], vectors[:, 0])
        for feature in range(1, rows.shape[1]):
            total += _squares(rows[:, feature], vectors[:, feature])
        np.multiply(total, -self.gamma, out=total)
        return np.exp(total, out=total)

    def error_scale(self, rows: FloatArray, vectors: FloatArray) -> float:  # noqa: ARG002  # one interface
        """Neither the kernel nor what a relative error of its exponent does to it is above one."""
        return 1.0

    def exact(self, row: FloatArray, vector: FloatArray) -> float:
        """``exp`` is the C library's, as in libsvm."""
        gap = row - vector
        return math.exp(-self.gamma * float(np.dot(gap, gap)))


@dataclass(frozen=True, slots=True)
class Linear:
    """``x . y``."""

    name: ClassVar[str] = "linear"

    def values(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Multiply matrices."""
        return vectors @ rows.T

    def error_scale(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Products are added: their sizes count, not their sum."""
        return _products(rows, vectors)

    def exact(self, row: FloatArray, vector: FloatArray) -> float:
        """BLAS."""
        return float(np.dot(row, vector))


@dataclass(frozen=True, slots=True)
class Poly:
    """``(gamma * x . y + coef0) ** degree``; the degree is a whole number, not negative."""

    name: ClassVar[str] = "poly"
    gamma: float
    coef0: float
    degree: int

    def values(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Raise to the power as libsvm does."""
        return _power(self.gamma * (vectors @ rows.T) + self.coef0, self.degree)

    def error_scale(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Count an error of the base ``degree`` times: so much larger it comes out."""
        base = abs(self.gamma) * _products(rows, vectors) + abs(self.coef0)
        return max(1, self.degree) * np.maximum(base, 0) ** self.degree

    def exact(self, row: FloatArray, vector: FloatArray) -> float:
        """Infinite where it is too large, as in C."""
        return _power_of(self.gamma * float(np.dot(row, vector)) + self.coef0, self.degree)


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """``tanh(gamma * x . y + coef0)``."""

    name: ClassVar[str] = "sigmoid"
    gamma: float
    coef0: float

    def values(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Multiply matrices."""
        total = self.gamma * (vectors @ rows.T)
        total += self.coef0
        return np.tanh(total, out=total)

    def error_scale(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Count an error of the argument once: it comes out no larger, and the kernel is not above one."""
        return 1 + abs(self.gamma) * _products(rows, vectors) + abs(self.coef0)

    def exact(self, row: FloatArray, vector: FloatArray) -> float:
        """``tanh`` is the C library's, as in libsvm."""
        return math.tanh(self.gamma * float(np.dot(row, vector)) + self.coef0)


def _squares(column: FloatArray, vectors: FloatArray) -> FloatArray:
    """Return the squared difference of every vector and every row; shape (n_vectors, n_rows).

    numpy subtracts a row from a column three times as slowly as BLAS multiplies matrices. These two have ones
    beside the numbers: products are the numbers themselves, their one sum is the difference to the last bit.
    """
    left, right = np.ones((2, len(vectors))), np.ones((2, len(column)))
    left[0] = vectors
    np.negative(column, out=right[1])
    gaps = left.T @ right
    return np.multiply(gaps, gaps, out=gaps)


def _products(rows: FloatArray, vectors: FloatArray) -> FloatArray:
    """Bound the sum of the products' sizes, for each row over all vectors; shape (n_rows,)."""
    bound: FloatArray = np.abs(rows) @ np.abs(vectors).max(axis=0)
    return bound


def _power(base: FloatArray, times: int) -> FloatArray:
    result = np.ones_like(base)
    while times > 0:
        if times % 2:
            result *= base
        base = base * base
        times //= 2
    return result


def _power_of(base: float, times: int) -> float:
    """Square and multiply in libsvm's order, of which the last bit depends."""
    result = 1.0
    while times > 0:
        if times % 2:
            result *= base
        base *= base
        times //= 2
    return result
