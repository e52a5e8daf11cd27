"""How long tasks take: a distribution, named as in ``lognormal(120s, 0.4)``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_lab.errors import BadInput
from azure_batch_lab.spans import parse_span

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_CALL = re.compile(r"\s*(?P<name>[a-z]+)\s*\((?P<arguments>[^()]*)\)\s*")
_SHORTEST_SECONDS = 0.001
_LONGEST_SECONDS = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Durations:
    """A distribution of the seconds that a task takes."""

    text: str
    _draw: Callable[[Random], float]

    @classmethod
    def parse(cls, text: str) -> Durations:
        """Read a span, or ``uniform(60s, 2m)``, ``exponential(90s)``, ``lognormal(120s, 0.4)``.

        The span of ``exponential`` is the mean; that of ``lognormal`` the median, its number the standard
        deviation of the logarithm.

        :raises BadInput: if it is none of them
        """
        found = _CALL.fullmatch(text)
        if found is None:
            return cls(text.strip(), _constant(text))
        name, arguments = found["name"], [part.strip() for part in found["arguments"].split(",")]
        maker, wanted = _MAKERS.get(name, (None, 0))
        if maker is None or len(arguments) != wanted:
            raise BadInput(f"{text!r} is not a duration: {', '.join(_FORMS)} are")
        return cls(text.strip(), maker(*arguments))

    def draw(self, random: Random) -> float:
        """Give the seconds of one task: a millisecond at least, a week at most."""
        return min(_LONGEST_SECONDS, max(_SHORTEST_SECONDS, self._draw(random)))


def _seconds(text: str) -> float:
    seconds = parse_span(text).total_seconds()
    if seconds < 0:
        raise BadInput(f"a task cannot take {text}")
    return seconds


def _constant(span: str) -> Callable[[Random], float]:
    seconds = _seconds(span)
    return lambda _: seconds


def _uniform(shortest: str, longest: str) -> Callable[[Random], float]:
    low, high = _seconds(shortest), _seconds(longest)
    if low > high:
        raise BadInput(f"uniform({shortest}, {longest}) has its bounds the wrong way round")
    return lambda random: random.uniform(low, high)


def _exponential(mean: str) -> Callable[[Random], float]:
    seconds = _seconds(mean)
    return lambda random: seconds * random.expovariate(1.0)


def _lognormal(median: str, sigma: str) -> Callable[[Random], float]:
    seconds = _seconds(median)
    try:
        spread = float(sigma)
    except ValueError:
        spread = math.nan
    if not 0 <= spread <= 5:  # noqa: PLR2004 - five is already a factor of 150 between neighbours
        raise BadInput(f"the second argument of lognormal is a number from 0 to 5, not {sigma!r}")
    return lambda random: seconds * math.exp(random.gauss(0.0, spread))


_MAKERS: dict[str, tuple[Callable[..., Callable[[Random], float]], int]] = {
    "uniform": (_uniform, 2),
    "exponential": (_exponential, 1),
    "lognormal": (_lognormal, 2),
}
_FORMS = ("90s", "uniform(60s, 2m)", "exponential(90s)", "lognormal(120s, 0.4)")
