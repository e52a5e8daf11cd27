"""Reads readings from JSON: an object per line, or an array of objects; Stream Analytics writes both.

Unknown members are ignored; of duplicates the last one counts. A number and a string that spells it mean the
same; ``true``, ``null`` and nested values are not numbers.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from scorer.readings.identifiers import NumberText, name_of
from scorer.readings.numbers import read_numbers
from scorer.readings.timestamps import read_timestamps

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from scorer.readings.builder import ReadingsBuilder

MOST_OBJECT_CHARS = 1 << 20
"""A longer line, or object of an array, counts as unreadable: no reading is that long, and parsing it could
fill the memory."""
_ROWS = 1 << 14
_CHARS = 1 << 20
"""Rows, and characters of their objects, in a batch: a character of nested lists takes forty bytes when
parsed."""
_BETWEEN = " \t\r\n,"
_BETWEEN_LINES = _BETWEEN + "\ufeff"
_MARK_AND_BLANKS = " \t\r\n\ufeff"
_BLANKS = re.compile(f"[{_BETWEEN}]+")
_SPREAD = re.compile(r"\{[ \t]*[\r\n]")
"""The start of an object that continues on the next line, as pretty printers write it."""

Sized = tuple[Any, int]
"""A value and its length in characters."""

_DECODER = json.JSONDecoder(parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText)


def read_json(data: bytes, builder: ReadingsBuilder) -> None:
    """Pass all rows of a file to a builder. Never raises: unreadable rows are counted."""
    for batch in _batches(data.decode("utf-8", errors="replace")):
        rows = [value for value in batch if isinstance(value, dict)]
        builder.reject(len(batch) - len(rows))
        del batch
        if rows:
            take_rows(rows, builder)


def take_rows(rows: Sequence[dict[str, Any]], builder: ReadingsBuilder) -> None:
    """Pass objects to a builder, as columns.

    :param rows: not empty; their numbers are :class:`~scorer.readings.identifiers.NumberText`
    """
    wanted = ("TS", "Device", "Tag", *builder.features)
    if not all(map(set(wanted).issubset, rows)):
        rows = _named(rows, wanted, builder)
    devices, tags = ([name_of(row.get(member)) for row in rows] for member in ("Device", "Tag"))
    numbers = [read_numbers(_texts(rows, feature)) for feature in builder.features]
    builder.add(builder.index.numbered(devices, tags), read_timestamps(_texts(rows, "TS")), numbers)


def _named(
    rows: Sequence[dict[str, Any]], wanted: Sequence[str], builder: ReadingsBuilder
) -> list[dict[str, Any]]:
    """Open envelopes and rename members to the wanted names; refuse the file if no object has them."""
    from scoring_contract.reading_files.json_objects import lacking, opened, problem_of  # noqa: PLC0415  # few files need it

    inner = [value for row in rows for value in opened(row, _DECODER)]
    objects = [value for value in inner if isinstance(value, dict)]
    builder.reject(len(inner) - len(objects))
    if objects and all(lacking(row, wanted) for row in objects):
        builder.refuse(0, problem_of(objects[0], wanted))
    return [_with_names(row, wanted) for row in objects]


def _with_names(row: dict[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """Return a row with the wanted names, matched exactly or, failing that, regardless of case."""
    folded = {name.casefold(): value for name, value in row.items()}
    return {name: row[name] if name in row else folded.get(name.casefold()) for name in wanted}


def _texts(rows: Sequence[dict[str, Any]], member: str) -> list[str]:
    """Return a column of texts; a value that is neither a string nor a number becomes an empty text."""
    values = [row.get(member) for row in rows]
    return [value.strip() if isinstance(value, str) else "" for value in values]


def _batches(text: str) -> Iterator[list[Any]]:
    """Yield parsed values, in batches of limited size."""
    batch: list[Any] = []
    chars = 0
    for value, length in _objects(text):
        batch.append(value)
        chars += length
        if chars > _CHARS or len(batch) >= _ROWS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def _objects(text: str) -> Iterator[Sized]:
    """Yield parsed values with their lengths; None for a line that is not JSON."""
    start = len(text) - len(text.lstrip(_MARK_AND_BLANKS))
    if text.startswith("[", start):
        start = yield from _of_array(text, start + 1)
    elif _SPREAD.match(text, start):
        start = yield from _of_array(text, start)
    yield from _of_lines(text, start)


def _of_array(text: str, start: int) -> Generator[Sized, None, int]:
    """Yield the elements of an array, or objects without separators.

    :return: where to continue line by line: after its end, or at the first unreadable element
    """
    window, place = "", 0
    while True:
        place = _behind_blanks(window, place)
        try:
            value, end = _DECODER.raw_decode(window, place)
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
            yield value, end - place
            place = end


def _behind_blanks(text: str, place: int) -> int:
    blanks = _BLANKS.match(text, place)
    return blanks.end() if blanks else place


def _of_lines(text: str, start: int) -> Iterator[Sized]:
    """Yield the objects of each line, with or without brackets and commas around them."""
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end - start > MOST_OBJECT_CHARS:
            read_until = yield from _of_array(text, start)
            if read_until == start:
                yield None, 0
            start = read_until if read_until > start else end + 1
            continue
        line = text[start:end].strip(_BETWEEN_LINES).removeprefix("[").removesuffix("]").strip(_BETWEEN)
        start = end + 1
        if line:
            objects = _of_line(line)
            yield from ((value, len(line) // len(objects)) for value in objects)


def _of_line(line: str) -> list[Any]:
    try:
        objects: list[Any] = _DECODER.decode(f"[{line}]")
    except RecursionError:
        return [None]
    except ValueError:
        return _side_by_side(line) if "}" in line[:-1] else [None]
    return objects or [None]


def _side_by_side(line: str) -> list[Any]:
    """Read objects with nothing between them, as in appended blobs: ``}{``."""
    objects, place = [], 0
    try:
        while place < len(line):
            value, place = _DECODER.raw_decode(line, place)
            objects.append(value)
            place = _behind_blanks(line, place)
    except (ValueError, RecursionError):
        return [None]
    return objects
