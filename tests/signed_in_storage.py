"""Azurite over HTTPS, with identities: tokens of a managed identity, and its user delegation signatures."""

from __future__ import annotations

import json
import threading
import time
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import jwt

from local_stack.services.azurite import running_azurite
from tests.tls import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from local_stack.services.azurite import BlobStorage

_AUDIENCE = "https://storage.azure.com"


class _Identity(BaseHTTPRequestHandler):
    """Stands in for the endpoint of a machine's managed identity, as Azure App Service has one."""

    def do_GET(self) -> None:
        """Answer with a token; Azurite reads its claims and trusts any signature."""
        now, tenant = int(time.time()), str(uuid.uuid4())
        claims = {
            "aud": _AUDIENCE,
            "iss": f"https://sts.windows.net/{tenant}/",
            "tid": tenant,
            "oid": str(uuid.uuid4()),
            "nbf": now - 60,
            "iat": now - 60,
            "exp": now + 3600,
        }
        token = jwt.encode(claims, "any key will do for a token that nobody verifies", algorithm="HS256")
        answer = {"access_token": token, "expires_on": str(now + 3600), "token_type": "Bearer"}
        body = json.dumps({**answer, "resource": _AUDIENCE}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def signed_in_storage(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[BlobStorage]:
    """Run an Azurite on HTTPS, and give this process a managed identity.

    :param patch: sets what the SDK, and the scorer that inherits it, read from the environment
    """
    authority = Authority.made_in(folder)
    patch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    patch.setenv("SSL_CERT_FILE", str(authority.file))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Identity) as identity:
        threading.Thread(target=identity.serve_forever, daemon=True).start()
        patch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{identity.server_port}/token")
        patch.setenv("IDENTITY_HEADER", "made-up")
        try:
            with running_azurite(
                folder / "blobs", log=folder / "azurite.log", certificate=authority.server
            ) as storage:
                yield storage
        finally:
            identity.shutdown()
