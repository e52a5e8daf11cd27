"""Command-line options that say how other people's files are written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest.errors import FormError
from ingest.files.moments import Ambiguous, Clock, Unit
from ingest.files.reading_form import ReadingForm

if TYPE_CHECKING:
    import argparse

Choice = TypeVar("Choice", Unit, Ambiguous)

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "\\t": "\t"}
_UNFIT = frozenset("\"'\r\n. ")
_PROBE = datetime(2018, 8, 29, 14, 0)  # noqa: DTZ001  formats know no zone; the hour shows whether 02 means 14


def add_form_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command."""
    options = parser.add_argument_group("how the files are written")
    options.add_argument(
        "--columns",
        default="",
        metavar="NAMES",
        help="names of the columns: TS=timestamp,Device=machine,Tag=sensor,Value=temp; Device='pump 1' is "
        "the same device in every row, Device='{file}' the file's name; without Tag, the value's column is "
        "the tag; several Value=... make a file wide",
    )
    options.add_argument("--wide", action="store_true", help="every other column is a tag with its values")
    options.add_argument(
        "--delimiter", default="", help="between fields; default: one of , ; tab | is detected"
    )
    options.add_argument(
        "--decimal", default="", help="of numbers: . or , ; default: , only between semicolons"
    )
    options.add_argument(
        "--timezone",
        default="",
        metavar="ZONE",
        help="of texts without an offset: Europe/Berlin; default: UTC",
    )
    options.add_argument(
        "--ambiguous",
        default="",
        help="for times that a clock shows twice: earlier, later or refuse; default: refuse",
    )
    options.add_argument(
        "--timestamp-format",
        default="",
        metavar="FORMAT",
        help="as of Python's strptime: '%%d.%%m.%%Y %%H:%%M:%%S'",
    )
    options.add_argument(
        "--epoch", default="", help="unit of counts since 1970: s, ms, us, ns; default: their digits tell it"
    )


def form_of(order: argparse.Namespace) -> ReadingForm:
    """Return the form that the options describe.

    :raises FormError: in a sentence, if they contradict each other or name nothing
    """
    form = ReadingForm.of_columns(order.columns, is_wide=order.wide)
    return replace(
        form,
        delimiter=_delimiter(order.delimiter),
        has_decimal_comma=_has_decimal_comma(order.decimal),
        clock=_clock(order),
    )


def _clock(order: argparse.Namespace) -> Clock:
    unit = _one_of(Unit, order.epoch, "--epoch") if order.epoch else None
    if unit and (order.timestamp_format or order.timezone):
        raise FormError("--epoch counts seconds since 1970 UTC: leave out --timezone and --timestamp-format")
    if order.ambiguous and not order.timezone:
        raise FormError("--ambiguous needs --timezone: no hour of UTC happens twice")
    return Clock(
        zone=_zone(order.timezone) if order.timezone else None,
        ambiguous=_one_of(Ambiguous, order.ambiguous, "--ambiguous") if order.ambiguous else Ambiguous.REFUSE,
        form=_timestamp_format(order.timestamp_format),
        unit=unit,
    )


def _one_of(choices: type[Choice], text: str, option: str) -> Choice:
    try:
        return choices(text)
    except ValueError:
        raise FormError(f"{option}: {text!r} is none of {', '.join(choices)}") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FormError(f"--timezone: {name!r} is no time zone; names are like Europe/Berlin") from None


def _timestamp_format(form: str) -> str:
    if not form:
        return ""
    try:
        read = datetime.strptime(_PROBE.strftime(form), form)  # noqa: DTZ007  as above
    except ValueError as error:
        raise FormError(f"--timestamp-format: {form!r} is no format of strptime: {error}") from None
    if read.replace(tzinfo=None) != _PROBE:
        raise FormError(
            f"--timestamp-format: {form!r} does not tell day and hour; one that does is '%d.%m.%Y %H:%M:%S'"
        )
    return form


def _delimiter(text: str) -> str:
    delimiter = _DELIMITERS.get(text, text)
    if delimiter and (len(delimiter) > 1 or delimiter.isalnum() or delimiter in _UNFIT):
        raise FormError(f"--delimiter: {text!r} is neither one sign such as ; nor {', '.join(_DELIMITERS)}")
    return delimiter


def _has_decimal_comma(text: str) -> bool | None:
    if text not in {"", ",", "."}:
        raise FormError(f"--decimal: {text!r} is neither . nor ,")
    return text == "," if text else None
