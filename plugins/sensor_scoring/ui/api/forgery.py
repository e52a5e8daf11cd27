"""Protection of routes that change something against requests that other sites make a browser send.

Airflow's own: its session cookie is ``SameSite=Lax``, which browsers keep from other sites' forms and
scripts, and a body must say that it is JSON, which no form can. That lets through another port or host of the
same *site*, which is no other to a browser, with a request that has no body; and an Airflow without a login
takes anybody for its administrator. So a change is also refused unless it says that it comes from a page of
our own origin.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow.configuration import conf
from fastapi import HTTPException, Request


def from_own_origin(request: Request) -> None:
    """Refuse a request that no page of ours has sent; a program that is no browser says ``Origin``, too.

    :raises HTTPException: 403, or 415 for a body that does not say that it is JSON
    """
    site = request.headers.get("sec-fetch-site")
    # Browsers say it themselves, to addresses that they trust: https and localhost.
    is_own = site == "same-origin" if site else _is_own(request)
    if not is_own:
        raise HTTPException(403, "Only a page of this Airflow may change this, and the request says no such.")
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind != "application/json":
        raise HTTPException(415, "The body must be JSON, and say so: Content-Type: application/json.")


def _is_own(request: Request) -> bool:
    """Whether the origin is where this server is asked, or where people find it behind a proxy."""
    origin = urlsplit(request.headers.get("origin", "")).netloc
    own = request.headers.get("host", ""), urlsplit(conf.get("api", "base_url", fallback="")).netloc
    return bool(origin) and origin in own
