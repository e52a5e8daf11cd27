"""How a CSV file of readings is written, told from its first lines. Pure: lines in, fields out.

The separator is a comma, a semicolon, a tab or a bar: the one under which the first line names the columns
that are wanted, or the one that a line ``sep=;`` before it names. Names of columns are compared as they are,
or else without case. With semicolons, a comma in a number is its decimal point: who writes ``10,16`` is the
reason for semicolons.
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
"""Before any line: whoever appends files to one another leaves it there."""

# Compiled when there is such a line.
_SEPARATOR_LINE = r'"?sep=([,;|\t])"?'
_BLANK_BEHIND_QUOTE = r'"[ \t]+(?=[,;|\t]|$)'


class HeaderError(ValueError):
    """A header that does not name the wanted columns; the text completes "the file ..."."""


class CsvDialect(NamedTuple):
    """How the lines of one file are written.

    :raises HeaderError: from the makers only
    """

    separator: str
    names: tuple[str, ...]
    """Of all columns, as the header writes them."""
    places: tuple[int, ...]
    """Of the wanted columns."""

    @property
    def width(self) -> int:
        """Fields of a line."""
        return len(self.names)

    @property
    def has_decimal_comma(self) -> bool:
        """Whether a comma in a number is its decimal point."""
        return self.separator == ";"

    @classmethod
    def of_header(
        cls, header: str, wanted: Sequence[str] = COLUMNS, *, separator: str | None = None, is_strict: bool
    ) -> CsvDialect:
        """Tell from the header how a file is written.

        :param separator: what a line before the header says
        :param is_strict: whether a name that is there twice is refused; otherwise the first one counts
        :raises HeaderError: if a wanted column is missing, or not to be told from another
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
        """Split one line; no blanks are left round its fields.

        :raises csv.Error: for a quote that is never closed, or a field beyond csv's limit of 128 KiB
        """
        return split_line(line, self.separator)

    def number_of(self, text: str) -> str:
        """Return a number's or timestamp's text with a decimal point."""
        return text.replace(",", ".") if self.has_decimal_comma else text


def separator_of(line: str) -> str | None:
    """Return what a line ``sep=;`` names; None for any other line."""
    if "sep=" not in line[:6]:
        return None
    found = re.fullmatch(_SEPARATOR_LINE, line.strip(" \r\n\ufeff"))
    return found and found[1]


def split_line(line: str, separator: str) -> list[str]:
    """Split a line; quotes are understood within it, blanks round fields and round their quotes are dropped.

    >>> split_line('1 , "4" , "a ""b"", c"', ",")
    ['1', '4', 'a "b", c']

    :raises csv.Error: for a quote that is never closed, or a field beyond csv's limit of 128 KiB
    """
    line = line.removeprefix(BYTE_ORDER_MARK)
    if '"' not in line:
        return [field.strip() for field in line.split(separator)]
    if line.startswith('"') and line.count('"') == 1:
        raise csv.Error("a quote is never closed")  # as csv would say, at a tenth of the cost
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
    from scoring_contract.header_advice import advice_about  # noqa: PLC0415  # most headers need none

    missing = [name for name in wanted if _place(name, names) is None]
    advice = advice_about(names, missing)
    return f"has no column {' or '.join(missing)}: {_rule(wanted, header)}" + (advice and f"; {advice}")


def _rule(wanted: Sequence[str], header: str) -> str:
    from scoring_contract.text import shown  # noqa: PLC0415  # likewise

    return f"the first line must name {','.join(wanted)}, it is {shown(header)!r}"
