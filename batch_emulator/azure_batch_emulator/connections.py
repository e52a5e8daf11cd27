"""Connections that end: a client that says nothing, dribbles its request or does not read is hung up on.

Real time counts here, whatever the emulator's clock does. Between the last byte of a request and the
first of its answer nothing is limited: a late answer is the emulator's own doing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from azure_batch_emulator.settings import Settings

MOST_HEADER_BYTES = 1 << 17
_GONE = b"HTTP/1.1 %s\r\nServer: azure-batch-emulator\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_SLOW = _GONE % b"408 Request Timeout"
_TOO_LARGE = _GONE % b"431 Request Header Fields Too Large"


class _Timer:
    """One thing that is not waited for longer than so long."""

    def __init__(self, span: timedelta, action: Callable[[], None]) -> None:
        self._seconds, self._action = span.total_seconds(), action
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to wait, unless that has begun."""
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(self._seconds, self._action)

    def stop(self) -> None:
        """Wait no longer."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class LimitedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # one of two, as installed
    """Uvicorn's HTTP protocol, with an end to every wait for the client."""

    def __init__(self, *arguments: Any, settings: Settings, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._idle = _Timer(settings.idle_timeout, self._hang_up)
        self._request = _Timer(settings.request_timeout, lambda: self._refuse(_TOO_SLOW))
        self._sending = _Timer(settings.send_timeout, self._hang_up)
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a new connection; its first request is waited for like any other."""
        super().connection_made(transport)
        self._idle.start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        for timer in (self._idle, self._request, self._sending):
            timer.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; all parts together have one limit."""
        self._idle.stop()
        super().data_received(data)
        if self.transport.is_closing():
            return
        self._received += len(data)
        if self._awaits_headers and self._received > MOST_HEADER_BYTES:
            self._refuse(_TOO_LARGE)
        elif self._awaits_headers or self.cycle.more_body:
            self._request.start()
        else:
            self._request.stop()
            self._received = 0

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._idle.start()

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._sending.start()

    def resume_writing(self) -> None:
        """Go on: the client has read something."""
        self._sending.stop()
        super().resume_writing()

    @property
    def _awaits_headers(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _refuse(self, answer: bytes) -> None:
        if self._awaits_headers or not self.cycle.response_started:
            self.transport.write(answer)
        self._hang_up()

    def _hang_up(self) -> None:
        # Not close(): that would wait for a client to read what it does not read.
        self.transport.abort()
