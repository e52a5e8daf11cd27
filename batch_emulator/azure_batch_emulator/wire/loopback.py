"""Who may meddle: requests from this machine that no web page from elsewhere has made."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from azure_batch_emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN_SITES = frozenset({"same-origin", "none"})


def is_loopback(name: str) -> bool:
    """Tell whether a host's name or address means this machine, and nothing but that."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost"


def check_local(headers: Mapping[str, str]) -> None:
    """Let a request pass that a program here sent, or a page of this very server.

    A page from elsewhere can send requests to loopback, and by a name of its own that it points to
    loopback it could read the answers; browsers tell where a page is from, and by which name it asks.

    :raises ApiError: 403 ForeignRequest, with the reason
    """
    host = headers.get("host", "")
    if not is_loopback(_name(f"//{host}")):
        raise _foreign(f"the Host header must name this machine's loopback, not {host!r}")
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2].lower() != host.lower():
        raise _foreign(f"the request comes from a page of {origin!r}")
    if headers.get("sec-fetch-site", "none") not in _OWN_SITES:
        raise _foreign("the request comes from a page of another site")


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _foreign(reason: str) -> ApiError:
    return ApiError(
        403, "ForeignRequest", "The controls are for programs on this machine.", values=(("Reason", reason),)
    )
