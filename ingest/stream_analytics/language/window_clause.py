"""Reads ``TumblingWindow(...)`` and ``HoppingWindow(...)`` in GROUP BY.

https://learn.microsoft.com/stream-analytics-query/tumbling-window-azure-stream-analytics
https://learn.microsoft.com/stream-analytics-query/hopping-window-azure-stream-analytics
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from ingest.stream_analytics.event_ordering.windows import Window
from ingest.stream_analytics.language.expressions import refusal
from ingest.stream_analytics.language.vocabulary import WINDOWS
from ingest.stream_analytics.ticks import UNITS, unit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY = UNITS["day"]
_LONGEST = 7 * _DAY


def is_window(node: exp.Expression) -> bool:
    """Whether a node of GROUP BY is a window that is run here."""
    return isinstance(node, exp.Anonymous) and node.name.upper() in WINDOWS


def read_window(node: exp.Expression, text: str) -> Window:
    """Read a window.

    Windows are aligned "to the zeroth hour". Of which day is not said, so their hop has to divide a day.

    :raises QueryRefused: for lengths that no window has, or whose alignment is not documented
    """
    hops = node.name.upper().startswith("HOP")
    lengths = _lengths(node, text, "hop" if hops else "")
    if lengths is None:
        form = "unit, size, hop" if hops else "unit, size"
        raise refusal(node, text, f"{node.name} takes ({form}[, offset]), or Duration(...) and the like")
    size, hop, offset = lengths
    if not 0 < size <= _LONGEST or hop <= 0:
        raise refusal(node, text, "a window is longer than nothing, and not longer than 7 days")
    if _DAY % hop or size % hop:
        raise refusal(
            node, text, "a day has to be divided by the hop, and the size too: how others align is not said"
        )
    return Window(size, hop, offset)


def _lengths(node: exp.Expression, text: str, hop: str) -> tuple[int, int, int] | None:
    """Return size, hop and offset in ticks; None unless they have one of the two forms."""
    parts = node.expressions
    if parts and isinstance(parts[0], exp.Func):
        return _named(parts, text, ["duration", *filter(None, [hop])])
    wanted = 3 if hop else 2
    if len(parts) not in {wanted, wanted + 1}:
        return None
    unit = _unit(parts[0], text)
    numbers = [_number(part) for part in parts[1:]]
    if None in numbers:
        return None
    lengths = [number * unit for number in numbers if number is not None]
    size, step = lengths[0], lengths[1] if hop else lengths[0]
    return size, step, lengths[-1] if len(parts) > wanted else 0


def _named(parts: Sequence[exp.Expression], text: str, wanted: Sequence[str]) -> tuple[int, int, int] | None:
    names = [part.name.lower() if isinstance(part, exp.Anonymous) else part.key for part in parts]
    if names not in ([*wanted], [*wanted, "offset"]):
        return None
    lengths = []
    for part in parts:
        number = _number(part.expressions[1]) if len(part.expressions) == len(("unit", "number")) else None
        if number is None:
            return None
        lengths.append(number * _unit(part.expressions[0], text))
    offset = lengths.pop() if names[-1] == "offset" else 0
    return lengths[0], lengths[-1], offset


def _unit(node: exp.Expression, text: str) -> int:
    unit = unit_of(node.name)
    if unit is None:
        raise refusal(node, text, f"{node.name} is not a unit of time of windows")
    return UNITS[unit]


def _number(node: exp.Expression) -> int | None:
    sign, literal = (-1, node.this) if isinstance(node, exp.Neg) else (1, node)
    whole = isinstance(literal, exp.Literal) and not literal.is_string and str(literal.this).isdigit()
    return sign * int(literal.this) if whole else None
