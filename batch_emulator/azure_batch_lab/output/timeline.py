"""The picture of a simulation: nodes and waiting tasks over time, one panel per policy, on common scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_lab.output import svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azure_batch_lab.simulation.meter import Snapshot
    from azure_batch_lab.simulation.outcome import Outcome

_WIDTH, _LEFT, _RIGHT = 900.0, 64.0, 884.0
_TOP, _PANEL, _NODES, _TASKS, _GAP = 48.0, 212.0, 96.0, 56.0, 14.0
_MOST_POINTS = 1_000
_HOURS_OF_TICKS = (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 168)


def timeline(outcomes: Sequence[Outcome]) -> str:
    """Draw what pools did, as SVG."""
    hours = max((one.snapshots[-1].hours for one in outcomes if one.snapshots), default=1.0)
    across = svg.Scale(0, max(hours, 0.1), _LEFT, _RIGHT)
    nodes = svg.ceiling(shot.dedicated + max(0, shot.spot) for one in outcomes for shot in one.snapshots)
    tasks = svg.ceiling(float(shot.waiting) for one in outcomes for shot in one.snapshots)
    parts = _legend()
    for number, outcome in enumerate(outcomes):
        parts += _panel(outcome, _TOP + number * _PANEL, across, nodes, tasks)
    height = _TOP + len(outcomes) * _PANEL + 8
    return svg.drawing(_WIDTH, height, "Nodes and waiting tasks over time", parts)


def _legend() -> list[str]:
    entries = (("dedicated nodes", svg.BLUE), ("Spot nodes", svg.ORANGE), ("waiting tasks", svg.INK))
    parts, x = [], _LEFT
    for words, colour in entries:
        parts += [svg.rect(x, 14, 11, 11, colour=colour), svg.text(x + 16, 24, words)]
        x += 36 + 6.2 * len(words)
    return parts


def _panel(outcome: Outcome, top: float, across: svg.Scale, nodes: float, tasks: float) -> list[str]:
    upper = svg.Scale(0, nodes, top + 18 + _NODES, top + 18)
    floor = top + 18 + _NODES + _GAP + _TASKS
    lower = svg.Scale(0, tasks, floor, floor - _TASKS)
    shots = _thinned(outcome.snapshots)
    return [
        svg.text(_LEFT, top + 8, outcome.name, colour=svg.INK, size=12, bold=True),
        *svg.across(upper, _LEFT, _RIGHT),
        *svg.across(lower, _LEFT, _RIGHT, ticks=2),
        *_sizes(shots, across, upper),
        svg.path([(across(shot.hours), lower(shot.waiting)) for shot in shots], colour=svg.INK, width=1.2),
        *_hours(across, floor),
    ]


def _sizes(shots: Sequence[Snapshot], across: svg.Scale, upright: svg.Scale) -> list[str]:
    floor = [(across(shot.hours), upright(0)) for shot in shots]
    dedicated = [(across(shot.hours), upright(shot.dedicated)) for shot in shots]
    everything = [(across(shot.hours), upright(shot.dedicated + max(0, shot.spot))) for shot in shots]
    return [
        svg.area(dedicated, floor, colour=svg.BLUE),
        svg.area(everything, dedicated, colour=svg.ORANGE) if everything != dedicated else "",
    ]


def _hours(across: svg.Scale, floor: float) -> list[str]:
    step = next((one for one in _HOURS_OF_TICKS if across.high / one <= 13), across.high)  # noqa: PLR2004 - figures that fit
    count = int(across.high / step + 1e-6)
    return [
        svg.text(across(number * step), floor + 14, f"{number * step:g} h", anchor="middle")
        for number in range(count + 1)
    ]


def _thinned(shots: Sequence[Snapshot]) -> Sequence[Snapshot]:
    """Leave out what draws nothing: moments between two that look the same."""
    some = shots[:: max(1, -(-len(shots) // _MOST_POINTS))]
    looks = [(shot.dedicated, shot.spot, shot.waiting) for shot in some]
    last = len(some) - 1
    return [
        shot
        for number, shot in enumerate(some)
        if number in {0, last} or not looks[number - 1] == looks[number] == looks[number + 1]
    ]
