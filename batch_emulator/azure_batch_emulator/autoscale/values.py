"""What an expression is worth: the language's types as Python's, their names and their text.

A double is a ``float`` and always finite, a doubleVec a tuple of them; booleans are the doubles
1 and 0. A doubleVecList exists only between the parentheses of a function.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from azure_batch_emulator.autoscale.errors import Fault
from azure_batch_emulator.autoscale.times import Interval, Timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable


class Deallocation(Enum):
    """What happens to the tasks of a node that leaves."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    TASK_COMPLETION = "taskcompletion"
    RETAINED_DATA = "retaineddata"

    def __str__(self) -> str:
        return self.value


Vector: TypeAlias = tuple[float, ...]
Value: TypeAlias = "float | Vector | str | Timestamp | Interval | Deallocation"

LONGEST_VECTOR = 10_000
"""Three days of samples; the limit keeps a formula that doubles a vector a hundred times harmless."""

_KINDS: dict[type, str] = {
    float: "double",
    tuple: "doubleVec",
    str: "string",
    Timestamp: "timestamp",
    Interval: "timeinterval",
    Deallocation: "deallocation option",
}
_PLAIN_BELOW = 1e15


def kind(value: Value) -> str:
    """Name a value's type as the language does."""
    return kind_of(type(value))


def kind_of(of: type) -> str:
    """Name a type of Python as the language does."""
    return _KINDS[of]


def truth(*, holds: bool) -> float:
    """Make the double for a yes or a no."""
    return 1.0 if holds else 0.0


def finite(number: float) -> float:
    """Let a number pass unless it is none.

    :raises Fault: for infinity and NaN
    """
    if not math.isfinite(number):
        raise Fault("the result is too large, or not a number")
    return number


def double(value: Value, what: str) -> float:
    """Take a value that has to be a double.

    :raises Fault: if it is not
    """
    if not isinstance(value, float):
        raise Fault(f"{what} is a double, not a {kind(value)}")
    return value


def vector(values: Iterable[float]) -> Vector:
    """Make a vector of numbers that may be too many, or none.

    :raises Fault: if it would be too long, or a component is not finite
    """
    components = tuple(map(finite, values))
    if len(components) > LONGEST_VECTOR:
        raise Fault(f"the vector has more than {LONGEST_VECTOR:,} components")
    return components


def flattened(values: Iterable[Value]) -> Vector:
    """Turn a list of doubles and vectors into one vector.

    :raises Fault: if it would be too long, or a value is neither
    """
    components: list[float] = []
    for value in values:
        if isinstance(value, tuple):
            components.extend(value)
        else:
            components.append(double(value, "a value of the list"))
        if len(components) > LONGEST_VECTOR:
            raise Fault(f"the list has more than {LONGEST_VECTOR:,} values")
    return tuple(components)


def shown(value: Value) -> str:
    """Write a value the way the service lists results."""
    if isinstance(value, float):
        plain = value.is_integer() and abs(value) < _PLAIN_BELOW
        return str(int(value)) if plain else repr(value)
    if isinstance(value, tuple):
        return f"[{','.join(map(shown, value))}]"
    return str(value)
