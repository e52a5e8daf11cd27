"""Reads the body of an event: a JSON object, several of them, or an array of objects.

https://learn.microsoft.com/azure/stream-analytics/data-errors
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from ingest.stream_analytics.data_type import is_bigint

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPACE = " \t\r\n"


class Undecodable(Exception):
    """An event's body holds no rows."""


def rows_of(body: bytes) -> list[Mapping[str, object]]:
    """Read the rows of an event.

    :raises Undecodable: if it is not JSON in UTF-8, holds something else than objects, or an integer of more
        than 64 bits
    """
    try:
        text = body.decode("utf-8-sig")
        found = list(_values(text))
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"the body is not JSON: {error}") from error
    if len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    rows: list[Mapping[str, object]] = [row for row in found if isinstance(row, dict)]
    if len(rows) < len(found):
        raise Undecodable("the body holds something else than objects")
    return rows


def _values(text: str) -> list[object]:
    found, place = [], _skip(text, 0)
    if place == len(text):
        raise Undecodable("the body is empty")
    while place < len(text):
        value, place = _DECODER.raw_decode(text, place)
        found.append(value)
        place = _skip(text, place)
    return found


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place


def _integer(text: str) -> int:
    if len(text) > len("-9223372036854775808") or not is_bigint(number := int(text)):
        raise ValueError("an integer has more than 64 bits")
    return number


def _number(text: str) -> float:
    number = float(text)
    if abs(number) == float("inf"):
        raise ValueError("a number is beyond the range of float")
    return number


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=_constant)
