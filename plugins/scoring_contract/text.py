"""Prepares untrusted texts for display."""

from __future__ import annotations

_MOST = 80


def shown(text: str, most: int = _MOST) -> str:
    """Shorten a text, and escape unprintable characters, such as a terminal's control sequences."""
    escaped = printable(text[: 4 * most])
    return escaped if len(escaped) <= most else f"{escaped[: most - 1]}…"


def printable(text: str) -> str:
    """Escape unprintable characters, such as marks that reverse the direction of the text after them."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
