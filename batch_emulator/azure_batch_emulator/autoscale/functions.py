"""The functions: how many arguments each one takes, and what it makes of them.

By convention an aggregate of nothing is 0; the service's answer is not documented. ``round``,
``ceil`` and ``floor`` are in none of the official tables that could be read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.errors import Fault
from azure_batch_emulator.autoscale.times import Timestamp, parse_timestamp
from azure_batch_emulator.autoscale.values import double, finite, flattened, kind, vector

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from azure_batch_emulator.autoscale.values import Value, Vector


@dataclass(frozen=True, slots=True)
class World:
    """What a function knows besides its arguments."""

    now: Timestamp
    random: Random


@dataclass(frozen=True, slots=True)
class Function:
    """A function that takes at least ``least`` and at most ``most`` arguments; ``None`` is any number."""

    least: int
    most: int | None
    body: Callable[[tuple[Value, ...], World], Value]

    def __call__(self, arguments: tuple[Value, ...], world: World) -> Value:
        """Compute its value.

        :raises Fault: if it has none for these arguments
        """
        try:
            return self.body(arguments, world)
        except OverflowError:
            raise Fault("the result is too large") from None


# Lists to one double


def _sum(values: Vector) -> float:
    return math.fsum(values)


def _average(values: Vector) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Vector) -> float:
    if len(values) == 1:
        return 0.0
    mean = _average(values)
    # From the root of the sum of squares, which does not overflow when the squares do.
    return math.hypot(*(value - mean for value in values)) / math.sqrt(len(values) - 1)


def _spread(values: Vector) -> float:
    return max(values) - min(values)


def _norm(values: Vector) -> float:
    return math.hypot(*values)


def _length(arguments: tuple[Value, ...], _world: World) -> Value:
    return float(len(flattened(arguments)))


def _aggregate(of: Callable[[Vector], float]) -> Function:
    def body(arguments: tuple[Value, ...], _world: World) -> Value:
        values = flattened(arguments)
        return finite(of(values)) if values else 0.0

    return Function(0, None, body)


# Component by component


def _logarithm(of: Callable[[float], float]) -> Function:
    def component(number: float) -> float:
        if number <= 0:
            raise Fault("a logarithm is of a number above 0")
        return of(number)

    def body(arguments: tuple[Value, ...], _world: World) -> Value:
        match arguments:
            case (float() as number,):
                return component(number)
            case _:
                return vector(map(component, flattened(arguments)))

    return Function(1, None, body)


def _vector(arguments: tuple[Value, ...], _world: World) -> Value:
    return flattened(arguments)


# One element of a vector


def _vector_and_double(arguments: tuple[Value, ...]) -> tuple[Vector, float]:
    first, second = arguments
    if not isinstance(first, tuple):
        raise Fault(f"the first argument is a doubleVec, not a {kind(first)}")
    return first, double(second, "the second argument")


def _percentile(arguments: tuple[Value, ...], _world: World) -> Value:
    values, percent = _vector_and_double(arguments)
    if not 0 <= percent <= 100:  # noqa: PLR2004 - per cent
        raise Fault("a percentile is between 0 and 100")
    if not values:
        return 0.0
    # The nearest rank: an element, as the documentation says; it does not mention interpolation.
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(0, rank - 1)]


def _element(arguments: tuple[Value, ...], _world: World) -> Value:
    values, index = _vector_and_double(arguments)
    if not 0 <= index < len(values):
        raise Fault(f"the vector has {len(values)} elements, counted from 0; there is none at {index:g}")
    return values[int(index)]


# Whole numbers


def _rounded(number: float) -> float:
    whole = float(math.trunc(number))
    half = 0.5
    return whole + math.copysign(1.0, number) if abs(number - whole) >= half else whole


def _whole(of: Callable[[float], float]) -> Function:
    def body(arguments: tuple[Value, ...], _world: World) -> Value:
        return float(of(double(arguments[0], "the argument")))

    return Function(1, 1, body)


# The world around


def _time(arguments: tuple[Value, ...], world: World) -> Value:
    text = arguments[0] if arguments else ""
    if not isinstance(text, str):
        raise Fault(f"the argument is a string, not a {kind(text)}")
    return parse_timestamp(text) if text else world.now


def _random(_arguments: tuple[Value, ...], world: World) -> Value:
    return world.random.random()


FUNCTIONS = {
    "avg": _aggregate(_average),
    "len": Function(0, None, _length),
    "max": _aggregate(max),
    "min": _aggregate(min),
    "norm": _aggregate(_norm),
    "range": _aggregate(_spread),
    "std": _aggregate(_deviation),
    "sum": _aggregate(_sum),
    "lg": _logarithm(math.log2),
    "ln": _logarithm(math.log),
    "log": _logarithm(math.log10),
    "vec": Function(0, None, _vector),
    "percentile": Function(2, 2, _percentile),
    "val": Function(2, 2, _element),
    "rand": Function(0, 0, _random),
    "time": Function(0, 1, _time),
    "ceil": _whole(math.ceil),
    "floor": _whole(math.floor),
    "round": _whole(_rounded),
}
