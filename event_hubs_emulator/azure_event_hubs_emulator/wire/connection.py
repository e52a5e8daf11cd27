"""One client's connection: headers, signing in, frames to sessions, silence and the end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

from azure_event_hubs_emulator.amqp.frames import (
    AMQP_FRAME,
    AMQP_HEADER,
    EMPTY_FRAME,
    SASL_HEADER,
    SMALLEST_MAX_FRAME,
    Frame,
    FrameReader,
    frame,
)
from azure_event_hubs_emulator.amqp.performatives import Begin, Close, End, Open, error_of
from azure_event_hubs_emulator.amqp.types import UInt, UShort
from azure_event_hubs_emulator.errors import AmqpError, EmulatorError
from azure_event_hubs_emulator.wire import sasl
from azure_event_hubs_emulator.wire.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_event_hubs_emulator.amqp.performatives import Performative
    from azure_event_hubs_emulator.service.tokens import Grant
    from azure_event_hubs_emulator.wire.host import Host

_LOG = logging.getLogger(__name__)
MAX_FRAME_BYTES = 64 << 10
_CHANNEL_MAX = 255
_FRAMES_A_TURN = 256


class Connection(asyncio.Protocol):
    """Reads what a client sends and keeps what it may do.

    :ivar is_blocked: whether the client reads too slowly for more to be written
    :ivar grants: what its tokens allow, by the audience they were put for
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.is_blocked = self._is_behind = False
        self.grants: dict[str, Grant] = {}
        self.hostname = ""
        self.peer_max_frame = SMALLEST_MAX_FRAME
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader(max_frame_size=MAX_FRAME_BYTES)
        self._next: Callable[[], bool] = self._read_header
        self._sessions: dict[int, Session] = {}
        self._last_received = self._last_sent = self._began = self._loop.time()
        self._peer_idle_seconds: float | None = None
        self._is_open, self._is_signed_in, self._is_closed = False, False, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket, unless there are too many."""
        self._transport = cast("asyncio.Transport", transport)
        if not self.host.admit(self):
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  how it ended makes no difference
        """Let the readers of this connection go."""
        self._is_closed = True
        for session in self._sessions.values():
            session.discard()
        self._sessions.clear()
        self.host.forget(self)

    def data_received(self, data: bytes) -> None:
        """Do what is said; whatever is wrong with it ends this connection alone."""
        self._last_received = self._loop.time()
        self._reader.feed(data)
        if not self._is_behind:
            self._advance()

    def _advance(self) -> None:
        try:
            for _ in range(_FRAMES_A_TURN):
                if self._is_closed or not self._next():
                    self._is_behind = False
                    self._read_or_wait()
                    return
            self._is_behind = True  # others have their turn before the rest, and nothing more is taken in
            self._read_or_wait()
            self._loop.call_soon(self._advance)
        except AmqpError as problem:
            self.close(problem)
        except EmulatorError as problem:
            self.close(AmqpError("amqp:internal-error", str(problem)))
        except Exception:  # noqa: BLE001  a fault of ours must not end the others' connections; it is logged
            _LOG.exception("a connection met a fault of the emulator, and is closed")
            self.close(AmqpError("amqp:internal-error", "the emulator failed; its log says why"))

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read: what it asks for would pile up."""
        self.is_blocked = True
        self._read_or_wait()

    def resume_writing(self) -> None:
        """Go on with it."""
        self.is_blocked = False
        self._read_or_wait()
        for session in tuple(self._sessions.values()):
            session.resume()

    def _read_or_wait(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self.is_blocked or self._is_behind:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def send(self, performative: Performative, *, channel: int = 0, payload: bytes = b"") -> None:
        """Write a frame."""
        self.write(frame(performative.encoded(), channel=channel, payload=payload))

    def write(self, data: bytes) -> None:
        """Write bytes, unless the connection is closed."""
        if self._transport is not None and not self._transport.is_closing():
            self._last_sent = self._loop.time()
            self._transport.write(data)

    def is_authorised(self, path: str) -> bool:
        """Tell whether a token that has not expired covers an entity."""
        now = self.host.broker.clock.now()
        return any(grant.covers(path, now=now) for grant in self.grants.values())

    def has_grant(self) -> bool:
        """Tell whether any token is valid."""
        now = self.host.broker.clock.now()
        return any(grant.is_valid(now) for grant in self.grants.values())

    def tick(self) -> None:
        """Look after time-outs; called every so often."""
        now, settings = self._loop.time(), self.host.settings
        if not self._is_open and now - self._began > settings.handshake_seconds:
            self.abort()
        elif now - self._last_received > settings.idle_seconds and not self.is_blocked:
            milliseconds = int(settings.idle_seconds * 1000)
            self.close(
                AmqpError(
                    "amqp:connection:forced",
                    f"The connection was inactive for more than the allowed {milliseconds} milliseconds and "
                    "is closed by container 'LinkTracker'.",
                )
            )
        elif self.is_blocked and now - self._last_received > 2 * settings.idle_seconds:
            self.abort()
        elif self._peer_idle_seconds is not None and now - self._last_sent > self._peer_idle_seconds / 2:
            self.write(EMPTY_FRAME)
        for session in tuple(self._sessions.values()):
            session.tick()

    def close(self, problem: AmqpError | None = None) -> None:
        """End the connection, saying why."""
        if self._is_closed:
            return
        self._is_closed = True
        if problem is not None:
            _LOG.info("closing a connection: %s", problem)
        if self._is_open:
            self.send(Close(None if problem is None else error_of(problem.condition, problem.description)))
        for session in self._sessions.values():
            session.discard()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection without a word."""
        self._is_closed = True
        if self._transport is not None:
            self._transport.abort()

    def _read_header(self) -> bool:
        header = self._reader.header()
        if header is None:
            return False
        if header == SASL_HEADER and not self._is_signed_in:
            self.write(SASL_HEADER + sasl.offer())
            self._next = self._read_sign_in
        elif header == AMQP_HEADER and self._is_signed_in:
            self.write(AMQP_HEADER)
            self._next = self._read_frame
        else:  # transport, 2.2: answer with what would do, and close
            self.write(AMQP_HEADER if self._is_signed_in else SASL_HEADER)
            self.close(AmqpError("amqp:not-implemented", f"the protocol header {header!r}"))
        return True

    def _read_sign_in(self) -> bool:
        received = self._reader.frame()
        if received is None:
            return False
        answer, grant, self._is_signed_in = sasl.sign_in(received, self.host.settings.policy)
        self.write(answer)
        if grant is not None:
            self.grants[""] = grant
        if self._is_signed_in:
            self._next = self._read_header
        else:
            self.close(AmqpError("amqp:unauthorized-access", "signing in was refused"))
        return True

    def _read_frame(self) -> bool:
        received = self._reader.frame()
        if received is None:
            return False
        if received.kind != AMQP_FRAME:
            raise AmqpError("amqp:connection:framing-error", "a frame of another protocol")
        if received.code is not None:
            self._handle(received)
        return True

    def _handle(self, received: Frame) -> None:
        if received.code == Open.code:
            self._open(Open.read(received.fields))
        elif not self._is_open:
            raise AmqpError("amqp:illegal-state", "a connection begins with open")
        elif received.code == Close.code:
            self.close()
        elif received.code == Begin.code:
            self._begin(received.channel, Begin.read(received.fields))
        else:
            session = self._sessions.get(received.channel)
            if session is None:
                raise AmqpError("amqp:not-allowed", f"channel {received.channel} has no session")
            session.handle(received)
            if received.code == End.code:
                self._sessions.pop(received.channel, None)

    def _open(self, opening: Open) -> None:
        if self._is_open:
            raise AmqpError("amqp:illegal-state", "the connection is open already")
        asked = MAX_FRAME_BYTES if opening.max_frame_size is None else opening.max_frame_size
        self.peer_max_frame = max(SMALLEST_MAX_FRAME, min(asked, MAX_FRAME_BYTES))
        self.hostname = opening.hostname or ""
        if opening.idle_time_out:
            self._peer_idle_seconds = opening.idle_time_out / 1000
        self._is_open = True
        self.send(
            Open(
                container_id=self.host.container_id,
                max_frame_size=UInt(MAX_FRAME_BYTES),
                channel_max=UShort(_CHANNEL_MAX),
                idle_time_out=UInt(int(self.host.settings.idle_seconds * 500)),
            )
        )

    def _begin(self, channel: int, begin: Begin) -> None:
        if channel in self._sessions or channel > _CHANNEL_MAX:
            raise AmqpError("amqp:not-allowed", f"channel {channel} cannot begin a session")
        self._sessions[channel] = Session(self, channel, begin)
