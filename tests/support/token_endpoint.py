"""An endpoint of managed identities that gives a token to whoever asks, as Azure App Service has it."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import jwt

from tests.support.receivers import served

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 3600


class _Endpoint(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Give a token; Azurite reads its claims, and trusts any signature."""
        (audience,) = parse_qs(urlsplit(self.path).query)["resource"]
        now, tenant = int(time.time()), str(uuid.uuid4())
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant}/",
            "tid": tenant,
            "oid": str(uuid.uuid4()),
            "nbf": now - 60,
            "iat": now - 60,
            "exp": now + _SECONDS,
        }
        token = jwt.encode(claims, "any key will do for a token that nobody verifies", algorithm="HS256")
        answer = {"access_token": token, "expires_on": str(now + _SECONDS), "token_type": "Bearer"}
        body = json.dumps({**answer, "resource": audience}).encode()
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
    with served(ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)) as port:
        yield {"IDENTITY_ENDPOINT": f"http://127.0.0.1:{port}/token", "IDENTITY_HEADER": "made-up"}
