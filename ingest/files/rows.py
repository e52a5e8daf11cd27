"""Splits lines of a file into texts of readings: rows of CSV and objects of JSON, with one value or many."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ingest.files.json_lines import DECODER, values_in
from ingest.files.lines import LONGEST_LINE
from ingest.files.reading_form import Column, Constant
from scoring_contract.reading_files.csv_dialect import BYTE_ORDER_MARK, CsvDialect, HeaderError
from scoring_contract.reading_files.json_objects import lacking, opened, problem_of
from scoring_contract.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ingest.files.reading_form import ReadingForm

_JSON_ENDS = " \t,[]" + BYTE_ORDER_MARK
"""Characters around an object in an array."""
_NO_OBJECT = "it is not a JSON object on one line"


class BadRow(Exception):
    """A line, or a cell of it, is not a reading.

    :param kind: the reason, without details that differ from line to line
    :param detail: these details
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind + detail)
        self.kind = kind


class Row(NamedTuple):
    """The texts of a row, and whether its columns name the tags."""

    ts: str
    device: str
    cells: Sequence[tuple[str, str]]
    """Tag and value of each reading."""


@dataclass(slots=True)
class Blanks:
    """Counts the empty cells of wide files, which are no readings."""

    count: int = 0


@dataclass(frozen=True, slots=True)
class CsvRows:
    """Splits the lines of a CSV file.

    :raises HeaderError: if its header lacks a column
    """

    dialect: CsvDialect
    form: ReadingForm
    device: int | str
    """Position of the column, or the text that every row has."""
    tag: int | str | None
    ts: int
    values: tuple[tuple[str, int], ...]
    """Name and position of each column with values."""
    blanks: Blanks = field(default_factory=Blanks)

    @classmethod
    def of_header(
        cls, header: str, form: ReadingForm, *, separator: str | None, stem: str, blanks: Blanks
    ) -> CsvRows:
        """Find the columns of a form in a header.

        :param separator: named by a line ``sep=``; None to detect it
        :param stem: name of the file in constants
        :raises HeaderError: if one is missing or ambiguous
        """
        separator = form.delimiter or separator
        try:
            dialect = CsvDialect.of_header(header, form.wanted, separator=separator, is_strict=True)
        except HeaderError:
            if not form.has_perhaps_tags:
                raise
            return cls.of_header(header, form.without_tags(), separator=separator, stem=stem, blanks=blanks)
        place_of = dict(zip(form.wanted, dialect.places, strict=True))

        def found(given: Column | Constant) -> int | str:
            return given.of_file(stem) if isinstance(given, Constant) else place_of[given.name]

        values = tuple((name, place_of[name]) for name in form.values) or _others(dialect)
        return cls(
            dialect,
            form,
            found(form.device),
            None if form.tag is None else found(form.tag),
            place_of[form.ts],
            values,
            blanks,
        )

    def rows_of(self, line: bytes) -> Sequence[Row]:
        """Split a line.

        :raises BadRow: if it is not CSV, or has more or fewer fields than the header
        """
        try:
            fields = self.dialect.fields_of(decoded(line))
        except csv.Error as error:
            raise BadRow(f"it is not CSV: {error}") from error
        if len(fields) != self.dialect.width:
            raise BadRow(f"it has {len(fields)} fields instead of {self.dialect.width}")
        device = self.device if isinstance(self.device, str) else fields[self.device]
        return (Row(self._ts(fields[self.ts]), device, self._cells(fields)),)

    def _cells(self, fields: Sequence[str]) -> Sequence[tuple[str, str]]:
        if self.tag is not None:
            ((_, place),) = self.values
            return (
                (self.tag if isinstance(self.tag, str) else fields[self.tag], self._number(fields[place])),
            )
        cells = [(name, self._number(fields[place])) for name, place in self.values if fields[place]]
        self.blanks.count += len(self.values) - len(cells)
        return cells

    def _ts(self, text: str) -> str:
        has_comma = self.form.has_decimal_comma
        if self.form.clock.form or has_comma is False:
            return text
        return text.replace(",", ".") if has_comma else self.dialect.number_of(text)

    def _number(self, text: str) -> str:
        """Return a number with a decimal point; what has a point where a comma is meant stays no number."""
        match self.form.has_decimal_comma:
            case None:
                return self.dialect.number_of(text)
            case True:
                return NO_NUMBER if "." in text else text.replace(",", ".")
            case False:
                return text


NO_NUMBER = "with a point where a comma is meant"


def _others(dialect: CsvDialect) -> tuple[tuple[str, int], ...]:
    """Return the columns of a wide file that are not anything else; one without a name is none.

    :raises HeaderError: if there is none, or two have the same name
    """
    others = [
        (name, place) for place, name in enumerate(dialect.names) if name and place not in dialect.places
    ]
    twins = [name for name, count in Counter(name for name, _ in others).items() if count > 1]
    if twins:
        raise HeaderError(f"has more than one column {shown(twins[0])}: their readings would mix")
    if not others:
        raise HeaderError("has no column with values")
    return tuple(others)


@dataclass(frozen=True, slots=True)
class JsonRows:
    """Takes the objects of lines apart."""

    form: ReadingForm
    stem: str
    blanks: Blanks = field(default_factory=Blanks)

    def rows_of(self, line: bytes) -> Sequence[Row | BadRow]:
        """Return the objects of a line; none for a line with only a bracket.

        :raises BadRow: if the line is no JSON
        """
        text = decoded(line)
        try:
            return [row for value in values_in(text, ends=_JSON_ENDS) for row in self._rows_of(value)]
        except (ValueError, RecursionError) as error:
            raise BadRow(_NO_OBJECT) from error

    def _rows_of(self, row: object) -> list[Row | BadRow]:
        return [self._row_of(inner) for inner in (opened(row, DECODER) if isinstance(row, dict) else [row])]

    def _row_of(self, row: object) -> Row | BadRow:
        if not isinstance(row, dict):
            return BadRow(_NO_OBJECT)
        form = self.form
        if (
            form.has_perhaps_tags
            and lacking(row, form.wanted)
            and not lacking(row, form.without_tags().wanted)
        ):
            form = form.without_tags()
        wanted = form.wanted if form.tag else form.wanted[: len(form.wanted) - len(form.values)]
        if lacking(row, wanted):
            kind, colon, detail = problem_of(row, wanted).partition(":")
            return BadRow(f"it {kind}", colon + detail)
        cells = _Members(row)
        device = self._named(form.device, cells)
        if form.tag is not None:
            tag, (value,) = self._named(form.tag, cells), form.values
            return Row(cells.text(form.ts), device, ((tag, self._number(cells.text(value))),))
        return Row(cells.text(form.ts), device, tuple(self._wide(form, row, cells)))

    def _named(self, given: Column | Constant, cells: _Members) -> str:
        return given.of_file(self.stem) if isinstance(given, Constant) else cells.text(given.name)

    def _wide(
        self, form: ReadingForm, row: Mapping[str, object], cells: _Members
    ) -> Iterator[tuple[str, str]]:
        besides = {name.casefold() for name in form.wanted} if not form.values else set()
        for name in form.values or [name for name in row if name and name.casefold() not in besides]:
            value = cells.value(name)
            if value is None or value == "":
                self.blanks.count += 1
            else:
                yield name, self._number(cells.text(name))

    def _number(self, text: str) -> str:
        """Return a number with a decimal point; JSON's own numbers have one anyway."""
        return text.replace(",", ".") if self.form.has_decimal_comma and "." not in text else text


class _Members:
    """The members of an object, by name regardless of case."""

    def __init__(self, row: Mapping[str, object]) -> None:
        self._row = row
        self._folded = {name.casefold(): value for name, value in row.items()}

    def value(self, name: str) -> object:
        """Return a member; None if there is none."""
        return self._row.get(name, self._folded.get(name.casefold()))

    def text(self, name: str) -> str:
        """Return the text of a member; empty if it is neither text nor number."""
        value = self.value(name)
        return value.strip() if isinstance(value, str) else ""


def decoded(line: bytes) -> str:
    """Decode a line.

    :raises BadRow: if it is too long, or not UTF-8
    """
    if len(line) > LONGEST_LINE:
        advice = ": write one JSON object per line" if line.lstrip().startswith((b"[", b"{")) else ""
        raise BadRow(f"it is longer than {LONGEST_LINE:,} bytes{advice}")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadRow("it is not UTF-8", f": byte {error.start + 1}") from error
