"""Lengths of time as a person types them: ``90s``, ``5m``, ``1.5h``, ``1h30m``, ``-5m``."""

from __future__ import annotations

import re
from datetime import timedelta

from azure_batch_lab.errors import BadInput

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_PART = r"\d{1,9}(?:\.\d{1,6})?"
_SPAN = re.compile(rf"(?P<sign>-?)(?P<parts>(?:{_PART}[dhms])+)", re.ASCII)
_PIECE = re.compile(rf"({_PART})([dhms])", re.ASCII)
_LONGEST = timedelta(days=3660)


def parse_span(text: str) -> timedelta:
    """Read a span.

    :raises BadInput: if it is none, or longer than ten years
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"{text!r} is not a length of time such as 90s, 5m, 1.5h or 1h30m")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PIECE.findall(found["parts"]))
    if seconds > _LONGEST.total_seconds():
        raise BadInput(f"{text!r} is longer than ten years")
    return timedelta(seconds=-seconds if found["sign"] else seconds)


def parse_lag(text: str) -> timedelta:
    """Read how late samples are seen.

    :raises BadInput: if it is no span, or less than nothing
    """
    lag = parse_span(text)
    if lag < timedelta():
        raise BadInput(f"samples cannot be seen {text} after they are taken")
    return lag


def span_text(span: timedelta) -> str:
    """Write a span in the largest units that fit, such as ``1h30m``."""
    left, text = abs(span.total_seconds()), ""
    for unit, size in _UNITS.items():
        whole, left = divmod(left, size) if unit != "s" else (left, 0.0)
        text += f"{whole:g}{unit}" if whole else ""
    return ("-" if span < timedelta() else "") + (text or "0s")
