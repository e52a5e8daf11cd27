"""Reads a file of readings line by line. Valid lines become readings, others are collected as rejects.

A line is one physical line of CSV, or one JSON object. Quotes work within a line, never across lines: none of
the four columns can contain a line break. So a stray quote spoils only its own line, and the line number of a
reject is the one that an editor shows. The contract defines the accepted forms (``csv_dialect``,
``timestamps``), so that scoring and loading read the same.

Only a few lines are in memory at a time, plus the names of the sensors and the first rejects.
"""

from __future__ import annotations

import csv
import math
import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import ReadingsFileError
from ingest.json_lines import DECODER, is_json, values_in
from ingest.lines import LONGEST_LINE, NotLines, lines_of
from ingest.reading import Reading
from ingest.records import NotRecords
from ingest.rejects import Reject, Rejects
from scoring_contract.csv_dialect import BYTE_ORDER_MARK, COLUMNS, CsvDialect, HeaderError, separator_of
from scoring_contract.errors import SensorNameError
from scoring_contract.json_objects import lacking, opened, problem_of
from scoring_contract.number_names import number_named
from scoring_contract.sensor_names import checked_name
from scoring_contract.text import shown
from scoring_contract.timestamps import EXAMPLE, moment_of, read_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from os import PathLike

_FIRST_MICROS = 0
_LAST_MICROS = 253_370_764_800_000_000
"""The year 9999: the hour after a reading must exist, and blob names have four digits for the year."""
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SHOWN_BYTES = 320
_JSON_ENDS = " \t,[]" + BYTE_ORDER_MARK
"""Characters around an object in an array."""

_NO_OBJECT = "it is not a JSON object on one line"
NAMELESS = "it names no sensor"
"""Beginning of the reason to refuse a row whose device or tag cannot be a name."""
Fields = tuple[str, str, str, str]
"""TS, Device, Tag and Value of a line."""


class ReadingsFile:
    """A file of readings with a valid header, or a known format without one.

    Each iteration reads the file from its start and collects :attr:`rejects` again.

    :param path: the file
    :raises ReadingsFileError: if the file is missing, empty, damaged, of an unknown kind, or lacks a column
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.name = os.fspath(path)
        """The file's name, as given."""
        self.path = Path(path)
        self.rejects = Rejects()
        """Complete after the iteration."""
        self.bytes_read = 0
        """Bytes read from disk, compressed or not."""
        self._rows_of, self._first_row = self._opened()

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    def __iter__(self) -> Iterator[Reading]:
        """Yield the valid readings in the file's order."""
        self.rejects = Rejects()
        names: dict[str, str] = {}
        for number, line in enumerate(self._lines(), start=1):
            if number < self._first_row or _is_blank(line):
                continue
            try:
                rows = self._rows_of(line)
            except _BadRow as problem:
                self._reject(number, line, problem)
                continue
            for fields in rows:
                try:
                    yield _reading(fields, names)
                except _BadRow as problem:
                    self._reject(number, line, problem)

    def _reject(self, number: int, line: bytes, problem: _BadRow) -> None:
        reject = Reject(number, shown(_text(line[:_SHOWN_BYTES])), str(problem))
        self.rejects.add(reject, kind=problem.kind)

    def _opened(self) -> tuple[Callable[[bytes], Sequence[Fields | _BadRow]], int]:
        """Detect the format from the file's first lines.

        :return: a function that splits a line into rows, and the number of the first line that may be a
        reading
        """
        separator = None
        for number, line in enumerate(self._lines(), start=1):
            if _is_blank(line):
                continue
            if separator is None and is_json(line):
                return _rows_of_json, 1
            if separator is None and (separator := separator_of(_text(line))):
                continue
            return _rows_of_csv(self._dialect(line, separator)), number + 1
        raise self._wrong("is empty")

    def _dialect(self, line: bytes, separator: str | None) -> CsvDialect:
        try:
            header = _decoded(line)
            return CsvDialect.of_header(header, separator=separator, is_strict=True)
        except _BadRow as problem:
            raise self._wrong(f"has no readable header: {problem}") from problem
        except HeaderError as problem:
            raise self._wrong(str(problem)) from problem

    def _lines(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(lines_of(file)):
                    if number % 1024 == 0:
                        self.bytes_read = file.tell()
                    yield line
        except (NotLines, NotRecords) as error:
            raise self._wrong(str(error)) from error
        except (OSError, EOFError, zlib.error) as error:
            raise self._wrong(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
        except ValueError as error:  # a NUL byte in the path
            raise self._wrong(f"cannot be opened: {error}") from error

    def _wrong(self, problem: str) -> ReadingsFileError:
        return ReadingsFileError(self.name, problem)


def read_readings(path: str | PathLike[str]) -> ReadingsFile:
    """Open a file of readings: CSV with a header that names ``TS,Device,Tag,Value``, JSON, Avro or Parquet.

    :raises ReadingsFileError: if the file is missing, empty, damaged, of an unknown kind, or lacks a column
    """
    return ReadingsFile(path)


class _BadRow(Exception):
    """A line is not a reading.

    :param kind: the reason, without details that differ from line to line
    :param detail: these details
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind + detail)
        self.kind = kind


def _is_blank(line: bytes) -> bool:
    return not line.strip(b" \t\xef\xbb\xbf")


def _text(line: bytes) -> str:
    return line.decode(errors="backslashreplace")


def _decoded(line: bytes) -> str:
    if len(line) > LONGEST_LINE:
        advice = ": write one JSON object per line" if line.lstrip().startswith((b"[", b"{")) else ""
        raise _BadRow(f"it is longer than {LONGEST_LINE:,} bytes{advice}")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise _BadRow("it is not UTF-8", f": byte {error.start + 1}") from error


def _rows_of_csv(dialect: CsvDialect) -> Callable[[bytes], Sequence[Fields]]:
    ts, device, tag, value = dialect.places

    def rows_of(line: bytes) -> Sequence[Fields]:
        try:
            fields = dialect.fields_of(_decoded(line))
        except csv.Error as error:
            raise _BadRow(f"it is not CSV: {error}") from error
        if len(fields) != dialect.width:
            raise _BadRow(f"it has {len(fields)} fields instead of {dialect.width}")
        numbers = dialect.number_of(fields[ts]), dialect.number_of(fields[value])
        return ((numbers[0], fields[device], fields[tag], numbers[1]),)

    return rows_of


def _rows_of_json(line: bytes) -> Sequence[Fields | _BadRow]:
    """Return the objects of a line; none for a line with only a bracket."""
    text = _decoded(line)
    try:
        return [row for value in values_in(text, ends=_JSON_ENDS) for row in _rows_of_object(value)]
    except (ValueError, RecursionError) as error:
        raise _BadRow(_NO_OBJECT) from error


def _rows_of_object(row: object) -> list[Fields | _BadRow]:
    return [_row_of_json(inner) for inner in (opened(row, DECODER) if isinstance(row, dict) else [row])]


def _row_of_json(row: object) -> Fields | _BadRow:
    if not isinstance(row, dict):
        return _BadRow(_NO_OBJECT)
    if lacking(row, COLUMNS):
        kind, colon, detail = problem_of(row, COLUMNS).partition(":")
        return _BadRow(f"it {kind}", colon + detail)
    folded = {name.casefold(): value for name, value in row.items()}
    ts, device, tag, value = (_text_of(row.get(name, folded.get(name.casefold()))) for name in COLUMNS)
    return ts, device, tag, value


def _text_of(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _reading(fields: Fields | _BadRow, names: dict[str, str]) -> Reading:
    """Return the reading of a row.

    :param names: names of devices and tags that were checked before, as written; grows
    """
    if isinstance(fields, _BadRow):
        raise fields
    ts, device, tag, value = fields
    device, tag = (
        names.get(device) or _name(device, "Device", names),
        names.get(tag) or _name(tag, "Tag", names),
    )
    micros = _micros(ts)
    if not _NUMBER.fullmatch(value) or not math.isfinite(float(value)):
        raise _BadRow("Value is not a finite number")
    return Reading(moment_of(micros), device, tag, value)


def _name(text: str, column: str, names: dict[str, str]) -> str:
    if not text:
        raise _BadRow(f"{column} is empty")
    try:
        name = checked_name(number_named(text) or text, column)
    except SensorNameError as error:
        raise _BadRow(NAMELESS, f": {column} {error.problem}") from error
    names[text] = name
    return name


def _micros(text: str) -> int:
    """Parse a timestamp to microseconds since 1970; one without an offset is UTC."""
    found = read_timestamp(text)
    if found is None:
        raise _BadRow(f"TS is not a timestamp like {EXAMPLE}")
    if not _FIRST_MICROS <= found[0] < _LAST_MICROS:
        raise _BadRow("TS is before the year 1970 or after the year 9998")
    return found[0]
