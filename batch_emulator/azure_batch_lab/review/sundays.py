"""What a value is on a Sunday, if Sunday's number is 0 and if it is 7: the documentation does not say which.

Both answers are carried along as a pair. As long as they are the same it does not matter, and mostly they
are: ``weekday >= 1 && weekday <= 5`` holds for neither. Where they differ and decide something, it is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from azure_batch_emulator.autoscale.errors import Fault
from azure_batch_emulator.autoscale.operators import combined as combined_values
from azure_batch_emulator.autoscale.operators import prefixed as prefixed_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from azure_batch_lab.review.fact import Fact

Pair: TypeAlias = "tuple[float | None, float | None]"
"""The double with 0 and that with 7; None is what is not known."""

WEEKDAY: Pair = (0.0, 7.0)


def matters(fact: Fact) -> bool:
    """Tell whether a value depends on the number."""
    return fact.sundays is not None and fact.sundays[0] != fact.sundays[1]


def is_known(fact: Fact) -> bool:
    """Tell whether both answers are known."""
    return fact.sundays is not None and None not in fact.sundays


def combined(left: Fact, sign: str, right: Fact) -> Pair | None:
    """Give what an operator makes of two values; None if neither has to do with weekdays."""
    if left.sundays is None and right.sundays is None:
        return None
    first, second = (_combined(a, sign, b) for a, b in zip(_values(left), _values(right), strict=True))
    return first, second


def prefixed(sign: str, operand: Fact) -> Pair | None:
    """Give what ``-`` or ``!`` makes of a value."""
    if operand.sundays is None:
        return None
    first, second = (None if value is None else _prefixed(sign, value) for value in operand.sundays)
    return first, second


def joined(parts: Sequence[Fact], *, decisive: bool) -> Pair | None:
    """Give the truth of conditions joined by ``&&`` (no is decisive) or ``||`` (yes is)."""
    if all(part.sundays is None for part in parts):
        return None
    first, second = (_joined(truths, decisive=decisive) for truths in zip(*map(_truths, parts), strict=True))
    return first, second


def chosen(cases: Iterable[tuple[Fact, Fact]], otherwise: Fact) -> Pair:
    """Give what ``? :`` comes to.

    :param cases: conditions and values
    """
    some = list(cases)
    first, second = (_chosen(some, otherwise, end) for end in range(2))
    return first, second


def _values(fact: Fact) -> Pair:
    return (fact.constant, fact.constant) if fact.sundays is None else fact.sundays


def _truths(fact: Fact) -> tuple[bool | None, bool | None]:
    if fact.sundays is None:
        return fact.sure, fact.sure
    first, second = (None if value is None else bool(value) for value in fact.sundays)
    return first, second


def _combined(left: float | None, sign: str, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    try:
        value = combined_values(left, sign, right)
    except Fault:
        return None
    return value if isinstance(value, float) else None


def _prefixed(sign: str, value: float) -> float | None:
    made = prefixed_value(sign, value)
    return made if isinstance(made, float) else None


def _joined(truths: Iterable[bool | None], *, decisive: bool) -> float | None:
    some = set(truths)
    if decisive in some:
        return float(decisive)
    return None if None in some else float(not decisive)


def _chosen(cases: Iterable[tuple[Fact, Fact]], otherwise: Fact, end: int) -> float | None:
    for condition, value in cases:
        holds = _truths(condition)[end]
        if holds is not False:
            return _values(value)[end] if holds else None
    return _values(otherwise)[end]
