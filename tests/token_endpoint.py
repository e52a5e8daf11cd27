"""An endpoint of managed identities that gives a token to whoever asks, as App Service has it."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEVER = "4000000000"


class _Endpoint(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Give the token."""
        body = json.dumps({"access_token": "token", "expires_on": _NEVER, "token_type": "Bearer"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Stay silent."""


@contextmanager
def token_endpoint() -> Iterator[dict[str, str]]:
    """Run the endpoint; yield the environment that leads the default Azure credential to it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/token"
            yield {"IDENTITY_ENDPOINT": address, "IDENTITY_HEADER": "secret"}
        finally:
            server.shutdown()
            thread.join()
