"""What can be told of a value before there are samples: its types, its range, whether it is whole.

Everything said is true of every evaluation that ends well; what is not known is said to be anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.times import Interval, Timestamp
from azure_batch_emulator.autoscale.values import Deallocation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from azure_batch_lab.review.sundays import Pair

_INFINITY = math.inf


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of a value."""

    kinds: frozenset[type]
    """Types of Python it may have, as in ``values``; none after an error: then nothing is known."""
    low: float = -_INFINITY
    """What a double, or every component of a vector, is not below."""
    high: float = _INFINITY
    """What it is not above."""
    fraction: int | None = None
    """Offset of what makes it a fraction; None if it is whole."""
    asks: frozenset[str] = frozenset()
    """Sample variables whose completeness it tells of."""
    words: frozenset[Deallocation] = frozenset()
    """Deallocation options it may be."""
    span: Interval | None = None
    """A timeinterval that is always the same; of a timestamp, its distance from now."""
    may_be_empty: bool = False
    """Whether a vector may have no component."""
    missing: int | None = None
    """Offset of the GetSample that nobody has asked about and that may find nothing."""
    unasked: int | None = None
    """Offset of the GetSample, of one sample or a window, that nobody has asked about."""
    several: str | None = None
    """The task variable of which a vector holds more than one sample."""
    sundays: Pair | None = None
    """What it is on a Sunday, if it has to do with weekdays."""

    @property
    def sure(self) -> bool | None:
        """Tell whether a condition holds; None if that depends."""
        if self.low > 0 or self.high < 0:
            return True
        return False if self.low == self.high == 0 else None

    @property
    def constant(self) -> float | None:
        """Tell the double it always is; None if that depends."""
        return self.low if self.low == self.high and self.kinds == {float} else None

    def within(self, low: float = -_INFINITY, high: float = _INFINITY) -> Fact:
        """Narrow the range; a range that would be empty stays as it is."""
        lower, upper = max(self.low, low), min(self.high, high)
        return replace(self, low=lower, high=upper) if lower <= upper else self

    def asking(self, *others: Fact) -> Fact:
        """Add what others tell of the completeness of samples."""
        return replace(self, asks=self.asks.union(*(other.asks for other in others)))


UNKNOWN = Fact(frozenset())
"""What is left after an error, so that it is told once."""


def double(low: float = -_INFINITY, high: float = _INFINITY, fraction: int | None = None) -> Fact:
    """Describe a double."""
    return Fact(frozenset({float}), low, high, fraction)


def truth(holds: bool | None) -> Fact:  # noqa: FBT001 - the answer itself
    """Describe the double of a yes, a no, or either."""
    return double(0, 1) if holds is None else double(float(holds), float(holds))


def moment(offset: Interval | None = None) -> Fact:
    """Describe a timestamp, so far from now if that is known."""
    return Fact(frozenset({Timestamp}), span=offset)


def interval(span: Interval | None = None) -> Fact:
    """Describe a timeinterval."""
    return Fact(frozenset({Interval}), span=span)


def word(option: Deallocation) -> Fact:
    """Describe a deallocation option."""
    return Fact(frozenset({Deallocation}), words=frozenset({option}))


def either(facts: Iterable[Fact]) -> Fact:
    """Describe a value that is one of several."""
    some = list(facts)
    first = some[0]
    if any(not one.kinds for one in some):
        return UNKNOWN
    return Fact(
        frozenset[type]().union(*(one.kinds for one in some)),
        min(one.low for one in some),
        max(one.high for one in some),
        next((one.fraction for one in some if one.fraction is not None), None),
        first.asks.union(*(one.asks for one in some)),
        first.words.union(*(one.words for one in some)),
        first.span if all(one.span == first.span for one in some) else None,
        any(one.may_be_empty for one in some),
        next((one.missing for one in some if one.missing is not None), None),
        next((one.unasked for one in some if one.unasked is not None), None),
        next((one.several for one in some if one.several is not None), None),
    )


# Arithmetic of ranges. Rounding is monotonic: what is computed of bounds bounds what is computed.


def added(left: Fact, right: Fact) -> tuple[float, float]:
    """Bound a sum."""
    return _sum(left.low, right.low, -_INFINITY), _sum(left.high, right.high, _INFINITY)


def subtracted(left: Fact, right: Fact) -> tuple[float, float]:
    """Bound a difference."""
    return _sum(left.low, -right.high, -_INFINITY), _sum(left.high, -right.low, _INFINITY)


def multiplied(left: Fact, right: Fact) -> tuple[float, float]:
    """Bound a product."""
    return _hull(left, right, lambda a, b: a * b if a and b else 0.0)


def divided(left: Fact, right: Fact) -> tuple[float, float]:
    """Bound a quotient; a divisor of 0 is an error and not a bound."""
    if right.low > 0 or right.high < 0:
        return _hull(left, right, _quotient)
    if right.low == 0 and left.low >= 0:
        return 0.0, _INFINITY
    return -_INFINITY, _INFINITY


def _sum(left: float, right: float, otherwise: float) -> float:
    total = left + right
    return otherwise if math.isnan(total) else total


def _quotient(left: float, right: float) -> float:
    quotient = left / right
    return 0.0 if math.isnan(quotient) else quotient


def _hull(left: Fact, right: Fact, of: Callable[[float, float], float]) -> tuple[float, float]:
    ends = [of(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    return min(ends), max(ends)
