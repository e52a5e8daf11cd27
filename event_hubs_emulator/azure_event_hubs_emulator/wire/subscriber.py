"""The link of a client that receives the events of a partition."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from azure_event_hubs_emulator.amqp.messages import annotated
from azure_event_hubs_emulator.amqp.types import Symbol, Timestamp
from azure_event_hubs_emulator.errors import AmqpError, StoreError
from azure_event_hubs_emulator.service.arrivals import ENQUEUED_TIME
from azure_event_hubs_emulator.service.broker import PARTITION_KEY
from azure_event_hubs_emulator.store.partition_log import Cursor
from azure_event_hubs_emulator.wire.access import unauthorised
from azure_event_hubs_emulator.wire.links import OutgoingLink

if TYPE_CHECKING:
    from azure_event_hubs_emulator.amqp.performatives import Attach
    from azure_event_hubs_emulator.service.entities import Entity
    from azure_event_hubs_emulator.service.readers import Reader
    from azure_event_hubs_emulator.store.record import Record
    from azure_event_hubs_emulator.wire.session import Session

RUNTIME_METRIC = Symbol("com.microsoft:enable-receiver-runtime-metric")
_SEQUENCE, _OFFSET, _TIME, _KEY = map(
    Symbol, ("x-opt-sequence-number", "x-opt-offset", ENQUEUED_TIME, PARTITION_KEY)
)
_READ_AHEAD = 64
_EVENTS_A_TURN = 256


class Subscriber(OutgoingLink):
    """Reads events from disk as credit and the client's socket allow; it never holds more than a few."""

    def __init__(
        self, session: Session, wanted: Attach, entity: Entity, *, first: int, tells_ends: bool
    ) -> None:
        """Begin with an event.

        :param first: its number
        :param tells_ends: whether each event also says which is the partition's last
        """
        super().__init__(session, wanted)
        self.reader: Reader | None = None
        self._entity, self._tells_ends = entity, tells_ends
        self._broker = session.connection.host.broker
        self._log = self._broker.log(entity)
        self._cursor = Cursor(first)
        self._ahead: deque[Record] = deque()
        self._loop = asyncio.get_running_loop()
        self._is_due = self._is_over = False
        self._log.listeners.add(self.resume)

    def resume(self) -> None:
        """Send what may be sent, after whatever is being done now."""
        if not self._is_due and not self._is_over and (self.may_send() or self._is_draining):
            self._is_due = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._is_due = False
        try:
            for _ in range(_EVENTS_A_TURN):
                if self._is_over or not self.may_send():
                    return
                record = self._next()
                if record is None:
                    self.drain()
                    return
                self.send(self._message(record))
        except (StoreError, AmqpError) as problem:
            self.session.detach(self.handle, AmqpError("amqp:internal-error", str(problem)))
            return
        self.resume()

    def _next(self) -> Record | None:
        if not self._ahead:
            self._ahead.extend(self._log.read(self._cursor, most_events=min(self.credit, _READ_AHEAD)))
        return self._ahead.popleft() if self._ahead else None

    def _message(self, record: Record) -> bytes:
        annotations: dict[Any, Any] = {
            _SEQUENCE: record.sequence,
            _OFFSET: str(record.offset),
            _TIME: Timestamp(record.enqueued),
        }
        if record.key is not None:
            annotations[_KEY] = record.key.decode()
        return annotated(record.message, annotations, self._ends() if self._tells_ends else None)

    def _ends(self) -> dict[Any, Any]:
        ends = self._log.ends
        return {
            Symbol("last_enqueued_sequence_number"): ends.last_sequence,
            Symbol("last_enqueued_offset"): str(ends.last_offset),
            Symbol("last_enqueued_time_utc"): Timestamp(ends.last_time or 0),
            Symbol("runtime_info_retrieval_time_utc"): Timestamp(self._broker.now()),
        }

    def expired(self) -> AmqpError | None:
        """Tell that the token no longer allows it; None while it does."""
        return unauthorised(self.session.connection, self._entity)

    def discard(self) -> None:
        """Send no more, and let others read."""
        super().discard()
        self._is_over = True
        self._ahead.clear()
        self._log.listeners.discard(self.resume)
        if self.reader is not None:
            self._broker.readers.leave(place_of(self._entity), self.reader)


def place_of(entity: Entity) -> tuple[str, str, int]:
    """Name what readers share: hub, consumer group and partition."""
    return entity.hub.key, entity.group or "", entity.partition or 0
