"""A session: windows of transfers, and the links that are attached to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_event_hubs_emulator.amqp.encoder import encode
from azure_event_hubs_emulator.amqp.frames import frame
from azure_event_hubs_emulator.amqp.performatives import (
    Attach,
    Begin,
    Detach,
    Disposition,
    End,
    Flow,
    Transfer,
    error_of,
)
from azure_event_hubs_emulator.amqp.types import UInt, UShort
from azure_event_hubs_emulator.errors import AmqpError
from azure_event_hubs_emulator.wire.attaching import attach

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_event_hubs_emulator.amqp.frames import Frame
    from azure_event_hubs_emulator.wire.connection import Connection
    from azure_event_hubs_emulator.wire.links import IncomingLink, OutgoingLink

INCOMING_WINDOW = 2048
_OUTGOING_WINDOW = 1 << 30
_HANDLE_MAX = 255
_SERIAL = 1 << 32
_TRANSFER, _TRANSFER_FIELDS = b"\x00\x53\x14\xc0", 11
_TRUE, _FALSE, _NO_OTHER_FIELDS = b"\x41", b"\x42", b"\x40" * 5


class Session:
    """One client's session.

    :ivar links: by the handle that the client chose, which is ours as well
    :ivar window: transfers that the client still takes
    """

    def __init__(self, connection: Connection, channel: int, begin: Begin) -> None:
        self.connection, self.channel = connection, channel
        self.links: dict[int, IncomingLink | OutgoingLink] = {}
        self.window = int(begin.incoming_window)
        self.is_over = False
        self._next_incoming = int(begin.next_outgoing_id)
        self._next_outgoing = 0
        self._left_to_come = INCOMING_WINDOW
        self._detached: set[int] = set()
        self._deliveries = 0
        self._handlers: dict[int | None, Callable[[Frame], None]] = {
            Attach.code: self._attach,
            Flow.code: self._flow,
            Transfer.code: self._transfer,
            Disposition.code: self._disposition,
            Detach.code: self._detach,
            End.code: self._end,
        }
        self.send(
            Begin(
                remote_channel=UShort(channel),
                next_outgoing_id=UInt(0),
                incoming_window=UInt(INCOMING_WINDOW),
                outgoing_window=UInt(_OUTGOING_WINDOW),
                handle_max=UInt(_HANDLE_MAX),
            )
        )

    def send(self, performative: Any) -> None:
        """Write a frame on this session's channel."""
        self.connection.send(performative, channel=self.channel)

    def handle(self, received: Frame) -> None:
        """Do what a frame says.

        :raises AmqpError: if it ends the connection
        """
        handler = self._handlers.get(received.code)
        if handler is None:
            raise AmqpError("amqp:not-implemented", f"the performative {received.code:#x}")
        if not self.is_over or received.code == End.code:
            handler(received)

    def _attach(self, received: Frame) -> None:
        wanted = Attach.read(received.fields)
        if wanted.handle in self.links:
            self.end(AmqpError("amqp:session:handle-in-use", f"handle {wanted.handle} is in use"))
        elif wanted.handle > _HANDLE_MAX:
            raise AmqpError("amqp:connection:framing-error", f"handles go up to {_HANDLE_MAX}")
        else:
            self._detached.discard(wanted.handle)
            try:
                attach(self, wanted)
            except AmqpError as problem:
                self.refuse(wanted, problem)

    def refuse(self, wanted: Attach, problem: AmqpError) -> None:
        """Attach the link, as the protocol asks, and detach it at once.

        A refused sender is attached to nothing. A receiver is attached to what it asked for: the asynchronous
        Python client takes an error before that for its own end, and tries again for ever without a word.
        """
        self.send(
            Attach(
                name=wanted.name,
                handle=wanted.handle,
                role=not wanted.role,
                source=wanted.source if wanted.role else None,
                target=wanted.target if wanted.role else None,
                initial_delivery_count=UInt(0) if wanted.role else None,
            )
        )
        self._detached.add(wanted.handle)
        self.send(Detach(wanted.handle, closed=True, error=error_of(problem.condition, problem.description)))

    def detach(self, handle: int, problem: AmqpError | None = None) -> None:
        """Detach a link, saying why."""
        link = self.links.pop(handle, None)
        if link is not None:
            link.discard()
            self._detached.add(handle)
            error = None if problem is None else error_of(problem.condition, problem.description)
            self.send(Detach(UInt(handle), closed=True, error=error))

    def _detach(self, received: Frame) -> None:
        leaving = Detach.read(received.fields)
        link = self.links.pop(leaving.handle, None)
        self._detached.discard(leaving.handle)
        if link is not None:
            link.discard()
            self.send(Detach(leaving.handle, closed=leaving.closed))

    def _transfer(self, received: Frame) -> None:
        transfer = Transfer.read(received.fields)
        self._next_incoming = (self._next_incoming + 1) % _SERIAL
        self._left_to_come -= 1
        if self._left_to_come <= INCOMING_WINDOW // 2:
            self._left_to_come = INCOMING_WINDOW
            self.send(self.flow())
        link = self.links.get(transfer.handle)
        if link is not None and link.takes_transfers:
            link.receive(transfer, received.payload)
        elif transfer.handle not in self._detached:
            self.end(AmqpError("amqp:session:unattached-handle", f"no sender has handle {transfer.handle}"))

    def flow(self, **of_link: Any) -> Flow:
        """Make a flow of this session, or of a link on it."""
        return Flow(
            next_incoming_id=UInt(self._next_incoming),
            incoming_window=UInt(self._left_to_come),
            next_outgoing_id=UInt(self._next_outgoing),
            outgoing_window=UInt(_OUTGOING_WINDOW),
            **of_link,
        )

    def _flow(self, received: Frame) -> None:
        told = Flow.read(received.fields)
        begin = self._next_outgoing if told.next_incoming_id is None else 0
        ahead = begin if told.next_incoming_id is None else int(told.next_incoming_id)
        in_flight = (self._next_outgoing - ahead) % _SERIAL
        self.window = max(0, int(told.incoming_window) - in_flight)
        link = None if told.handle is None else self.links.get(told.handle)
        if link is not None:
            link.on_flow(told)
        elif told.handle is None and told.echo:
            self.send(self.flow())
        self.resume()

    def _disposition(self, received: Frame) -> None:
        Disposition.read(received.fields)  # events are sent settled, so that nothing follows from it

    def _end(self, _: Frame) -> None:
        self.discard()
        if not self.is_over:
            self.send(End())
        self.is_over = True

    def end(self, problem: AmqpError) -> None:
        """End the session, saying why."""
        self.discard()
        self.is_over = True
        self.send(End(error_of(problem.condition, problem.description)))

    def deliver(self, handle: int, tag: bytes, message: bytes) -> None:
        """Send a settled message in as many frames as it takes; the session's window may go below 0."""
        identifier, self._deliveries = self._deliveries, (self._deliveries + 1) % _SERIAL
        opening = encode([UInt(handle), UInt(identifier), tag, UInt(0), True])[3:]
        room = self.connection.peer_max_frame - 64
        for begin in range(0, max(len(message), 1), room):
            part = message[begin : begin + room]
            has_more = _TRUE if begin + room < len(message) else _FALSE
            body = opening + has_more + _NO_OTHER_FIELDS
            performative = _TRANSFER + bytes((len(body) + 1, _TRANSFER_FIELDS)) + body
            self.connection.write(frame(performative, channel=self.channel, payload=part))
            self._next_outgoing = (self._next_outgoing + 1) % _SERIAL
            self.window -= 1

    def resume(self) -> None:
        """Let links send on, now that there may be room."""
        for link in tuple(self.links.values()):
            link.resume()

    def tick(self) -> None:
        """Detach the links whose tokens have expired."""
        for handle, link in tuple(self.links.items()):
            if (problem := link.expired()) is not None:
                self.detach(handle, problem)

    def discard(self) -> None:
        """Forget all links, without a word."""
        for link in self.links.values():
            link.discard()
        self.links.clear()
