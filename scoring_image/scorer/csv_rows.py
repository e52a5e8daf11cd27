"""Readings as CSV text.

Columns are found by the header's names, in any order; others are ignored. Most files are regular: every line
has the same separators and nothing is quoted. Their lines are split all at once. Any stretch of a file that
is not is split line by line, with the same result where both can be used.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.moments import read_moments
from scorer.numbers import read_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scorer.gathering import Gathering

STRETCH = 1 << 17
"""Bytes split at once: what is needed only in passing does not grow with the file, and its texts lie in the
processor's cache until they are read."""
MOST_LINE_CHARS = 1 << 20
"""A longer line is unreadable: no reading is."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ABOVE_COMMA = bytes(range(ord(",") + 1, 256))

Columns = list[list[str]]
"""A list of texts per column."""


def read_csv(data: bytes, gathering: Gathering) -> None:
    """Give all rows of a file to a gathering. Never raises: what cannot be read is counted."""
    header, start = _first_line(data)
    if header is None:
        return
    names = fields_of(header)
    wanted = ("TS", "Device", "Tag", *gathering.features)
    if any(name not in names for name in wanted):
        lines = sum(len(_lines(part)) for part in _stretches(data, start))
        gathering.reject(1 + lines)
        return
    layout = Layout(len(names), tuple(names.index(name) for name in wanted))
    for part in _stretches(data, start):
        columns = layout.split_alike(part)
        if columns is None:
            columns, bad = layout.split_lines(part)
            gathering.reject(bad)
        ts, devices, tags, *texts = columns
        if ts:
            gathering.add(
                gathering.roster.numbered(devices, tags), read_moments(ts), [read_numbers(t) for t in texts]
            )


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file's columns are."""

    width: int
    places: tuple[int, ...]
    """Of TS, Device, Tag and the features."""

    def split_alike(self, part: bytes) -> Columns | None:
        """Split regular lines.

        :return: a list per column; None if the lines are not regular
        """
        if b"\r" in part:
            part = part.replace(b"\r\n", b"\n")
        part = part if part.endswith(b"\n") else part + b"\n"
        if not part.isascii() or not self._is_regular(part):
            return None
        fields = part[:-1].replace(b"\n", b",").decode("ascii").split(",")
        return [fields[place :: self.width] for place in self.places]

    def _is_regular(self, part: bytes) -> bool:
        """Whether all lines have the first one's characters up to the comma, and these are its separators.

        A comma comes after all control characters, the blank and the quote. A moment may hold a blank or a
        plus: whoever reads moments is strict about their form. Other fields may not: they are to be taken
        as they are.
        """
        low = part.translate(None, _ABOVE_COMMA)
        first = low[: low.index(b"\n") + 1]
        if low != first * (len(low) // len(first)):
            return False
        between = first[:-1].split(b",")
        if len(between) != self.width:
            return False
        between[self.places[0]] = between[self.places[0]].translate(None, b" +")
        return not any(between)

    def split_lines(self, part: bytes) -> tuple[Columns, int]:
        """Split any lines.

        :return: a list per column, and how many lines have more or fewer fields than the header
        """
        rows = [fields_of(line) for line in _lines(part)]
        good = [row for row in rows if len(row) == self.width]
        return [[row[place] for row in good] for place in self.places], len(rows) - len(good)


def fields_of(line: str) -> list[str]:
    """Split one line. A stray quote spoils its own line only, never those that follow."""
    if len(line) > MOST_LINE_CHARS:
        return []
    if '"' not in line:
        return [part.strip() for part in line.split(",")]
    try:
        return [part.strip() for part in next(csv.reader([line]), [])]
    except csv.Error:  # a field beyond csv's limit of 128 KiB
        return []


def _first_line(data: bytes) -> tuple[str | None, int]:
    """Return the first line that is not blank and where the next one begins; None if there is none."""
    start = len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        line = _text(data[start:end])
        start = end + 1
        if line.strip():
            return line, start
    return None, start


def _stretches(data: bytes, start: int) -> Iterator[bytes]:
    """Cut a file behind line ends."""
    while start < len(data):
        end = data.find(b"\n", start + STRETCH)
        end = len(data) if end < 0 else end + 1
        yield data[start:end]
        start = end


def _lines(part: bytes) -> Sequence[str]:
    return [line for line in _text(part).split("\n") if line.strip()]


def _text(part: bytes) -> str:
    """Decode; a broken byte spoils its own row only."""
    return part.decode("utf-8", errors="replace")
