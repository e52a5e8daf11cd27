"""Reads a file of readings line by line. Valid lines become readings, others are collected as rejects.

A line is one physical line of CSV, or one JSON object. Quotes work within a line, never across lines: none of
the four columns can contain a line break. So a stray quote spoils only its own line, and the line number of a
reject is the one that an editor shows. The contract defines the accepted forms (``csv_dialect``,
``timestamps``), so that scoring and loading read the same.

Only a few lines are in memory at a time, plus the names of the sensors and the first rejects.
"""

from __future__ import annotations

import math
import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import ReadingsFileError
from ingest.files.json_lines import is_json
from ingest.files.lines import NotLines, lines_of
from ingest.files.moments import NoMoment
from ingest.files.reading_form import ReadingForm
from ingest.files.records import NotRecords
from ingest.files.rejects import Reject, Rejects
from ingest.files.rows import BadRow, Blanks, CsvRows, JsonRows, Row, decoded
from ingest.reading import Reading
from scoring_contract.errors import SensorNameError
from scoring_contract.reading_files.csv_dialect import HeaderError, separator_of
from scoring_contract.reading_files.number_names import number_named
from scoring_contract.reading_files.timestamps import moment_of
from scoring_contract.sensor_names import checked_name
from scoring_contract.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from os import PathLike

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SHOWN_BYTES = 320
OURS = ReadingForm()
"""Files with our own columns."""
NAMELESS = "it names no sensor"
"""Beginning of the reason to refuse a row whose device or tag cannot be a name."""


class ReadingsFile:
    """A file of readings with a valid header, or a known format without one.

    Each iteration reads the file from its start and collects :attr:`rejects` again.

    :param path: the file
    :param form: what it calls our columns, and how it writes them
    :raises ReadingsFileError: if the file is missing, empty, damaged, of an unknown kind, or lacks a column
    """

    def __init__(self, path: str | PathLike[str], form: ReadingForm = OURS) -> None:
        self.name = os.fspath(path)
        """The file's name, as given."""
        self.path = Path(path)
        self.form = form
        self.rejects = Rejects()
        """Complete after the iteration."""
        self._blanks = Blanks()
        self.bytes_read = 0
        """Bytes read from disk, compressed or not."""
        self.line = 0
        """Line of the latest reading, 1-based."""
        self._rows, self._first_row = self._opened()
        self._latest = "", moment_of(0)
        self._names: dict[str, str] = {}
        """Names of devices and tags that were checked before, as written."""

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    @property
    def blank_cells(self) -> int:
        """Empty cells of a wide file, which are no readings."""
        return self._blanks.count

    @property
    def stem(self) -> str:
        """The file's name without its suffixes."""
        return self.path.name.partition(".")[0] or self.path.name

    def __iter__(self) -> Iterator[Reading]:
        """Yield the valid readings in the file's order."""
        self.rejects = Rejects()
        yield from self.readings(self.rejects)

    def readings(self, rejects: Rejects, *, names_file: bool = False) -> Iterator[Reading]:
        """Yield the valid readings in the file's order.

        :param rejects: collects the others
        :param names_file: whether they tell the file
        """
        self._blanks.count = 0
        label = self.name if names_file else ""
        rows_of = self._rows.rows_of
        for number, line in enumerate(self._lines(), start=1):
            if number < self._first_row or _is_blank(line):
                continue
            try:
                rows = rows_of(line)
            except BadRow as problem:
                rejects.add(Reject(number, _shown(line), str(problem), label), kind=problem.kind)
                continue
            self.line = number
            for row in rows:
                for found in self._readings(row):
                    if isinstance(found, Reading):
                        yield found
                    else:
                        rejects.add(Reject(number, _shown(line), str(found), label), kind=found.kind)

    def _readings(self, row: Row | BadRow) -> Iterator[Reading | BadRow]:
        """Yield the readings of a row, and the reasons why others are none."""
        if isinstance(row, BadRow):
            yield row
            return
        try:
            device = self._names.get(row.device) or self._name(row.device, "Device")
            moment = self._moment_of(row.ts)
        except NoMoment as problem:
            yield BadRow(problem.kind, problem.detail)
            return
        except BadRow as problem:
            yield problem
            return
        for tag, value in row.cells:
            try:
                name = self._names.get(tag) or self._name(tag, "Tag")
            except BadRow as problem:
                yield problem
                continue
            if _NUMBER.fullmatch(value) and math.isfinite(float(value)):
                yield Reading(moment, device, name, value)
            else:
                yield BadRow(f"{self._value_of(tag)} is not a finite number")

    def _moment_of(self, ts: str) -> datetime:
        """Parse a timestamp; neighbouring rows of several sensors often have the same."""
        known, moment = self._latest
        if ts != known:
            moment = moment_of(self.form.clock.micros_of(ts))
            self._latest = ts, moment
        return moment

    def _value_of(self, tag: str) -> str:
        return "Value" if self.form.tag else f"Value of column {shown(tag)}"

    def _name(self, text: str, column: str) -> str:
        if not text:
            raise BadRow(f"{column} is empty")
        try:
            name = checked_name(number_named(text) or text, column)
        except SensorNameError as error:
            raise BadRow(NAMELESS, f": {column} {error.problem}") from error
        self._names[text] = name
        return name

    def _opened(self) -> tuple[CsvRows | JsonRows, int]:
        """Detect the format from the file's first lines.

        :return: what splits a line into rows, and the number of the first line that may be a reading
        """
        separator = None
        for number, line in enumerate(self._lines(), start=1):
            if _is_blank(line):
                continue
            if separator is None and is_json(line):
                return JsonRows(self.form, self.stem, self._blanks), 1
            if separator is None and (separator := separator_of(_text(line))):
                continue
            return self._csv_rows(line, separator), number + 1
        raise self._wrong("is empty")

    def _csv_rows(self, line: bytes, separator: str | None) -> CsvRows:
        try:
            return CsvRows.of_header(
                decoded(line), self.form, separator=separator, stem=self.stem, blanks=self._blanks
            )
        except BadRow as problem:
            raise self._wrong(f"has no readable header: {problem}") from problem
        except HeaderError as problem:
            advice = "; or name its columns with --columns" if self.form.is_ours else ""
            raise self._wrong(f"{problem}{advice}") from problem

    def _lines(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(lines_of(file, wanted=self.form.wanted_of_records)):
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


def read_readings(path: str | PathLike[str], form: ReadingForm = OURS) -> ReadingsFile:
    """Open a file of readings: CSV with a header that names its columns, JSON, Avro or Parquet.

    :param form: what it calls our columns, and how it writes them
    :raises ReadingsFileError: if the file is missing, empty, damaged, of an unknown kind, or lacks a column
    """
    return ReadingsFile(path, form)


def _shown(line: bytes) -> str:
    return shown(_text(line[:_SHOWN_BYTES]))


def _is_blank(line: bytes) -> bool:
    return not line.strip(b" \t\xef\xbb\xbf")


def _text(line: bytes) -> str:
    return line.decode(errors="backslashreplace")
