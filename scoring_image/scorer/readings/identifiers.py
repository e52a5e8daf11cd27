"""Device and tag names from typed values: a number is the name that its digits spell."""

from __future__ import annotations

import math
from typing import Any

_MOST_WHOLE = 2**53
"""Floats represent all whole numbers up to here exactly."""


class NumberText(str):
    """The text of a JSON number; JSON strings are plain ``str``."""

    __slots__ = ()


def name_of(value: Any) -> str | None:
    """Return the name that a value spells; None if it cannot be a name.

    >>> name_of(" pump 1 "), name_of(1), name_of(1.0), name_of(1.5), name_of(True)
    ('pump 1', '1', '1', '1.5', None)
    """
    match value:
        case NumberText():
            return _name_of_number(value)
        case str():
            return value.strip()
        case bool():
            return None
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return str(int(value)) if value.is_integer() and abs(value) <= _MOST_WHOLE else repr(value)
        case _:
            return None


def _name_of_number(text: str) -> str | None:
    if text.isdecimal():  # JSON has no leading zeros: a whole number is its own name
        return str(text)
    return name_of(float(text))
