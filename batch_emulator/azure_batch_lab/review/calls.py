"""What can be told of a function's value by what is told of its arguments."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.errors import Fault
from azure_batch_emulator.autoscale.times import Interval
from azure_batch_emulator.autoscale.values import kind_of
from azure_batch_lab.review.fact import UNKNOWN, Fact, double, either, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Rule = Callable[[Sequence[Fact], int], Fact]

_INFINITY = math.inf
AGGREGATES = frozenset({"avg", "max", "min", "norm", "range", "std", "sum"})
"""Of nothing they are nothing, which is a convention."""
PICKS = frozenset({"percentile", "val"})
"""They take one element of their first argument."""


def require(fact: Fact, kinds: set[type], what: str) -> None:
    """Check a type.

    :raises Fault: if the value has another for sure
    """
    if fact.kinds and not fact.kinds & kinds:
        wanted, given = (" or ".join(sorted(map(kind_of, some))) for some in (kinds, fact.kinds))
        raise Fault(f"{what} is a {wanted}, not a {given}")


def is_empty_for_all_we_know(arguments: Sequence[Fact]) -> bool:
    """Tell whether a list may have no value at all."""
    return all(fact.may_be_empty for fact in arguments)


def called(name: str, arguments: Sequence[Fact], at: int) -> Fact:
    """Describe what a function makes of its arguments.

    :param at: its offset
    :raises Fault: if it does not take their types
    """
    fact = _RULES[name](arguments, at)
    return fact.asking(*arguments)


def _list(arguments: Sequence[Fact]) -> Fact:
    """Describe the flattened list by one of its values."""
    for fact in arguments:
        require(fact, {float, tuple}, "a value of the list")
    if not arguments or any(not fact.kinds for fact in arguments):
        return replace(UNKNOWN, may_be_empty=True)
    return either(arguments)


def _or_nothing(fact: Fact, arguments: Sequence[Fact]) -> Fact:
    if not is_empty_for_all_we_know(arguments):
        return fact
    return replace(fact, low=min(0.0, fact.low), high=max(0.0, fact.high))


def _hull(*, whole: bool) -> Rule:
    def rule(arguments: Sequence[Fact], at: int) -> Fact:
        some = _list(arguments)
        return _or_nothing(double(some.low, some.high, some.fraction if whole else at), arguments)

    return rule


def _max(arguments: Sequence[Fact], _at: int) -> Fact:
    some = _list(arguments)
    low = max((fact.low for fact in arguments if not fact.may_be_empty), default=some.low)
    return _or_nothing(double(low, some.high, some.fraction), arguments)


def _min(arguments: Sequence[Fact], _at: int) -> Fact:
    some = _list(arguments)
    high = min((fact.high for fact in arguments if not fact.may_be_empty), default=some.high)
    return _or_nothing(double(some.low, high, some.fraction), arguments)


def _sum(arguments: Sequence[Fact], _at: int) -> Fact:
    some = _list(arguments)
    lows, highs = zip(*(_total(fact) for fact in arguments), strict=True) if arguments else ((), ())
    return double(math.fsum(lows) if -_INFINITY not in lows else -_INFINITY, sum(highs), some.fraction)


def _total(fact: Fact) -> tuple[float, float]:
    if fact.kinds == {float}:
        return fact.low, fact.high
    return (0.0 if fact.low >= 0 else -_INFINITY), (0.0 if fact.high <= 0 else _INFINITY)


def _length(arguments: Sequence[Fact], _at: int) -> Fact:
    _list(arguments)
    doubles = sum(fact.kinds == {float} for fact in arguments)
    return double(doubles, doubles if doubles == len(arguments) else _INFINITY)


def _distance(arguments: Sequence[Fact], at: int) -> Fact:
    _list(arguments)
    return double(0, _INFINITY, at)


def _range(arguments: Sequence[Fact], _at: int) -> Fact:
    return double(0, _INFINITY, _list(arguments).fraction)


def _logarithm(of: Callable[[float], float]) -> Rule:
    def rule(arguments: Sequence[Fact], at: int) -> Fact:
        some = _list(arguments)
        if some.high <= 0:
            raise Fault("a logarithm is of a number above 0")
        low = of(some.low) if some.low > 0 else -_INFINITY
        high = of(some.high) if some.high < _INFINITY else _INFINITY
        single = len(arguments) == 1 and some.kinds == {float}
        kinds: set[type] = (
            {float} if single else {float, tuple} if float in some.kinds and len(arguments) == 1 else {tuple}
        )
        return replace(some, kinds=frozenset(kinds), low=low, high=high, fraction=at)

    return rule


def _vector(arguments: Sequence[Fact], _at: int) -> Fact:
    some = _list(arguments)
    missing = next((fact.missing for fact in arguments if fact.missing is not None), None)
    empty = is_empty_for_all_we_know(arguments)
    return replace(some, kinds=frozenset({tuple}), may_be_empty=empty, missing=missing if empty else None)


def _pick(arguments: Sequence[Fact], _at: int) -> Fact:
    first, second = arguments
    require(first, {tuple}, "the first argument")
    require(second, {float}, "the second argument")
    return _or_nothing(double(first.low, first.high, first.fraction), [first])


def _whole(of: Callable[[float], float]) -> Rule:
    def rule(arguments: Sequence[Fact], _at: int) -> Fact:
        (some,) = arguments
        require(some, {float}, "the argument")
        low, high = (end if math.isinf(end) else float(of(end)) for end in (some.low, some.high))
        return double(low, high)

    return rule


def _rounded(number: float) -> float:
    return math.trunc(number + math.copysign(0.5, number))


def _random(_arguments: Sequence[Fact], at: int) -> Fact:
    return double(0, 1, at)


def _time(arguments: Sequence[Fact], _at: int) -> Fact:
    for fact in arguments:
        require(fact, {str}, "the argument")
    return moment(None if arguments else Interval(0))


_RULES: dict[str, Rule] = {
    "avg": _hull(whole=False),
    "len": _length,
    "max": _max,
    "min": _min,
    "norm": _distance,
    "range": _range,
    "std": _distance,
    "sum": _sum,
    "lg": _logarithm(math.log2),
    "ln": _logarithm(math.log),
    "log": _logarithm(math.log10),
    "vec": _vector,
    "percentile": _pick,
    "val": _pick,
    "rand": _random,
    "time": _time,
    "ceil": _whole(math.ceil),
    "floor": _whole(math.floor),
    "round": _whole(_rounded),
}
