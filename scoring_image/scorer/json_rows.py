"""Readings as JSON: an object per line, or an array of objects, as Stream Analytics writes either.

Members are found by name; others are ignored, and of a name that is there twice the last one counts. A number
and a string that reads as one mean the same; ``true``, ``null`` and anything nested are not numbers.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from scorer.moments import read_moments
from scorer.names import NumberText, name_of
from scorer.numbers import read_numbers

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from scorer.gathering import Gathering

MOST_OBJECT_CHARS = 1 << 20
"""A longer line, or object of an array, is unreadable: no reading is, and its parts would fill the memory."""
_ROWS = 1 << 14
"""Rows taken at once, so that their objects are not all there at the same time."""
_BETWEEN = " \t\r\n,"
_BLANKS = re.compile(f"[{_BETWEEN}]+")

_DECODER = json.JSONDecoder(parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText)


def read_json(data: bytes, gathering: Gathering) -> None:
    """Give all rows of a file to a gathering. Never raises: what cannot be read is counted."""
    objects = _objects(data.decode("utf-8-sig", errors="replace"))
    while batch := list(islice(objects, _ROWS)):
        rows = [value for value in batch if isinstance(value, dict)]
        gathering.reject(len(batch) - len(rows))
        if rows:
            _take(rows, gathering)


def _take(rows: Sequence[dict[str, Any]], gathering: Gathering) -> None:
    """Turn objects into columns."""
    devices, tags = ([name_of(row.get(member)) for row in rows] for member in ("Device", "Tag"))
    numbers = [read_numbers(_texts(rows, feature)) for feature in gathering.features]
    gathering.add(gathering.roster.numbered(devices, tags), read_moments(_texts(rows, "TS")), numbers)


def _texts(rows: Sequence[dict[str, Any]], member: str) -> list[str]:
    """Return a column of texts; what is neither a string nor a number becomes an empty one."""
    values = [row.get(member) for row in rows]
    return [value.strip() if isinstance(value, str) else "" for value in values]


def _objects(text: str) -> Iterator[Any]:
    """Yield what should be objects; None stands for what is no JSON."""
    start = len(text) - len(text.lstrip())
    if text.startswith("[", start):
        start = yield from _of_array(text, start + 1)
    yield from _of_lines(text, start)


def _of_array(text: str, start: int) -> Generator[Any, None, int]:
    """Yield the elements of an array.

    :return: where to go on line by line: behind its end, or at the first element that is not readable
    """
    window, place = "", 0
    while True:
        place = _behind_blanks(window, place)
        try:
            value, place = _DECODER.raw_decode(window, place)
        except (ValueError, RecursionError):
            start += place
            if window.startswith("]", place):
                return start + 1
            if not place and window:
                return start
            window, place = text[start : start + MOST_OBJECT_CHARS], 0
            if not window:
                return start
        else:
            yield value


def _behind_blanks(text: str, place: int) -> int:
    blanks = _BLANKS.match(text, place)
    return blanks.end() if blanks else place


def _of_lines(text: str, start: int) -> Iterator[Any]:
    """Yield the objects of each line; brackets and commas round them may be there or not."""
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end].strip(_BETWEEN).removeprefix("[").removesuffix("]").strip(_BETWEEN)
        start = end + 1
        if len(line) > MOST_OBJECT_CHARS:
            yield None
        elif line:
            yield from _of_line(line)


def _of_line(line: str) -> list[Any]:
    try:
        objects: list[Any] = _DECODER.decode(f"[{line}]")
    except (ValueError, RecursionError):
        return [None]
    return objects
