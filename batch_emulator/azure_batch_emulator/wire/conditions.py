"""Conditional headers: proceed only if the record is, or is not, the one the client knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import http_date, parse_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from azure_batch_emulator.wire.request import Request

_EXCLUDE_EACH_OTHER = (("if-match", "if-none-match"), ("if-modified-since", "if-unmodified-since"))


class Versioned(Protocol):
    """A record with a version and a time of its last change."""

    modified: datetime
    etag: int


def etag(record: Versioned) -> str:
    """Write the version of a record."""
    return f"0x8D{record.etag:013X}"


def version_headers(record: Versioned) -> dict[str, str]:
    """Write the headers that tell a record's version."""
    return {"ETag": etag(record), "Last-Modified": http_date(record.modified)}


def check(request: Request, record: Versioned, *, reading: bool = False) -> None:
    """Hold a record against the request's conditions.

    :param reading: whether a record that has not changed is a 304 rather than a 412
    :raises ApiError: ConditionNotMet
    """
    headers = request.headers
    _check_alone(headers)
    if not is_matched(headers, record):
        raise not_met(412)
    if "if-none-match" in headers and _names(headers["if-none-match"], etag(record)):
        raise not_met(304 if reading else 412)
    check_times(request, record.modified, reading=reading)


def is_matched(headers: Mapping[str, str], record: Versioned) -> bool:
    """Tell whether a record is the one that If-Match asks for; without the header every record is."""
    return "if-match" not in headers or _names(headers["if-match"], etag(record))


def check_times(request: Request, modified: datetime, *, reading: bool) -> None:
    """Hold a time of last change against If-Modified-Since and If-Unmodified-Since.

    :raises ApiError: ConditionNotMet
    """
    changed = modified.replace(microsecond=0)
    since = _moment(request, "if-modified-since")
    if since is not None and changed <= since:
        raise not_met(304 if reading else 412)
    until = _moment(request, "if-unmodified-since")
    if until is not None and changed > until:
        raise not_met(412)


def _check_alone(headers: Mapping[str, str]) -> None:
    for pair in _EXCLUDE_EACH_OTHER:
        if all(name in headers for name in pair):
            values = tuple(("HeaderName", name) for name in pair)
            message = "Multiple condition headers are not supported."
            raise ApiError(400, "MultipleConditionHeadersNotSupported", message, values=values)


def _moment(request: Request, name: str) -> datetime | None:
    if name not in request.headers:
        return None
    try:
        return parse_moment(request.headers[name])
    except ValueError:
        values = (("HeaderName", name), ("HeaderValue", request.headers[name]))
        raise ApiError(400, "InvalidHeaderValue", "A header is not valid.", values=values) from None


def _names(header: str, own: str) -> bool:
    wanted = {name.strip().removeprefix("W/").strip('"') for name in header.split(",")}
    return "*" in wanted or own in wanted


def not_met(status: int) -> ApiError:
    """Make the error for a condition that does not hold.

    :param status: 304 for a record that is read, else 412
    """
    message = "The condition specified using HTTP conditional header(s) is not met."
    return ApiError(status, "ConditionNotMet", message)
