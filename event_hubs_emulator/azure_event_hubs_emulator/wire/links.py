"""Links without a purpose yet: putting messages together, taking them apart, and credit for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_event_hubs_emulator.amqp.performatives import Disposition, accepted, rejected
from azure_event_hubs_emulator.amqp.types import UInt
from azure_event_hubs_emulator.errors import AmqpError, StoreError

if TYPE_CHECKING:
    from azure_event_hubs_emulator.amqp.performatives import Attach, Flow, Transfer
    from azure_event_hubs_emulator.amqp.types import Described
    from azure_event_hubs_emulator.wire.session import Session

CREDIT = 1000
_SERIAL = 1 << 32


class IncomingLink:
    """What a client sends on; ``deliver`` says what becomes of a whole message."""

    takes_transfers = True

    def __init__(self, session: Session, wanted: Attach) -> None:
        self.session, self.handle = session, int(wanted.handle)
        most_bytes = session.connection.host.settings.max_message_bytes
        self.most_bytes = min(most_bytes, int(wanted.max_message_size or most_bytes))
        self._buffer = bytearray()
        self._first: Transfer | None = None
        self._received = int(wanted.initial_delivery_count or 0)
        self._credit = 0

    def deliver(self, message: bytes, message_format: int) -> None:
        """Do something with a message.

        :raises AmqpError: if it is to be rejected
        """
        raise NotImplementedError

    def open(self) -> None:
        """Let the client send."""
        self._credit = CREDIT
        self.session.send(
            self.session.flow(
                handle=UInt(self.handle), delivery_count=UInt(self._received), link_credit=UInt(CREDIT)
            )
        )

    def on_flow(self, told: Flow) -> None:
        """Answer, if asked to, with how much more it may send."""
        if told.echo:
            self.open()

    def receive(self, transfer: Transfer, payload: bytes) -> None:
        """Take a part of a message, and once it is whole settle it."""
        first = self._first = self._first or transfer
        if transfer.aborted:
            self._reset()
            return
        self._buffer += payload
        if len(self._buffer) > self.most_bytes:
            self._refuse_size(first)
        elif not transfer.more:
            message = bytes(self._buffer)
            self._reset()
            self._settle(first, message, is_settled=bool(first.settled or transfer.settled))

    def _reset(self) -> None:
        self._buffer.clear()
        self._first = None
        self._received = (self._received + 1) % _SERIAL
        self._credit -= 1

    def _settle(self, first: Transfer, message: bytes, *, is_settled: bool) -> None:
        outcome = accepted()
        try:
            self.deliver(message, int(first.message_format or 0))
        except AmqpError as problem:
            outcome = rejected(problem.condition, problem.description)
            if is_settled:
                self.session.detach(self.handle, problem)
        except StoreError as problem:
            outcome = rejected("amqp:internal-error", str(problem))
            if is_settled:
                self.session.detach(self.handle, AmqpError("amqp:internal-error", str(problem)))
        if not is_settled:
            self._tell(first, outcome)
        if self._credit <= CREDIT // 2 and self.session.links.get(self.handle) is self:
            self.open()

    def _tell(self, first: Transfer, outcome: Described) -> None:
        number = first.delivery_id if first.delivery_id is not None else UInt(0)
        self.session.send(Disposition(role=True, first=number, last=number, settled=True, state=outcome))

    def _refuse_size(self, first: Transfer) -> None:
        # The service's words: https://github.com/Azure/azure-sdk-for-python/issues/5286
        problem = AmqpError(
            "amqp:link:message-size-exceeded",
            f"The received message (delivery-id:{first.delivery_id}, size:{len(self._buffer)} bytes) "
            f"exceeds the limit ({self.most_bytes} bytes) currently allowed on the link.",
        )
        if not first.settled:
            self._tell(first, rejected(problem.condition, problem.description))
        self.session.detach(self.handle, problem)

    def resume(self) -> None:
        """Go on sending: nothing is sent on this link."""

    def expired(self) -> AmqpError | None:
        """Tell why the link has to end now; None if it may go on."""
        return None

    def discard(self) -> None:
        """Forget what is half-received."""
        self._buffer.clear()


class OutgoingLink:
    """What a client receives on."""

    takes_transfers = False

    def __init__(self, session: Session, wanted: Attach) -> None:
        self.session, self.handle = session, int(wanted.handle)
        self.credit = 0
        self._delivered = 0
        self._is_draining = False

    def receive(self, transfer: Transfer, payload: bytes) -> None:
        """Take nothing: the session sends no transfers here."""

    def on_flow(self, told: Flow) -> None:
        """Take new credit."""
        if told.link_credit is not None:
            counted = self._delivered if told.delivery_count is None else int(told.delivery_count)
            ahead = (self._delivered - counted) % _SERIAL
            self.credit = max(0, int(told.link_credit) - ahead)
        self._is_draining = bool(told.drain)
        self.resume()
        if told.echo and not self._is_draining:
            self.send_flow()

    def may_send(self) -> bool:
        """Tell whether there is credit, a window, and a client that reads."""
        session = self.session
        return self.credit > 0 and session.window > 0 and not session.connection.is_blocked

    def send(self, message: bytes) -> None:
        """Send a message, for which ``may_send`` was true."""
        self.session.deliver(self.handle, self._delivered.to_bytes(4, "big"), message)
        self._delivered = (self._delivered + 1) % _SERIAL
        self.credit -= 1

    def drain(self) -> None:
        """Give back credit that the client wants used or given up."""
        if self._is_draining:
            self._delivered = (self._delivered + self.credit) % _SERIAL
            self.credit, self._is_draining = 0, False
            self.send_flow(drain=True)

    def send_flow(self, *, drain: bool | None = None) -> None:
        """Tell how many were sent, and how many more may be."""
        self.session.send(
            self.session.flow(
                handle=UInt(self.handle),
                delivery_count=UInt(self._delivered),
                link_credit=UInt(self.credit),
                drain=drain,
            )
        )

    def resume(self) -> None:
        """Send what may be sent."""
        raise NotImplementedError

    def expired(self) -> AmqpError | None:
        """Tell why the link has to end now; None if it may go on."""
        return None

    def discard(self) -> None:
        """Send no more."""
        self.credit = 0
