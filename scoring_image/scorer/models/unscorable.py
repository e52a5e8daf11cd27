"""Which readings an estimator cannot score, when it refuses some of many. No I/O.

scikit-learn refuses all rows for one that it cannot take: a step before made NaN or infinity of it (``log1p``
of -2), it is too large for the float32 of trees, or a step knows nothing like it. Such rows are found by
halving: a few of thousands cost some tens of predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from scorer.models.ocsvm import BoolArray, FloatArray

ROW_ERRORS = (ValueError, ArithmeticError)
"""What scikit-learn raises for values; anything else is a fault of the estimator."""
MOST_TRIES = 1024
"""Predictions that a search may cost; so many wrong rows say that it is the estimator which is wrong."""


class SearchTooLong(Exception):
    """More rows are refused than can be told apart."""


def unscorable_rows(predict: Callable[[FloatArray], object], rows: FloatArray) -> BoolArray:
    """Find the rows that cannot be predicted even alone; equal ones are asked for once.

    :param predict: raises one of :data:`ROW_ERRORS` if there is such a row among those given
    :param rows: shape (n_rows, n_features)
    :return: shape (n_rows,)
    :raises SearchTooLong: if there are too many
    """
    distinct, places = np.unique(rows, axis=0, return_inverse=True)
    refused = np.zeros(len(distinct), dtype=np.bool_)
    waiting = [(0, len(distinct))] if len(distinct) else []
    for _ in range(MOST_TRIES):
        if not waiting:
            return refused[places.reshape(-1)]
        start, end = waiting.pop()
        if _is_scorable(predict, distinct[start:end]):
            continue
        if end - start == 1:
            refused[start] = True
        else:
            middle = (start + end) // 2
            waiting += [(middle, end), (start, middle)]
    raise SearchTooLong


def _is_scorable(predict: Callable[[FloatArray], object], rows: FloatArray) -> bool:
    try:
        predict(rows)
    except ROW_ERRORS:
        return False
    return True
