"""Device and tag names that are whole numbers: ``1`` and ``1.0`` name the same one."""

from __future__ import annotations


def number_named(text: str) -> str | None:
    """Return a whole number without its decimal point and zeros; None if the text is anything else.

    >>> number_named("1.0"), number_named("1"), number_named("1.5")
    ('1', None, None)
    """
    whole, point, zeros = text.partition(".")
    is_whole = point and zeros and not zeros.strip("0") and whole.isascii() and whole.isdecimal()
    return whole if is_whole else None
