"""Sums of bells: what an rbf model of one feature makes of many readings, at an eighth of the price. No I/O.

Such a sum, ``s(x) = sum of w * exp(-gamma * (x - c)^2)``, is smooth: on a piece of the line that is
``1 / sqrt(gamma)`` wide, a polynomial through its values at sixteen points is as good as the sum itself. So
the sum is taken at these points of every piece, and each reading is put into the polynomial of its piece.

How good it is follows from two bounds, with the pieces' width as the unit of length, and relative to the sum
of ``abs(w)``:

- through Chebyshev's points, the polynomial is off by no more than ``2 * (1/4)^16 / 16!`` times the sixteenth
  derivative (https://dlmf.nist.gov/3.3.E11), which Cramer's inequality for Hermite functions keeps below
  ``1.09 * sqrt(2^16 * 16!)`` (https://dlmf.nist.gov/18.14.E9): together ``3e-14``;
- readings, points and centres are each rounded by ``3e-14`` at most, as no piece lies further than 256 from
  zero, and the sum is no steeper than ``0.86``: together ``8e-14``.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from scorer.models.kernels import Rbf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IndexArray = NDArray[np.intp]

ERROR = 1.5e-13
"""No sum is off by more, relative to the sum of the weights' sizes."""
_POINTS = 16
"""Of a piece."""
_MOST_DISTANT = 256
"""Pieces lie no further from zero: beyond it their points are rounded too coarsely."""
_FAR = 6.0
"""In pieces: further from every centre, all bells together are below ``exp(-36)``, which is no number beside
``ERROR``."""
_GAIN = 2
"""So many readings there must be for each point, or nothing is gained."""


def bell_sums(
    places: FloatArray, centres: FloatArray, weights: FloatArray, gamma: float
) -> FloatArray | None:
    """Sum the bells at every place.

    :param places: shape (n,), no NaN
    :param centres: shape (n_centres,), finite; likewise the weights
    :return: shape (n,); None if to sum them one by one is cheaper, or more exact
    """
    width = 1 / math.sqrt(gamma)
    lowest, highest = float(centres.min()) / width - _FAR, float(centres.max()) / width + _FAR
    inside = np.minimum(np.maximum(places / width, lowest), highest)
    pieces = np.rint(inside)
    first, last = float(pieces.min()), float(pieces.max())
    if max(-first, last) > _MOST_DISTANT or (last - first + 1) * _POINTS * _GAIN > len(places):
        return None
    polynomials = _polynomials(np.arange(first, last + 1), centres / width, weights)
    inside -= pieces
    inside *= 2
    pieces -= first
    return _evaluated(polynomials, inside, pieces.astype(np.intp))


def _polynomials(pieces: FloatArray, centres: FloatArray, weights: FloatArray) -> FloatArray:
    """Return coefficients for powers of the distance from a piece's middle, its half being one.

    :param pieces: middles, shape (n_pieces,), in units of their width, as are the centres
    :return: shape (16, n_pieces)
    """
    points, to_coefficients, to_powers = _tables()
    places = pieces + points[:, np.newaxis] / 2
    sums = weights @ Rbf(1.0).values(places.reshape(-1, 1), centres[:, np.newaxis])
    polynomials: FloatArray = to_powers @ (to_coefficients @ sums.reshape(places.shape))
    return polynomials


def _evaluated(polynomials: FloatArray, distances: FloatArray, which: IndexArray) -> FloatArray:
    """Put every distance into its polynomial, by Horner's rule."""
    *lower, highest = polynomials
    sums: FloatArray = highest.take(which, mode="clip")  # all are inside; so they are not checked
    coefficient = np.empty_like(sums)
    for coefficients in reversed(lower):
        sums *= distances
        coefficients.take(which, out=coefficient, mode="clip")
        sums += coefficient
    return sums


@cache
def _tables() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Chebyshev's points, and the matrices from values there to Chebyshev's series and to powers."""
    orders = np.arange(_POINTS)
    angles = (orders + 0.5) * math.pi / _POINTS
    to_coefficients = np.cos(np.outer(orders, angles)) * (2 / _POINTS)
    to_coefficients[0] /= 2
    to_powers = np.eye(_POINTS)
    for order in range(2, _POINTS):  # T[n+1] = 2 x T[n] - T[n-1]
        to_powers[:, order] = -to_powers[:, order - 2]
        to_powers[1:, order] += 2 * to_powers[:-1, order - 1]
    return np.cos(angles), to_coefficients, to_powers
