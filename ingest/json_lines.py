"""JSON as one object a line, however its writer laid it out: a broken one costs its own lines alone."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BEGINS = b" \t\r\n\xef\xbb\xbf"
_ROUND = b" \t,[]\xef\xbb\xbf"
"""What may stand round an object, if the file is an array."""
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_BETWEEN = re.compile(rb"\}\s*,?\s*(?=\{)")


DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
"""Leaves numbers as they are written."""


def values_in(text: str, *, ends: str) -> Iterator[object]:
    """Yield the values of JSON that stand side by side in a text.

    :param ends: what may stand round each of them
    :raises ValueError: if something between them is none
    :raises RecursionError: if one is nested too deeply
    """
    text, place = text.strip(ends), 0
    while place < len(text):
        value, end = DECODER.raw_decode(text, place)
        yield value
        place = len(text) - len(text[end:].lstrip(ends))


def is_json(head: bytes) -> bool:
    """Whether a text begins as JSON does."""
    return head.lstrip(_BEGINS)[:1] in {b"{", b"["}


def split(line: bytes, most: int) -> Iterator[bytes]:
    """Cut a line between its objects, so that no piece is longer than it may be, if that can be done."""
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
    """Put objects together that span lines; each comes in the place of its last line.

    :param most: bytes of an object; what does not end by then is given line by line, as it is
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
