"""A Blob service with a listing of several pages, which it refuses as often as it is told to."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass
class ListingStorage:
    """What it lists, and which requests it got."""

    pages: Sequence[str]
    """The blobs of each page, as XML."""
    refusals: int = 0
    """So many requests are answered with 503 first."""
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    """The queries of the requests, in their order."""
    url: str = ""
    """Of its account."""

    def answer(self, query: dict[str, list[str]]) -> tuple[HTTPStatus, str]:
        """List the requested page, unless it is to be refused."""
        self.asked.append(query)
        if self.refusals:
            self.refusals -= 1
            busy = "<Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>"
            return HTTPStatus.SERVICE_UNAVAILABLE, busy
        page = int(query.get("marker", ["0"])[0])
        more = str(page + 1) if page + 1 < len(self.pages) else ""
        prefix = f"<Prefix>{query.get('prefix', [''])[0]}</Prefix>"
        blobs = f"<Blobs>{self.pages[page]}</Blobs><NextMarker>{more}</NextMarker>"
        return HTTPStatus.OK, f'<EnumerationResults ContainerName="runs">{prefix}{blobs}</EnumerationResults>'


class _Handler(BaseHTTPRequestHandler):
    storage: ListingStorage

    def do_GET(self) -> None:
        """Answer any listing, after a byte order mark, as the real service does."""
        status, text = self.storage.answer(parse_qs(urlsplit(self.path).query))
        body = f'\ufeff<?xml version="1.0" encoding="utf-8"?>{text}'.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def listing_storage(*pages: str, refusals: int = 0) -> Iterator[ListingStorage]:
    """Run such a service."""
    storage = ListingStorage(pages, refusals)
    handler = type("Handler", (_Handler,), {"storage": storage})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        storage.url = f"http://127.0.0.1:{server.server_port}/devstoreaccount1"
        try:
            yield storage
        finally:
            server.shutdown()
            thread.join()
