"""What other people's files call our columns. Values only: options in, columns of a header out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingest.errors import FormError
from ingest.files.moments import Clock
from scoring_contract.errors import SensorNameError
from scoring_contract.reading_files.csv_dialect import COLUMNS
from scoring_contract.sensor_names import checked_name

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE_MARK = "{file}"
"""Stands for the name of the file, without its suffixes, in a constant."""
_TS, _DEVICE, _TAG, _VALUE = COLUMNS
_ITEM = re.compile(r"""\s*(\w+)\s*=\s*("(?:[^"]|"")+"|'(?:[^']|'')+'|[^,"']+?)\s*(?:,|$)""")
_SYNTAX = "TS=timestamp,Device='pump 1',Value=temp"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text in every row."""

    text: str

    def of_file(self, stem: str) -> str:
        """Return the text for a file."""
        return self.text.replace(FILE_MARK, stem)


@dataclass(frozen=True, slots=True)
class ReadingForm:
    """Where the rows of a file have timestamp, device, tag and values, and how these are written.

    A wide file has a column for each tag.
    """

    ts: str = _TS
    device: Column | Constant = field(default_factory=lambda: Column(_DEVICE))
    tag: Column | Constant | None = field(default_factory=lambda: Column(_TAG))
    """None if the columns of values name the tags."""
    has_perhaps_tags: bool = False
    """Whether the columns of values name the tags only if the file has no column for them."""
    values: tuple[str, ...] = (_VALUE,)
    """Columns with values; empty for all that are not anything else."""
    delimiter: str = ""
    """Between the fields of CSV; empty to detect it."""
    has_decimal_comma: bool | None = None
    """None if the delimiter decides."""
    clock: Clock = field(default_factory=Clock)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Columns that a file must have."""
        named = (each.name for each in (self.device, self.tag) if isinstance(each, Column))
        return (self.ts, *named, *self.values)

    @property
    def wanted_of_records(self) -> tuple[str, ...] | None:
        """Columns to read of a file of records; None for all."""
        return self.wanted if self.values else None

    @property
    def is_ours(self) -> bool:
        """Whether files have our own columns."""
        return self.wanted == COLUMNS

    def without_tags(self) -> ReadingForm:
        """Return the form of a file without a column for tags."""
        return replace(self, tag=None, has_perhaps_tags=False)

    @classmethod
    def of_columns(cls, text: str = "", *, is_wide: bool = False) -> ReadingForm:
        """Parse ``TS=timestamp,Device='pump 1',Value=temp``.

        A name may be in double quotes, as in SQL; a text in single quotes is a constant, in which ``{file}``
        stands for the file's name.

        :param is_wide: whether every other column is a tag
        :raises FormError: in a sentence, if the text is not of this form or contradicts itself
        """
        found: dict[str, list[Column | Constant]] = {name: [] for name in COLUMNS}
        for name, value in _items(text):
            ours = next((each for each in COLUMNS if each.casefold() == name.casefold()), None)
            if ours is None:
                raise FormError(f"--columns: {name} is none of {', '.join(COLUMNS)}")
            found[ours].append(value)
        return _form_of(found, is_wide=is_wide)


def _items(text: str) -> Iterable[tuple[str, Column | Constant]]:
    place = 0
    while place < len(text):
        item = _ITEM.match(text, place)
        if item is None:
            raise FormError(f"--columns: {text[place:]!r} is not like {_SYNTAX}")
        name, value = item.groups()
        match value[0]:
            case '"':
                yield name, Column(value[1:-1].replace('""', '"'))
            case "'":
                yield name, Constant(_constant(name, value[1:-1].replace("''", "'")))
            case _:
                yield name, Column(value)
        place = item.end()


def _constant(name: str, text: str) -> str:
    try:
        return checked_name(text, name)
    except SensorNameError as error:
        raise FormError(f"--columns: {error}") from error


def _form_of(found: dict[str, list[Column | Constant]], *, is_wide: bool) -> ReadingForm:
    for name, values in found.items():
        if len(values) > 1 and name != _VALUE:
            raise FormError(f"--columns names {name} {len(values)} times")
        if name in {_TS, _VALUE} and any(isinstance(each, Constant) for each in values):
            raise FormError(f"--columns: {name} must be a column, without single quotes")
    columns = tuple(each.name for each in found[_VALUE] if isinstance(each, Column))
    if is_wide and columns:
        raise FormError("--wide takes every other column as a tag: leave it out, or Value in --columns")
    if found[_TAG] and (is_wide or len(columns) > 1):
        raise FormError("the columns of a wide file name its tags: leave Tag out of --columns")
    (ts,) = found[_TS] or (Column(_TS),)
    (device,) = found[_DEVICE] or (Column(_DEVICE),)
    return ReadingForm(
        ts=ts.name if isinstance(ts, Column) else _TS,
        device=device,
        tag=None if is_wide or len(columns) > 1 else (*found[_TAG], Column(_TAG))[0],
        has_perhaps_tags=len(columns) == 1 and not found[_TAG],
        values=() if is_wide else columns or (_VALUE,),
    )
