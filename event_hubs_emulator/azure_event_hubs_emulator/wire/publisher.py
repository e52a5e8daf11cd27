"""The link of a client that sends events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_event_hubs_emulator.wire.access import unauthorised
from azure_event_hubs_emulator.wire.links import IncomingLink

if TYPE_CHECKING:
    from azure_event_hubs_emulator.amqp.performatives import Attach
    from azure_event_hubs_emulator.errors import AmqpError
    from azure_event_hubs_emulator.service.entities import Entity
    from azure_event_hubs_emulator.wire.session import Session


class Publisher(IncomingLink):
    """Puts events into a hub; each delivery is acknowledged after it is kept."""

    def __init__(self, session: Session, wanted: Attach, entity: Entity) -> None:
        super().__init__(session, wanted)
        self._entity = entity

    def deliver(self, message: bytes, message_format: int) -> None:
        """Keep the events of a message.

        :raises AmqpError: if they are malformed
        :raises StoreError: if they cannot be kept
        """
        self.session.connection.host.broker.publish(self._entity, message, message_format)

    def expired(self) -> AmqpError | None:
        """Tell that the token no longer allows it; None while it does."""
        return unauthorised(self.session.connection, self._entity)
