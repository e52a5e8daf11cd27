"""Lists in pages: ``maxresults``, ``$skiptoken``, ``$select`` and the link to the next page."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from azure_batch_emulator.errors import ApiError, QueryError
from azure_batch_emulator.wire.odata.filters import Filter, Property
from azure_batch_emulator.wire.response import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from azure_batch_emulator.wire.request import Request

LONGEST_PAGE = 1000
_MOST_DIGITS = 18
"""Of a position: no list is longer."""
_Record = TypeVar("_Record")
_NOT_IN_LINKS = frozenset({"$skiptoken", "timeOut"})
_KNOWN = frozenset({"$filter", "$select", "$expand", "$skiptoken"})


@dataclass(frozen=True, slots=True)
class Listing(Generic[_Record]):
    """How one kind of record is listed."""

    metadata: str
    properties: Mapping[str, Property[_Record]]
    """What can be filtered by."""
    render: Callable[[_Record, str], dict[str, Any]]
    """Writes a record for clients; the text is the service's base URL."""
    position: Callable[[_Record], int | str]
    """A number or name that grows along the list, so that a page knows where to go on."""
    columns: Collection[str] = ()
    """What can be selected; empty if the operation does not take ``$select``."""
    stats: Callable[[_Record, str, datetime], dict[str, Any]] | None = None
    """Writes a record's statistics for whoever expands them; the text is its own address."""

    def shown(self, request: Request, record: _Record, columns: frozenset[str] | None) -> dict[str, Any]:
        """Write a record as a request wants it."""
        rendered = self.render(record, request.base)
        if self.stats is not None and request.query.get("$expand") == "stats":
            rendered["stats"] = self.stats(record, rendered["url"], request.engine.core.now)
        return rendered if columns is None else pick(rendered, columns)


def read_filter(request: Request, properties: Mapping[str, Property[_Record]]) -> Filter[_Record] | None:
    """Read ``$filter``.

    :raises ApiError: if it is wrong, with a caret under the column
    """
    text = request.query.get("$filter", "")
    if not text.strip():
        return None
    try:
        return Filter(text, properties)
    except QueryError as problem:
        raise ApiError.bad_query("$filter", text, str(problem)) from None


def start(request: Request) -> int:
    """Read where the page begins, as a position.

    :raises ApiError: if the token is not one of ours
    """
    token = request.query.get("$skiptoken", "")
    if not token:
        return 0
    try:
        position = base64.urlsafe_b64decode(token)
    except (binascii.Error, ValueError):
        position = b""
    if not (position.isdigit() and len(position) <= _MOST_DIGITS):
        raise ApiError.bad_query("$skiptoken", token, "not a token of this service")
    return int(position)


def start_name(request: Request) -> str:
    """Read where the page begins, as the name of a file.

    :raises ApiError: if the token is not one of ours
    """
    token = request.query.get("$skiptoken", "")
    try:
        return os.fsdecode(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError):
        raise ApiError.bad_query("$skiptoken", token, "not a token of this service") from None


def page(
    request: Request,
    listing: Listing[_Record],
    records: Iterable[_Record],
    chosen: Filter[_Record] | None,
) -> Response:
    """Answer with one page of records.

    :param records: in order, from ``start`` on
    """
    value, link = collect(request, listing, records, chosen)
    body: dict[str, Any] = {"odata.metadata": f"{request.base}/$metadata#{listing.metadata}", "value": value}
    if link is not None:
        body["odata.nextLink"] = link
    return Response(200, body)


def collect(
    request: Request,
    listing: Listing[_Record],
    records: Iterable[_Record],
    chosen: Filter[_Record] | None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Write one page of records, and the link to the next page if there is one.

    :param records: in order, from ``start`` on
    """
    size = _size(request)
    columns = select(request, listing.columns)
    value: list[dict[str, Any]] = []
    following: int | str | None = None
    for record in records:
        if chosen is not None and not chosen.matches(record):
            continue
        if len(value) == size:
            following = listing.position(record)
            break
        value.append(listing.shown(request, record, columns))
    return value, None if following is None else _next_link(request, following)


def select(request: Request, columns: Collection[str]) -> frozenset[str] | None:
    """Read ``$select`` and hold ``$expand`` and other OData options against what is known.

    :raises ApiError: if a name means nothing
    """
    for name in request.query:
        if name.startswith("$") and name not in _KNOWN:
            values = (("QueryParameterName", name), ("QueryParameterValue", request.query[name]))
            message = "A query parameter is not supported for this operation."
            raise ApiError(400, "UnsupportedQueryParameter", message, values=values)
    if request.query.get("$expand", "stats") not in {"stats", ""}:
        raise ApiError.bad_query("$expand", request.query["$expand"], "only stats can be expanded")
    text = request.query.get("$select", "")
    if not text.strip():
        return None
    chosen = frozenset(name.strip() for name in text.split(",") if name.strip())
    unknown = chosen.difference(columns)
    if unknown:
        raise ApiError.bad_query("$select", text, f"no such property: {', '.join(sorted(unknown))}")
    return chosen


def pick(rendered: dict[str, Any], columns: frozenset[str]) -> dict[str, Any]:
    """Keep the selected properties only."""
    return {name: value for name, value in rendered.items() if name in columns}


def _size(request: Request) -> int:
    text = request.query.get("maxresults", "")
    if not text:
        return LONGEST_PAGE
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise ApiError.bad_query("maxresults", text, "a whole number is needed")
    size = int(text)
    if not 1 <= size <= LONGEST_PAGE:
        values = (
            ("QueryParameterName", "maxresults"),
            ("QueryParameterValue", text),
            ("MinimumAllowed", "1"),
            ("MaximumAllowed", str(LONGEST_PAGE)),
        )
        message = "A query parameter is outside the permissible range."
        raise ApiError(400, "OutOfRangeQueryParameterValue", message, values=values)
    return size


def _next_link(request: Request, position: int | str) -> str:
    token = base64.urlsafe_b64encode(os.fsencode(str(position))).decode()
    kept = [(name, value) for name, value in request.query.items() if name not in _NOT_IN_LINKS]
    query = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in kept)
    joint = "&" if query else ""
    return f"{request.base}{request.path}?{query}{joint}$skiptoken={quote(token, safe='')}"
