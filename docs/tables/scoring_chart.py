"""Draws the chart of scoring costs as SVG: a bar per variant, CPU relative to the reference, log scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WIDTH, _ROW, _LABELS, _TOP = 760, 26, 300, 34
_LEAST, _MOST = 1e-5, 2.0
"""Ends of the scale: CPU per sensor, relative to the reference."""
_SMALL = 0.01
"""Ratios below this are written as 1/n."""
_REFERENCE, _OURS, _INK, _LINE = "#b5651d", "#2f7ebc", "#808890", "#80889060"


def svg(bars: Sequence[tuple[str, float]]) -> str:
    """Draw bars.

    :param bars: label and CPU per sensor, relative to the reference; the first is the reference itself
    """
    height = _TOP + _ROW * len(bars) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}">',
        f'<g font-family="sans-serif" font-size="13" fill="{_INK}">',
        "<title>CPU per sensor-hour over that of the reference's script, logarithmic</title>",
        *_grid(height),
        *(line for number, bar in enumerate(bars) for line in _bar(number, *bar)),
        "</g></svg>",
    ]
    return "\n".join(lines) + "\n"


def _grid(height: int) -> Iterator[str]:
    for power in range(-5, 1):
        x = _x(10.0**power)
        yield f'<line x1="{x}" y1="{_TOP - 8}" x2="{x}" y2="{height - 4}" stroke="{_LINE}"/>'
        name = "1" if power == 0 else f"1/{10**-power:,}"
        yield f'<text x="{x}" y="{_TOP - 14}" text-anchor="middle">{name}</text>'


def _bar(number: int, label: str, ratio: float) -> Iterator[str]:
    y, end = _TOP + _ROW * number, _x(ratio)
    color = _OURS if number else _REFERENCE
    yield f'<text x="{_LABELS - 10}" y="{y + 16}" text-anchor="end">{label}</text>'
    yield f'<rect x="{_LABELS}" y="{y + 3}" width="{end - _LABELS:.1f}" height="{_ROW - 8}" fill="{color}"/>'
    yield f'<text x="{end + 6}" y="{y + 16}">{_said(ratio)}</text>'


def _said(ratio: float) -> str:
    return f"{ratio:.3g}" if ratio > _SMALL else f"1/{round(1 / ratio):,}"


def _x(ratio: float) -> float:
    share = math.log(ratio / _LEAST) / math.log(_MOST / _LEAST)
    return round(_LABELS + share * (_WIDTH - _LABELS - 60), 1)


def bars_of(cells: Sequence[dict[str, Any]], names: dict[str, str]) -> list[tuple[str, float]]:
    """Return the bars of measured cells: CPU per sensor, relative to the reference."""
    known = (cell for cell in cells if cell["name"] in names)
    return [(names[cell["name"]], cell["cpu_ratio"][0] / cell["sensors"]) for cell in known]
