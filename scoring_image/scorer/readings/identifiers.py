"""Names of devices and tags that came as values, not as text: a number names what its digits would."""

from __future__ import annotations

import math
from typing import Any

_MOST_WHOLE = 2**53
"""Whole floats up to here are exact."""


class NumberText(str):
    """A number as it was written in JSON; a string there is plain ``str``."""

    __slots__ = ()


def name_of(value: Any) -> str | None:
    """Return the name that a value stands for; None if it is none.

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
