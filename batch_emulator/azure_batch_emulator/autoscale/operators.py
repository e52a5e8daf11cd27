"""The operators: which types each one takes, and what it makes of them.

What is not in the table is an error, even where a meaning could be guessed: the service's own
table leaves out a double left of a vector, and a timestamp minus an interval.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.autoscale.errors import Fault
from azure_batch_emulator.autoscale.times import Interval, Timestamp
from azure_batch_emulator.autoscale.values import finite, kind, kind_of, truth, vector

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_batch_emulator.autoscale.values import Value, Vector

    Binary = Callable[[Any, Any], Value]


def _divided(left: float, right: float) -> float:
    if not right:
        raise Fault("division by zero")
    return left / right


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
    "!=": operator.ne,
}


def _between_doubles(function: Callable[[float, float], float]) -> Binary:
    return lambda left, right: finite(function(left, right))


def _vector_with_double(function: Callable[[float, float], float]) -> Binary:
    return lambda left, right: vector(function(component, right) for component in left)


def _between_vectors(function: Callable[[float, float], float]) -> Binary:
    def apply(left: Vector, right: Vector) -> Vector:
        if len(left) != len(right):
            raise Fault(f"the vectors differ in length: {len(left)} and {len(right)}")
        return vector(map(function, left, right))

    return apply


def _compared(function: Callable[[Any, Any], bool]) -> Binary:
    return lambda left, right: truth(holds=function(left, right))


_TABLE: dict[tuple[type, str, type], Binary] = {
    **{(float, sign, float): _between_doubles(function) for sign, function in _ARITHMETIC.items()},
    **{(tuple, sign, float): _vector_with_double(function) for sign, function in _ARITHMETIC.items()},
    **{(tuple, sign, tuple): _between_vectors(function) for sign, function in _ARITHMETIC.items()},
    **{
        (of, sign, of): _compared(function)
        for of in (float, str, Timestamp, Interval)
        for sign, function in _COMPARISONS.items()
    },
    (float, "*", Interval): lambda factor, span: span.times(factor),
    (Interval, "*", float): lambda span, factor: span.times(factor),
    (Interval, "/", float): lambda span, divisor: span.over(divisor),
    (Interval, "+", Interval): lambda left, right: Interval(left.ticks + right.ticks),
    (Interval, "-", Interval): lambda left, right: Interval(left.ticks - right.ticks),
    (Interval, "+", Timestamp): lambda span, moment: moment.plus(span),
    (Timestamp, "+", Interval): lambda moment, span: moment.plus(span),
    (Timestamp, "-", Timestamp): lambda left, right: Interval(left.ticks - right.ticks),
}


def combined(left: Value, sign: str, right: Value) -> Value:
    """Apply an operator to two values.

    :raises Fault: if it does not take their types, or the result is not a value
    """
    apply = _TABLE.get((type(left), sign, type(right)))
    if apply is None:
        raise Fault(not_defined(type(left), sign, type(right)) or sign)
    return apply(left, right)


def not_defined(left: type, sign: str, right: type) -> str | None:
    """Say that an operator does not take two types; None if it does."""
    if (left, sign, right) in _TABLE:
        return None
    return f"{kind_of(left)} {sign} {kind_of(right)} is not defined{_hint(left, sign, right)}"


def _hint(left: type, sign: str, right: type) -> str:
    if (left, sign, right) == (Timestamp, "-", Interval):
        return "; add -1 * the interval instead"
    if (left, right) == (float, tuple):
        return "; the vector belongs on the left"
    return ""


def prefixed(sign: str, value: Value) -> Value:
    """Apply ``-`` or ``!`` to a value.

    :raises Fault: if it does not take its type
    """
    if isinstance(value, float):
        return -value if sign == "-" else truth(holds=not value)
    if isinstance(value, Interval) and sign == "-":
        return Interval(-value.ticks)
    raise Fault(f"{sign} {kind(value)} is not defined")
