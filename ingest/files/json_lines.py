"""Turns JSON of any layout into one object per line; a broken object makes only its own lines unreadable."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BEGINS = b" \t\r\n\xef\xbb\xbf"
_ROUND = b" \t,[]\xef\xbb\xbf"
"""Bytes around an object in an array."""
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_BETWEEN = re.compile(rb"\}\s*,?\s*(?=\{)")


DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
"""Keeps the text of numbers."""


def values_in(text: str, *, ends: str) -> Iterator[object]:
    """Yield the JSON values of a text.

    :param ends: characters that may surround each value
    :raises ValueError: if anything else is between them
    :raises RecursionError: if a value is nested too deeply
    """
    text, place = text.strip(ends), 0
    while place < len(text):
        value, end = DECODER.raw_decode(text, place)
        yield value
        place = len(text) - len(text[end:].lstrip(ends))


def is_json(head: bytes) -> bool:
    """Whether a text starts like JSON."""
    return head.lstrip(_BEGINS)[:1] in {b"{", b"["}


def split(line: bytes, most: int) -> Iterator[bytes]:
    """Cut a line between its objects, into pieces within the limit where possible.

    :param most: limit of a piece in bytes
    """
    while len(line) > most:
        cut = 0
        for found in _BETWEEN.finditer(line, 0, most):
            cut = found.end()
        if not cut:
            break
        yield line[:cut]
        line = line[cut:]
    yield line


def joined(lines: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Join the lines of each object; the object replaces its last line, empty lines replace the others.

    :param most: limit of an object in bytes; lines of a longer one are yielded as they are
    """
    begun: list[bytes] = []
    size = 0
    for line in lines:
        text = line.strip(_ROUND)
        starts, ends = text.startswith(b"{"), text.endswith(b"}")
        if (starts and ends) or not (starts or begun):
            yield from begun
            begun, size = [], 0
            yield line
            continue
        begun.append(line)
        size += len(line)
        if ends and _is_whole(whole := b" ".join(begun)):
            yield from [b""] * (len(begun) - 1)
            yield whole
            begun, size = [], 0
        elif size > most:
            yield from begun
            begun, size = [], 0
    yield from begun


def _is_whole(text: bytes) -> bool:
    bare = _TEXT.sub(b"", text)
    return bare.count(b"{") == bare.count(b"}")
