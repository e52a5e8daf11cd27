"""Kernels of a support vector machine: fast for many readings, and one at a time exactly as in libsvm.

scikit-learn's dense libsvm computes every inner product with BLAS (``ddot``), including the squared distance
of the rbf kernel, which is that of the difference with itself. ``np.dot`` of two vectors calls the same
routine, so the numbers agree to the last bit; for many readings numpy adds in another order. ``error_scale``
bounds a kernel's terms and the factor by which they magnify rounding errors.

Source: ``Kernel::k_function`` of
https://github.com/scikit-learn/scikit-learn/blob/main/sklearn/svm/src/libsvm/svm.cpp
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
        """A kernel with its parameters."""

        name: ClassVar[str]
        """Its name in scikit-learn."""

        def values(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
            """Compute the kernel of every row with every vector, with numpy.

            :param rows: shape (n_rows, n_features)
            :param vectors: shape (n_vectors, n_features)
            :return: shape (n_vectors, n_rows), in this order because numpy is fast on long rows; not shared,
                so the caller may change it
            """
            ...

        def error_scale(self, rows: FloatArray, vectors: FloatArray) -> FloatArray | float:
            """Bound the terms of each row: the kernel's rounding errors stay below a few ulps of the bound.

            :param rows: shape (n_rows, n_features)
            :param vectors: shape (n_vectors, n_features)
            :return: shape (n_rows,), or one number for all rows
            """
            ...

        def exact(self, row: FloatArray, vector: FloatArray) -> float:
            """Compute the kernel of a row and a vector exactly as libsvm does.

            :param row: shape (n_features,), contiguous; likewise the vector
            """
            ...


@dataclass(frozen=True, slots=True)
class Rbf:
    """``exp(-gamma * |x - y|^2)``; gamma is above zero."""

    name: ClassVar[str] = "rbf"
    gamma: float

    def values(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Sum squared differences; ``|x|^2 - 2 x . y + |y|^2`` would lose digits by cancellation."""
        total = _squares(rows[:, 0], vectors[:, 0])
        for feature in range(1, rows.shape[1]):
            total += _squares(rows[:, feature], vectors[:, feature])
        np.multiply(total, -self.gamma, out=total)
        return np.exp(total, out=total)

    def error_scale(self, rows: FloatArray, vectors: FloatArray) -> float:  # noqa: ARG002  # one interface
        """Return 1: neither the kernel nor its change by a relative error of the exponent is larger."""
        return 1.0

    def exact(self, row: FloatArray, vector: FloatArray) -> float:
        """Use the C library's ``exp``, as libsvm does."""
        gap = row - vector
        return math.exp(-self.gamma * float(np.dot(gap, gap)))


@dataclass(frozen=True, slots=True)
class Linear:
    """``x . y``."""

    name: ClassVar[str] = "linear"

    def values(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Compute a matrix product."""
        return vectors @ rows.T

    def error_scale(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Sum absolute values of the products, as the errors of their sum depend on these."""
        return _products(rows, vectors)

    def exact(self, row: FloatArray, vector: FloatArray) -> float:
        """Use BLAS, as libsvm does."""
        return float(np.dot(row, vector))


@dataclass(frozen=True, slots=True)
class Poly:
    """``(gamma * x . y + coef0) ** degree``; the degree is a whole number, not negative."""

    name: ClassVar[str] = "poly"
    gamma: float
    coef0: float
    degree: int

    def values(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Raise to the power by squaring, as libsvm does."""
        return _power(self.gamma * (vectors @ rows.T) + self.coef0, self.degree)

    def error_scale(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Multiply by the degree, the factor by which the power magnifies an error of its base."""
        base = abs(self.gamma) * _products(rows, vectors) + abs(self.coef0)
        return max(1, self.degree) * np.maximum(base, 0) ** self.degree

    def exact(self, row: FloatArray, vector: FloatArray) -> float:
        """Return infinity on overflow, as in C."""
        return _power_of(self.gamma * float(np.dot(row, vector)) + self.coef0, self.degree)


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """``tanh(gamma * x . y + coef0)``."""

    name: ClassVar[str] = "sigmoid"
    gamma: float
    coef0: float

    def values(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Apply ``tanh`` to a matrix product."""
        total = self.gamma * (vectors @ rows.T)
        total += self.coef0
        return np.tanh(total, out=total)

    def error_scale(self, rows: FloatArray, vectors: FloatArray) -> FloatArray:
        """Bound kernel and argument: the kernel is at most 1, and ``tanh`` magnifies no error."""
        return 1 + abs(self.gamma) * _products(rows, vectors) + abs(self.coef0)

    def exact(self, row: FloatArray, vector: FloatArray) -> float:
        """Use the C library's ``tanh``, as libsvm does."""
        return math.tanh(self.gamma * float(np.dot(row, vector)) + self.coef0)


def _squares(column: FloatArray, vectors: FloatArray) -> FloatArray:
    """Return the squared difference of every vector and every row.

    BLAS multiplies matrices three times as fast as numpy subtracts by broadcasting. The product of
    ``[[vector, 1]]`` and ``[[1], [-row]]`` is ``vector * 1 + 1 * -row``, the difference to the last bit.

    :param column: one feature of the rows, shape (n_rows,)
    :param vectors: the same feature of the vectors, shape (n_vectors,)
    :return: shape (n_vectors, n_rows)
    """
    left, right = np.ones((2, len(vectors))), np.ones((2, len(column)))
    left[0] = vectors
    np.negative(column, out=right[1])
    gaps = left.T @ right
    return np.multiply(gaps, gaps, out=gaps)


def _products(rows: FloatArray, vectors: FloatArray) -> FloatArray:
    """Bound ``sum(abs(x * y))`` of each row x over all vectors y; shape (n_rows,)."""
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
    """Square and multiply in libsvm's order, on which the last bit depends."""
    result = 1.0
    while times > 0:
        if times % 2:
            result *= base
        base *= base
        times //= 2
    return result
