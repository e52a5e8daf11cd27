"""The form of answers: JSON that browsers keep and ask again for, and errors of one sentence."""

from __future__ import annotations

import gzip
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import HTTPException, Request
    from fastapi.exceptions import RequestValidationError

LATEST = "private, no-cache"
"""Browsers ask whether what they have is still true."""
FOREVER = "private, max-age=31536000, immutable"
"""Browsers do not ask again."""
HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": LATEST,
}
_SENTENCES = {
    HTTPStatus.UNAUTHORIZED: "You are not signed in to Airflow, or no longer.",
    HTTPStatus.FORBIDDEN: "Airflow does not let you do this with this DAG.",
    HTTPStatus.NOT_FOUND: "There is no such address.",
}


class Refusal(BaseModel):
    """Why there is no answer."""

    detail: str
    """One sentence."""


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe refusals with these statuses, for the document of the routes."""
    return {status: {"model": Refusal} for status in statuses}


REFUSALS = refusals(401, 403, 404, 422, 502)


def compressed(request: Request, content: bytes, *, etag: str, cache: str = LATEST) -> Response:
    """Answer with JSON that is compressed already; with 304 and nothing if the browser has it.

    :param etag: without quotation marks
    """
    headers = {"ETag": f'"{etag}"', "Cache-Control": cache, "Vary": "Accept-Encoding"}
    if has(request, etag):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            content, media_type="application/json", headers={**headers, "Content-Encoding": "gzip"}
        )
    return Response(gzip.decompress(content), media_type="application/json", headers=headers)


def has(request: Request, etag: str) -> bool:
    """Whether the browser has what an ETag names."""
    known = request.headers.get("if-none-match", "").split(",")
    # A proxy that compresses makes weak ones of strong ones.
    return etag in {each.strip().removeprefix("W/").strip('"') for each in known}


async def refusal(_request: Request, error: HTTPException) -> JSONResponse:
    """Say why there is no answer."""
    status = HTTPStatus(error.status_code)
    # Ours are sentences; Airflow's and Starlette's own words are for programs: "Forbidden", "Not Found".
    is_ours = str(error.detail).endswith(".")
    said = error.detail if is_ours else _SENTENCES.get(status, status.phrase)
    return _refused(said, status, error.headers)


async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    """Say what is wrong with a request."""
    problems = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return _refused("; ".join(problems), 422)


async def absence(_request: Request, error: Exception) -> JSONResponse:
    """Say what has to be made first."""
    return _refused(str(error), 404)


async def failure(_request: Request, error: Exception) -> JSONResponse:
    """Say in one sentence what a service of Azure, or what lies there, did not give."""
    return _refused(str(error), 502)


def _refused(said: str, status: int, headers: Mapping[str, str] | None = None) -> JSONResponse:
    detail = f"{said[:1].upper()}{said[1:].rstrip('.')}."
    return JSONResponse({"detail": detail}, status, headers=headers)
