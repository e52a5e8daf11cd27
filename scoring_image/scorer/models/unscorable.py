"""Finds the readings that an estimator cannot score, by bisection. No I/O.

scikit-learn refuses all rows because of one: a step turned it into NaN or infinity (``log1p`` of -2), it is
too large for the float32 of trees, or a step does not know its value. To find a few such rows among thousands
takes some tens of predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from scorer.models.ocsvm import BoolArray, FloatArray

ROW_ERRORS = (ValueError, ArithmeticError)
"""Exceptions that scikit-learn raises because of values; any other one is a fault of the estimator."""
MOST_TRIES = 1024
"""Limit of the predictions of one search; with so many wrong rows, the estimator is wrong."""


class SearchTooLong(Exception):
    """More rows are refused than the search may find."""


def unscorable_rows(predict: Callable[[FloatArray], object], rows: FloatArray) -> BoolArray:
    """Find the rows that cannot be predicted even alone; equal rows are tried once.

    :param predict: raises one of :data:`ROW_ERRORS` if there is such a row among those given
    :param rows: shape (n_rows, n_features)
    :return: shape (n_rows,), true for a row that cannot be predicted
    :raises SearchTooLong: if the search takes more than :data:`MOST_TRIES` predictions
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
