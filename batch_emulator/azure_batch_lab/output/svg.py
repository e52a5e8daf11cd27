"""Scalable drawings written by hand: elements, scales, axes with round figures. No chart is drawn here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

INK, FAINT, GRID = "#24292f", "#57606a", "#e3e6ea"
BLUE, ORANGE, GREY, RED = "#1f6feb", "#d9730d", "#8c959f", "#b3261e"
_FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Scale:
    """From a figure to a coordinate; ``low`` lands on ``begin``, ``high`` on ``end``."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, figure: float) -> float:
        """Place a figure."""
        share = (figure - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return round(self.begin + share * (self.end - self.begin), 2)

    def ticks(self, wanted: int) -> tuple[float, ...]:
        """List round figures of the range, about as many as wanted."""
        step = _round_step((self.high - self.low) / max(1, wanted))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return tuple(number * step for number in range(first, last + 1))


@dataclass(frozen=True, slots=True)
class LogScale:
    """The same for figures above 0, some many times others: equal factors are equally far apart."""

    low: float
    high: float
    begin: float
    end: float

    @classmethod
    def around(cls, figures: Iterable[float], *, begin: float, end: float) -> LogScale:
        """Make one on which all figures above 0 have a place, between round ones."""
        some = [figure for figure in figures if figure > 0] or [1.0]
        rounds = _rounds(min(some), max(some))
        return cls(rounds[0], rounds[-1], begin, end)

    def __call__(self, figure: float) -> float:
        """Place a figure; what is too small stands at the beginning."""
        share = math.log(max(figure, self.low) / self.low) / math.log(self.high / self.low)
        return round(self.begin + share * (self.end - self.begin), 2)

    def ticks(self) -> tuple[float, ...]:
        """List the round figures of the range."""
        return _rounds(self.low, self.high)


def _rounds(low: float, high: float) -> tuple[float, ...]:
    """List 1, 2, 5, 10 and so on: at least two, the first not above ``low``, the last not below ``high``."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1
    figures = [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5)]
    begin = max(number for number, figure in enumerate(figures) if figure <= low * 1.0001)
    end = min(number for number, figure in enumerate(figures) if figure >= high * 0.9999 and number > begin)
    return tuple(figures[begin : end + 1])


def _round_step(rough: float) -> float:
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


def ceiling(figures: Iterable[float]) -> float:
    """Find a round figure that is not below any, and above nothing."""
    highest = max(figures, default=0.0)
    if highest <= 0:
        return 1.0
    step = _round_step(highest / 4)
    return step * math.ceil(highest / step - 1e-9)


def drawing(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """Put a drawing together, on white, so that it can be read on a dark page too."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="{_FONT}" font-size="11" role="img">'
    )
    back = f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", back, *parts, "</svg>"]) + "\n"


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    colour: str = FAINT,
    size: float = 11,
    bold: bool = False,
) -> str:
    """Write words; ``y`` is their base line."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}" font-size="{size:g}"{weight}>'
        f"{escape(words)}</text>"
    )


def line(x1: float, y1: float, x2: float, y2: float, *, colour: str = GRID, width: float = 1) -> str:
    """Draw a straight line."""
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colour}" stroke-width="{width:g}"/>'
    )


def rect(x: float, y: float, width: float, height: float, *, colour: str) -> str:
    """Fill a rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{colour}"/>'


def path(
    points: Iterable[tuple[float, float]],
    *,
    colour: str,
    width: float = 1.5,
    dashed: bool = False,
) -> str:
    """Draw a line through points."""
    steps = "L".join(f"{x:g},{y:g}" for x, y in points)
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<path d="M{steps}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashes}/>'
        if steps
        else ""
    )


def area(tops: Iterable[tuple[float, float]], bottoms: Iterable[tuple[float, float]], *, colour: str) -> str:
    """Fill what lies between two lines."""
    outline = [*tops, *reversed(list(bottoms))]
    steps = "L".join(f"{x:g},{y:g}" for x, y in outline)
    return f'<path d="M{steps}Z" fill="{colour}"/>' if steps else ""


def across(scale: Scale, left: float, right: float, *, ticks: int = 4, unit: str = "") -> list[str]:
    """Draw grid lines with their figures, for an upright scale."""
    parts = []
    for figure in scale.ticks(ticks):
        y = scale(figure)
        parts += [
            line(left, y, right, y),
            text(left - 6, y + 4, f"{figure:,.10g}{unit}", anchor="end"),
        ]
    return parts
