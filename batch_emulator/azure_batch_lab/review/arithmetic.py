"""What operators make of what is known of their operands."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.errors import Fault
from azure_batch_emulator.autoscale.operators import combined, not_defined
from azure_batch_emulator.autoscale.operators import prefixed as prefixed_value
from azure_batch_emulator.autoscale.times import Interval, Timestamp
from azure_batch_emulator.autoscale.values import kind_of
from azure_batch_lab.review import fact as facts
from azure_batch_lab.review import sundays
from azure_batch_lab.review.fact import UNKNOWN, Fact, added, divided, multiplied, subtracted

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_batch_emulator.autoscale.tree import Link

_RANGES: dict[str, Callable[[Fact, Fact], tuple[float, float]]] = {
    "+": added,
    "-": subtracted,
    "*": multiplied,
    "/": divided,
}


def linked(left: Fact, link: Link, right: Fact, *, rounds_up: bool) -> Fact:
    """Describe what an operator makes of two values.

    :param rounds_up: whether it is a division whose result, cut off, is rounded up
    :raises Fault: if it takes none of the types that they may have, or divides by nothing
    """
    sign = link.operator
    if not left.kinds or not right.kinds:
        return UNKNOWN if sign in _RANGES else facts.truth(None)
    pairs = [(a, b) for a, b in product(left.kinds, right.kinds) if not_defined(a, sign, b) is None]
    if not pairs:
        first, second = (min(fact.kinds, key=kind_of) for fact in (left, right))
        raise Fault(not_defined(first, sign, second) or sign)
    if sign == "/" and right.low == right.high == 0 and right.kinds == {float}:
        raise Fault("division by zero")
    made = facts.either(_made(pair, left, link, right, rounds_up=rounds_up) for pair in pairs)
    return replace(made.asking(left, right), sundays=sundays.combined(left, sign, right))


def _made(pair: tuple[type, type], left: Fact, link: Link, right: Fact, *, rounds_up: bool) -> Fact:
    sign = link.operator
    if sign not in _RANGES:
        return facts.truth(_compared(left, sign, right) if pair == (float, float) else None)
    if Interval in pair or Timestamp in pair:
        return _timed(pair, left, sign, right)
    low, high = _RANGES[sign](left, right)
    vectors = tuple in pair
    return Fact(
        frozenset({tuple if vectors else float}),
        low,
        high,
        None if rounds_up else _fraction(left, link, right, low, high),
        may_be_empty=vectors and left.may_be_empty,
        missing=left.missing if left.missing is not None else right.missing,
        unasked=left.unasked if left.unasked is not None else right.unasked,
        several=left.several or right.several,
    )


def _fraction(left: Fact, link: Link, right: Fact, low: float, high: float) -> int | None:
    if low == high and low.is_integer():
        return None
    inherited = right.fraction if left.fraction is None else left.fraction
    if link.operator == "/" and inherited is None:
        return None if right.constant in {1.0, -1.0} else link.at
    return inherited


def _compared(left: Fact, sign: str, right: Fact) -> bool | None:
    below, above = left.high < right.low, left.low > right.high
    same = left.low == left.high == right.low == right.high
    apart = below or above
    match sign:
        case "<":
            return True if below else False if left.low >= right.high else None
        case "<=":
            return True if left.high <= right.low else False if above else None
        case ">":
            return True if above else False if left.high <= right.low else None
        case ">=":
            return True if left.low >= right.high else False if below else None
        case "==":
            return True if same else False if apart else None
        case _:
            return True if apart else False if same else None


def _timed(pair: tuple[type, type], left: Fact, sign: str, right: Fact) -> Fact:
    """Combine spans; the distance of a timestamp from now is combined like an interval."""
    of = frozenset({Timestamp}) if pair.count(Timestamp) == 1 else frozenset({Interval})
    operands = [
        fact.constant if kind is float else fact.span for kind, fact in zip(pair, (left, right), strict=True)
    ]
    if operands[0] is None or operands[1] is None:
        return Fact(of)
    value = combined(operands[0], sign, operands[1])
    return Fact(of, span=value if isinstance(value, Interval) else None)


def prefixed(sign: str, operand: Fact) -> Fact:
    """Describe what ``-`` or ``!`` makes of a value.

    :raises Fault: if it does not take any of its types
    """
    if not operand.kinds:
        return UNKNOWN if sign == "-" else facts.truth(None)
    made = []
    if float in operand.kinds:
        sure = operand.sure
        negated = facts.truth(None if sure is None else not sure)
        made.append(facts.double(-operand.high, -operand.low, operand.fraction) if sign == "-" else negated)
    if Interval in operand.kinds and sign == "-":
        span = None if operand.span is None else prefixed_value("-", operand.span)
        made.append(facts.interval(span if isinstance(span, Interval) else None))
    if not made:
        raise Fault(f"{sign} {min(map(kind_of, operand.kinds))} is not defined")
    return replace(facts.either(made).asking(operand), sundays=sundays.prefixed(sign, operand))
