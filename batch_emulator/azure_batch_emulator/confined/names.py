"""Names of files that tasks chose, in a form that can be shown and sent anywhere."""

from __future__ import annotations

import re
from urllib.parse import quote

_UNDECODABLE = re.compile("[\udc80-\udcff]+")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\udc80-\udcff]+")
"""Control characters, those that turn a text around or end its line, and bytes that are no UTF-8."""


def decodable(name: str) -> str:
    r"""Write bytes that are not UTF-8, which Python has as lone surrogates, as ``\\xff``."""
    return _UNDECODABLE.sub(lambda found: _hex(found.group()), name)


def printable(name: str) -> str:
    """Write whatever does not belong in a line of text as ``%0A``."""
    return _UNPRINTABLE.sub(lambda found: quote(found.group(), errors="surrogateescape"), name)


def _hex(surrogates: str) -> str:
    return "".join(f"\\x{ord(each) - 0xDC00:02x}" for each in surrogates)
