"""The form of every response: a page or a text, with headers that let it do nothing but be read."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse

from sensor_scoring.azure_batch.links import web_root
from sensor_scoring.ui.markup import STYLE_DIGEST, Markup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import HTTPException, Request

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {STYLE_DIGEST}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # What a page says is true for now, and for the one who may see it.
    "Cache-Control": "no-store",
}
_SENTENCES = {
    HTTPStatus.UNAUTHORIZED: "You are not signed in to Airflow, or no longer.",
    HTTPStatus.FORBIDDEN: "Airflow does not let you see the task logs of this DAG.",
    HTTPStatus.NOT_FOUND: "There is no such page.",
}


def page(markup: Markup, *, status: int = 200) -> HTMLResponse:
    """Answer with a page."""
    return HTMLResponse(markup.html, status_code=status, headers=HEADERS)


def text(content: str) -> PlainTextResponse:
    """Answer with a text as it is, for a browser to show and not to save."""
    return PlainTextResponse(content, headers=HEADERS)


def lines(content: Iterable[str], *, file: str) -> StreamingResponse:
    """Answer with a text that is sent while it is read: it may be larger than what a page should hold.

    :param file: what a browser calls it when somebody saves it
    """
    named = {"Content-Disposition": f'inline; filename="{file}"'}
    return StreamingResponse(content, media_type="text/plain; charset=utf-8", headers=HEADERS | named)


def download(content: Iterable[bytes], *, file: str, media_type: str) -> StreamingResponse:
    """Answer with a file for a browser to save, likewise sent while it is read.

    :param file: what a browser calls it
    """
    named = {"Content-Disposition": f'attachment; filename="{file}"'}
    return StreamingResponse(content, media_type=media_type, headers=HEADERS | named)


async def refusal(request: Request, error: HTTPException) -> HTMLResponse:
    """Say why there is no page."""
    status = HTTPStatus(error.status_code)
    # Starlette's and Airflow's own details are for programs: "Not Found", "Forbidden".
    is_ours = status is HTTPStatus.NOT_FOUND and error.detail != status.phrase
    sentence = error.detail if is_ours else _SENTENCES.get(status, status.description or status.phrase)
    parts = [Markup.paragraph(sentence)]
    if status is HTTPStatus.UNAUTHORIZED:
        way_back = urlencode({"next": str(request.url)})
        parts.append(Markup.links([("Sign in", f"{web_root()}/api/v2/auth/login?{way_back}")]))
    answer = page(Markup.page(status.phrase, *parts), status=status)
    answer.headers.update(error.headers or {})
    return answer


async def failure(_request: Request, error: Exception) -> HTMLResponse:
    """Say in one sentence what a service of Azure, or what lies there, did not give."""
    return page(Markup.page("This cannot be shown now", Markup.paragraph(str(error))), status=502)
