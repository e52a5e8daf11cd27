"""A Blob service that refuses to read a blob because it is being written, as often as it is told to."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGING = ((409, "BlobModifiedWhileReading"), (412, "ConditionNotMet"))
"""How Blob Storage says that a blob was written while it was read."""


@dataclass
class BusyStorage:
    """How often it still refuses, and how often it was asked."""

    refusals: list[tuple[int, str]]
    asked: int = 0
    url: str = ""
    """Of its account."""
    environ: dict[str, str] = field(default_factory=dict)
    """Variables of a scorer that reads from it."""

    def answer(self) -> tuple[int, str]:
        """Refuse with a status and an error code, while refusals are left."""
        self.asked += 1
        return self.refusals.pop(0) if self.refusals else (HTTPStatus.OK, "")


class _Handler(BaseHTTPRequestHandler):
    storage: BusyStorage

    def do_GET(self) -> None:
        """Answer any blob."""
        status, code = self.storage.answer()
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode() if code else b"TS\n"
        is_part = status == HTTPStatus.OK and bool({"Range", "x-ms-range"} & set(self.headers))
        self.send_response(HTTPStatus.PARTIAL_CONTENT if is_part else status)
        if is_part:
            self.send_header("Content-Range", f"bytes 0-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("x-ms-error-code", code)
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Wed, 29 Aug 2018 03:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def busy_storage(*refusals: tuple[int, str]) -> Iterator[BusyStorage]:
    """Run such a service."""
    storage = BusyStorage(list(refusals))
    handler = type("Handler", (_Handler,), {"storage": storage})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        storage.url = f"http://127.0.0.1:{server.server_port}/devstoreaccount1"
        storage.environ = {"SCORING_DATA_URL": f"{storage.url}/data?sig=c2VjcmV0"}
        try:
            yield storage
        finally:
            server.shutdown()
            thread.join()
