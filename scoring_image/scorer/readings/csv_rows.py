"""Reads readings from CSV.

The header names the columns, in any order; other columns are ignored
(``scoring_contract.reading_files.csv_dialect``). Most files are regular: every line has the same separators
and nothing is quoted. Regular chunks are split in one pass, all others line by line; where both apply, the
result is the same.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from scorer.readings.numbers import read_numbers
from scorer.readings.timestamps import read_timestamps
from scoring_contract.reading_files.csv_dialect import COLUMNS, CsvDialect, HeaderError, separator_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scorer.readings.builder import ReadingsBuilder

STRETCH = 1 << 17
"""Bytes split at once: temporary memory does not grow with the file, and the texts of a chunk stay in the
processor's cache until they are parsed."""
MOST_LINE_CHARS = 1 << 20
"""A longer line counts as unreadable: no reading is that long."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MARK = "\ufeff"
_ABOVE_COMMA = bytes(range(ord(",") + 1, 256))
_BLANK_EDGES = (b", ", b" ,", b" \n", b"\n ")
_LINE_END = "\r\n|\n|\r"

Columns = list[list[str]]
"""A list of texts per column."""


def read_csv(data: bytes, builder: ReadingsBuilder) -> None:
    """Pass all rows of a file to a builder. Never raises: unreadable rows are counted."""
    data = _with_line_feeds(data)
    header, start = _first_line(data, 0)
    separator = header and separator_of(header)
    if separator:
        header, start = _first_line(data, start)
    if not header:
        return
    try:
        wanted = (*COLUMNS[:-1], *builder.features)
        layout = _layout(header, wanted, separator)
    except HeaderError as error:
        lines = sum(len(_lines(part)) for part in _chunks(data, start))
        builder.refuse(1 + lines, str(error))
        return
    for part in _chunks(data, start):
        columns = layout.split_alike(part)
        if columns is None:
            columns, bad = layout.split_lines(part)
            builder.reject(bad)
        ts, devices, tags, *texts = columns
        if ts:
            builder.add(
                builder.index.numbered(devices, tags), read_timestamps(ts), [read_numbers(t) for t in texts]
            )


class Layout:
    """Splits the lines of a file into the wanted columns.

    :param dialect: its ``places`` are the columns of TS, Device, Tag and the features
    """

    def __init__(self, dialect: CsvDialect) -> None:
        self.dialect = dialect
        self._width = dialect.width
        separator = dialect.separator.encode()
        # Swaps separators and commas.
        self._swap = None if separator == b"," else bytes.maketrans(b"," + separator, separator + b",")

    def split_alike(self, part: bytes) -> Columns | None:
        """Split regular lines.

        :return: a list per column; None if the lines are not regular
        """
        if b"\r" in part:
            part = part.replace(b"\r\n", b"\n")
        part = part if part.endswith(b"\n") else part + b"\n"
        if self._swap is not None:
            part = part.translate(self._swap)
        text = _plain(part) if self._is_regular(part) else None
        if text is None:
            return None
        fields = text[:-1].replace("\n", ",").split(",")
        width = self._width
        columns = [fields[place::width] for place in self.dialect.places]
        return columns if self._swap is None else self._swapped_back(columns)

    def _is_regular(self, part: bytes) -> bool:
        """Whether all lines have the same separators, and no field needs a closer look.

        The comma and all ASCII characters before it must be the same in every line: these are control
        characters, the space, the quote and the plus. Only a timestamp may contain a plus, or a space at its
        ends, because its parser is strict; other fields are used as they are.
        """
        low = part.translate(None, _ABOVE_COMMA)
        first = low[: low.index(b"\n") + 1]
        if low != first * (len(low) // len(first)):
            return False
        between = first[:-1].split(b",")
        if len(between) != self._width:
            return False
        between[self.dialect.places[0]] = between[self.dialect.places[0]].translate(None, b" +")
        if not any(between):
            return True
        inner = b"".join(between).translate(None, b" ")
        return not inner and not any(edge in part for edge in _BLANK_EDGES) and part[:1] != b" "

    def _swapped_back(self, columns: Columns) -> Columns:
        separator = self.dialect.separator
        return self._numbers_of([[text.replace(separator, ",") for text in column] for column in columns])

    def split_lines(self, part: bytes) -> tuple[Columns, int]:
        """Split any lines.

        :return: a list per column, and how many lines have more or fewer fields than the header
        """
        rows = [self._fields_of(line) for line in _lines(part)]
        good = [row for row in rows if len(row) == self._width]
        columns = [[row[place] for row in good] for place in self.dialect.places]
        return self._numbers_of(columns), len(rows) - len(good)

    def _numbers_of(self, columns: Columns) -> Columns:
        """Replace decimal commas of timestamps and features; devices and tags stay as they are."""
        if not self.dialect.has_decimal_comma:
            return columns
        ts, devices, tags, *features = columns
        ts, *features = ([self.dialect.number_of(text) for text in column] for column in (ts, *features))
        return [ts, devices, tags, *features]

    def _fields_of(self, line: str) -> list[str]:
        """Split one line. A stray quote makes its own line unreadable, never the lines after it."""
        if len(line) > MOST_LINE_CHARS:
            return []
        try:
            return self.dialect.fields_of(line)
        except csv.Error:
            return []


@lru_cache(maxsize=1)
def _layout(header: str, wanted: tuple[str, ...], separator: str | None) -> Layout:
    """Return the layout of a header; cached, as all files of a fleet usually have the same one."""
    return Layout(CsvDialect.of_header(header, wanted, separator=separator, is_strict=False))


def _with_line_feeds(data: bytes) -> bytes:
    """Return a file with line feeds; copied only if its first line ends with a lone carriage return."""
    end = data.find(b"\n")
    lone = data.find(b"\r", 0, len(data) if end < 0 else max(end - 1, 0))
    return data if lone < 0 else data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _first_line(data: bytes, start: int) -> tuple[str | None, int]:
    """Return the first line that is not blank, None if there is none, and where the next line starts."""
    start = start or (len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0)
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        line = _text(data[start : min(end, start + MOST_LINE_CHARS)])
        start = end + 1
        if line.strip():
            return line, start
    return None, start


def _chunks(data: bytes, start: int) -> Iterator[bytes]:
    """Cut a file after line ends, every ``STRETCH`` bytes or more."""
    while start < len(data):
        end = data.find(b"\n", start + STRETCH)
        end = len(data) if end < 0 else end + 1
        yield data[start:end]
        start = end


def _lines(part: bytes) -> Sequence[str]:
    text = _text(part)
    lines = re.split(_LINE_END, text) if "\r" in text else text.split("\n")
    return [line for line in lines if line.strip(" \t\ufeff")]


def _plain(part: bytes) -> str | None:
    """Decode; None if a byte is invalid, or a character might have to be stripped from a field."""
    if part.isascii():
        return part.decode("ascii")
    try:
        text = part.decode()
    except UnicodeDecodeError:
        return None
    return None if any(char.isspace() and not char.isascii() for char in {*text}) or _MARK in text else text


def _text(part: bytes) -> str:
    """Decode; an invalid byte makes only its own row unreadable."""
    return part.decode("utf-8", errors="replace")
