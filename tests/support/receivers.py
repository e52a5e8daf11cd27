"""Real servers on loopback that receive messages: mail and webhooks."""

from __future__ import annotations

import email
import email.policy
import json
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, TCPServer, ThreadingTCPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage


@dataclass
class Mailbox:
    """What a mail server received.

    :param refuses: whether it takes nothing
    :param unknown: an address that it does not know
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False
    unknown: str = "nobody"

    @property
    def connection(self) -> str:
        """Airflow's connection to it."""
        extra = {"from_email": "scoring@example.org", "disable_ssl": True, "disable_tls": True}
        return json.dumps(
            {"conn_type": "smtp", "host": "127.0.0.1", "port": self.port, "extra": extra | {"retry_limit": 0}}
        )


@dataclass
class Webhook:
    """What a web server received.

    :param status: what it answers
    :param token: part of its address that makes it a secret
    """

    port: int = 0
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    bodies: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    @property
    def url(self) -> str:
        """How Apprise calls it."""
        return f"json://127.0.0.1:{self.port}/hook/{self.token}"

    @property
    def connection(self) -> str:
        """Airflow's connection to it."""
        return json.dumps({"conn_type": "apprise", "extra": {"config": {"path": self.url}}})


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """Run a mail server, and point Airflow's connection for mail at it."""
    with running_mailbox() as box:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", box.connection)
        yield box


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """Run a web server, and point Airflow's connection for Apprise at it."""
    with running_webhook() as hook:
        monkeypatch.setenv("AIRFLOW_CONN_APPRISE_DEFAULT", hook.connection)
        yield hook


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    """Run a mail server."""
    box = Mailbox()

    class Session(StreamRequestHandler):
        def handle(self) -> None:
            self.answer(220, "ready")
            while line := self.rfile.readline().decode().strip():
                word = line.split()[0].upper()
                if word == "DATA":
                    self.take()
                elif word == "QUIT":
                    return self.answer(221, "bye")
                elif word == "RCPT" and (box.refuses or box.unknown in line):
                    self.answer(550, "no such person")
                else:
                    self.answer(250, "fine")
            return None

        def take(self) -> None:
            self.answer(354, "go on")
            lines = list(iter(self.rfile.readline, b".\r\n"))
            box.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
            self.answer(250, "taken")

        def answer(self, code: int, words: str) -> None:
            self.wfile.write(f"{code} {words}\r\n".encode())

    with served(ThreadingTCPServer(("127.0.0.1", 0), Session)) as box.port:
        yield box


@contextmanager
def running_webhook() -> Iterator[Webhook]:
    """Run a web server."""
    hook = Webhook()

    class Request(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Request)) as hook.port:
        yield hook


@contextmanager
def served(server: TCPServer) -> Iterator[int]:
    """Run a server in a thread, and close it; yield its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
