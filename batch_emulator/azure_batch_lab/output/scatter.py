"""The picture of a search: cost across, waiting upright, a mark per policy, the front numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_lab.output import svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azure_batch_lab.search.pareto_front import Trial

_WIDTH, _HEIGHT = 900.0, 420.0
_LEFT, _RIGHT, _TOP, _FLOOR = 64.0, 880.0, 48.0, 372.0
_COLOURS = {"reactive": svg.BLUE, "keep-warm": svg.ORANGE, "fixed": svg.GREY}


def scatter(trials: Sequence[Trial], best: Sequence[Trial]) -> str:
    """Draw what policies cost and how long an hour takes, as SVG; those that do not keep up are left out."""
    able = [trial for trial in trials if trial.keeps_up]
    across = svg.LogScale.around((trial.cost for trial in able), begin=_LEFT + 12, end=_RIGHT - 12)
    upright = svg.Scale(0, svg.ceiling(trial.seconds / 60 for trial in able), _FLOOR, _TOP)
    places = [(across(trial.cost), upright(trial.seconds / 60)) for trial in best]
    parts = [
        *_legend(trials),
        *svg.across(upright, _LEFT, _RIGHT, ticks=6),
        *_costs(across),
        *(_mark(trial, across, upright) for trial in able),
        svg.path(places, colour=svg.RED, width=1.2, dashed=True),
        *_numbers(places),
    ]
    return svg.drawing(_WIDTH, _HEIGHT, "Cost and waiting of autoscale policies", parts)


def _legend(trials: Sequence[Trial]) -> list[str]:
    parts, x = [], _LEFT
    for family in dict.fromkeys(trial.point.family for trial in trials):
        parts += [_dot(x + 5, 20, family), svg.text(x + 16, 24, family)]
        x += 36 + 6.2 * len(family)
    words = "minutes from the hour to its last task done, on average"
    return [
        *parts,
        svg.text(_LEFT, 40, words),
        svg.text(_RIGHT, 24, "the front is numbered", anchor="end", colour=svg.RED),
    ]


def _numbers(places: Sequence[tuple[float, float]]) -> list[str]:
    """Write the places on the front, every other one on the other side, as neighbours may be close."""
    return [
        svg.text(x + 7, y - 6, str(number), colour=svg.RED, bold=True)
        if number % 2
        else svg.text(x - 7, y + 13, str(number), anchor="end", colour=svg.RED, bold=True)
        for number, (x, y) in enumerate(places, 1)
    ]


def _costs(across: svg.LogScale) -> list[str]:
    figures = [
        svg.text(across(figure), _FLOOR + 16, f"{figure:,.6g}", anchor="middle") for figure in across.ticks()
    ]
    return [
        *figures,
        svg.text(_RIGHT, _FLOOR + 36, "cost of what was simulated; equal factors equally far", anchor="end"),
    ]


def _mark(trial: Trial, across: svg.LogScale, upright: svg.Scale) -> str:
    return _dot(across(trial.cost), upright(trial.seconds / 60), trial.point.family)


def _dot(x: float, y: float, family: str) -> str:
    colour = _COLOURS.get(family, svg.INK)
    return f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="{colour}" fill-opacity="0.65"/>'
