"""The CSV dialect of a file of readings, detected from its first lines. Pure: lines in, fields out.

The separator is a comma, a semicolon, a tab or a bar: the one with which the first line names the wanted
columns, or the one that a line ``sep=;`` before it names. Column names match exactly or, failing that,
regardless of case. With semicolons, a comma in a number is a decimal comma: locales that write ``10,16``
separate fields with semicolons.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

SEPARATORS = (",", ";", "\t", "|")
COLUMNS = ("TS", "Device", "Tag", "Value")
"""Columns of readings, and the header of the files that the loader writes."""

BYTE_ORDER_MARK = "\ufeff"
"""May precede any line: it stays in the middle when files are concatenated."""

# Compiled on first use.
_SEPARATOR_LINE = r'"?sep=([,;|\t])"?'
_BLANK_BEHIND_QUOTE = r'"[ \t]+(?=[,;|\t]|$)'


class HeaderError(ValueError):
    """The header does not name the wanted columns; the text completes "the file ..."."""


class CsvDialect(NamedTuple):
    """Separator and columns of one file."""

    separator: str
    names: tuple[str, ...]
    """Names of all columns, as in the header."""
    places: tuple[int, ...]
    """Positions of the wanted columns, from 0."""

    @property
    def width(self) -> int:
        """Number of fields in a line."""
        return len(self.names)

    @property
    def has_decimal_comma(self) -> bool:
        """Whether numbers have a decimal comma."""
        return self.separator == ";"

    @classmethod
    def of_header(
        cls, header: str, wanted: Sequence[str] = COLUMNS, *, separator: str | None = None, is_strict: bool
    ) -> CsvDialect:
        """Detect the dialect from the header.

        :param wanted: names of columns
        :param separator: named by a line ``sep=`` before the header; None to detect it
        :param is_strict: whether to refuse a duplicate of a wanted column; otherwise the first one counts
        :raises HeaderError: if a wanted column is missing or ambiguous
        """
        candidates = [separator] if separator else SEPARATORS
        headers = [(each, _names(header, each)) for each in candidates]
        for each, names in headers:
            places = [_place(name, names) for name in wanted]
            if None not in places:
                _refuse_twins(names, wanted, header, is_strict=is_strict)
                return cls(each, names, tuple(place for place in places if place is not None))
        names = max((names for _, names in headers), key=len)
        raise HeaderError(_missing(header, names, wanted))

    def fields_of(self, line: str) -> list[str]:
        """Split a line; surrounding spaces of fields are stripped.

        :raises csv.Error: for an unclosed quote, or a field beyond csv's limit of 128 KiB
        """
        return split_line(line, self.separator)

    def number_of(self, text: str) -> str:
        """Return the text of a number or timestamp with a decimal point."""
        return text.replace(",", ".") if self.has_decimal_comma else text


def csv_field(text: str) -> str:
    """Return a text as a field of a CSV row, in quotes if it needs them.

    A reader without quotes would misread separators, line breaks, and a quote that is first.

    >>> csv_field("1"), csv_field('Pump "A", left')
    ('1', '"Pump ""A"", left"')
    """
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def separator_of(line: str) -> str | None:
    """Return the separator that a line ``sep=;`` names; None for any other line."""
    if "sep=" not in line[:6]:
        return None
    found = re.fullmatch(_SEPARATOR_LINE, line.strip(" \r\n\ufeff"))
    return found and found[1]


def split_line(line: str, separator: str) -> list[str]:
    """Split a line with optional quotes; spaces around fields and around their quotes are stripped.

    >>> split_line('1 , "4" , "a ""b"", c"', ",")
    ['1', '4', 'a "b", c']

    :raises csv.Error: for an unclosed quote, or a field beyond csv's limit of 128 KiB
    """
    line = line.removeprefix(BYTE_ORDER_MARK)
    if '"' not in line:
        return [field.strip() for field in line.split(separator)]
    if line.startswith('"') and line.count('"') == 1:
        raise csv.Error("a quote is never closed")  # csv would raise, too, at ten times the cost
    try:
        return _split(line, separator)
    except csv.Error:
        if '" ' not in line and '"\t' not in line:
            raise
        return _split(re.sub(_BLANK_BEHIND_QUOTE, '"', line), separator)


def _split(line: str, separator: str) -> list[str]:
    rows = csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True)
    return [field.strip() for field in next(rows, [])]


def _names(header: str, separator: str) -> tuple[str, ...]:
    try:
        return tuple(split_line(header, separator))
    except csv.Error:
        return ()


def _place(wanted: str, names: Sequence[str]) -> int | None:
    if wanted in names:
        return names.index(wanted)
    alike = [place for place, name in enumerate(names) if name.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else None


def _refuse_twins(names: Sequence[str], wanted: Sequence[str], header: str, *, is_strict: bool) -> None:
    for name in wanted:
        if is_strict and names.count(name) > 1:
            raise HeaderError(f"has more than one column {name}: {_rule(wanted, header)}")


def _missing(header: str, names: Sequence[str], wanted: Sequence[str]) -> str:
    from scoring_contract.reading_files.header_advice import advice_about  # noqa: PLC0415  # most headers need none

    missing = [name for name in wanted if _place(name, names) is None]
    advice = advice_about(names, missing)
    return f"has no column {' or '.join(missing)}: {_rule(wanted, header)}" + (advice and f"; {advice}")


def _rule(wanted: Sequence[str], header: str) -> str:
    from scoring_contract.text import shown  # noqa: PLC0415  # likewise

    return f"the first line must name {','.join(wanted)}, but is {shown(header)!r}"
