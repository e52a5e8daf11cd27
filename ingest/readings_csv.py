"""Reading a CSV of readings, row by row. Good rows become readings, bad ones are kept as rejects.

A row is one physical line. Quotes are understood inside a line and never across lines: none of the four
columns can hold a line break, and so a stray quote costs its own line instead of the rest of the file, and a
reject's line number is the one an editor shows.

Only one line is in memory at a time, beside the names of the sensors and the first rejects.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import ReadingsFileError
from ingest.reading import COLUMNS, Reading, SensorNames
from scoring_contract.errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from typing import BinaryIO

MOST_REJECTS = 1000
"""Rejects that are kept one by one; later ones are only counted."""

LONGEST_LINE = 10_000
"""Bytes of a line. No row needs a hundredth of it; a file without line breaks must not fill the memory."""

_SHOWN = 80
_YEARS = range(1970, 9999)  # the hour after a reading must exist, and blob paths have four digits for a year
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is no reading."""

    line: int
    """1-based, as an editor counts."""
    text: str
    """The line's beginning, fit to be printed."""
    reason: str


@dataclass(slots=True)
class Rejects:
    """The rejects of one pass over a file."""

    total: int = 0
    listed: list[Reject] = field(default_factory=list)
    """The first :data:`MOST_REJECTS`."""

    def add(self, reject: Reject) -> None:
        """Count a reject, and keep it while there is room."""
        self.total += 1
        if len(self.listed) < MOST_REJECTS:
            self.listed.append(reject)


class ReadingsFile:
    """A readings CSV whose header is known to be good.

    Iterating reads the file from its start and fills :attr:`rejects` afresh; both can be done again.

    :raises ReadingsFileError: if the file is missing, empty, or its header lacks a column
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self.rejects = Rejects()
        """Complete when the iteration has ended."""
        for line in self._lines():
            self._columns = self._columns_of(line)
            return
        raise self._wrong("is empty")

    def __iter__(self) -> Iterator[Reading]:
        """Yield the good readings in the file's order.

        :raises SensorCollision: as soon as two pairs of device and tag share one sensor id
        """
        self.rejects = Rejects()
        names = SensorNames()
        for number, line in enumerate(self._lines(), start=1):
            if number == 1 or not line.strip():
                continue
            try:
                yield self._reading(line, names)
            except _BadRow as problem:
                self.rejects.add(Reject(number, _shown(line), str(problem)))

    def _lines(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as stream:
                yield from _bounded_lines(stream)
        except OSError as error:
            raise self._wrong(f"cannot be read: {error.strerror or type(error).__name__}") from error
        except ValueError as error:  # a NUL byte in the path
            raise self._wrong(f"cannot be opened: {error}") from error

    def _columns_of(self, line: bytes) -> tuple[str, ...]:
        try:
            columns = tuple(name.strip() for name in _fields(line))
        except _BadRow as problem:
            raise self._wrong(f"has no readable header: {problem}") from problem
        for name in COLUMNS:
            if columns.count(name) != 1:
                found = "no" if name not in columns else "more than one"
                raise self._wrong(
                    f"has {found} column {name}: the first line must name {','.join(COLUMNS)}, "
                    f"it is {_shown(line)!r}"
                )
        return columns

    def _reading(self, line: bytes, names: SensorNames) -> Reading:
        fields = _fields(line)
        if len(fields) != len(self._columns):
            raise _BadRow(f"it has {len(fields)} fields instead of {len(self._columns)}")
        row = dict(zip(self._columns, fields, strict=True))
        device, tag = _name(row, "Device"), _name(row, "Tag")
        moment, value = _moment(row["TS"].strip()), _value(row["Value"].strip())
        try:
            names.id_of(device, tag)
        except LayoutError as error:
            raise _BadRow(str(error)) from error
        return Reading(moment, device, tag, value)

    def _wrong(self, problem: str) -> ReadingsFileError:
        return ReadingsFileError(str(self.path), problem)


def read_readings(path: str | PathLike[str]) -> ReadingsFile:
    """Open a readings CSV: header ``TS,Device,Tag,Value`` in any order, further columns are left alone.

    :raises ReadingsFileError: if the file is missing, empty, or its header lacks a column
    """
    return ReadingsFile(path)


class _BadRow(Exception):
    """Why a line is no reading."""


def _bounded_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines without their ends; of a line that is too long, just enough to tell."""
    at_start = True
    while line := stream.readline(LONGEST_LINE + 1):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(LONGEST_LINE + 1)):
            pass
        if at_start:
            line, at_start = line.removeprefix(b"\xef\xbb\xbf"), False
        yield line.removesuffix(b"\n").removesuffix(b"\r")


def _fields(line: bytes) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise _BadRow(f"it is longer than {LONGEST_LINE:,} bytes")
    try:
        text = line.decode()
        # strict: a quote that never closes is an error, not a field that runs on.
        return next(csv.reader([text], strict=True), [])
    except UnicodeDecodeError as error:
        raise _BadRow(f"byte {error.start + 1} is not UTF-8") from error
    except csv.Error as error:
        raise _BadRow(f"it is not CSV: {error}") from error


def _name(row: dict[str, str], column: str) -> str:
    name = row[column].strip()
    if not name:
        raise _BadRow(f"{column} is empty")
    return name


def _moment(text: str) -> datetime:
    """Read a timestamp; one without an offset is UTC."""
    if not _MOMENT.fullmatch(text):
        raise _BadRow("TS is not a timestamp like 2018-08-28 23:00:05.000")
    try:
        moment = datetime.fromisoformat(text.upper())
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _BadRow(f"TS is no moment: {error}") from error
    if moment.year not in _YEARS:
        raise _BadRow(f"TS lies in the year {moment.year}")
    return moment


def _value(text: str) -> str:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise _BadRow("Value is not a finite number")
    return text


def _shown(line: bytes) -> str:
    """Shorten a line and escape what a terminal would act on."""
    text = line[: 4 * _SHOWN].decode(errors="backslashreplace")
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
