"""Whether a connection may use an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_event_hubs_emulator.errors import AmqpError

if TYPE_CHECKING:
    from azure_event_hubs_emulator.service.entities import Entity
    from azure_event_hubs_emulator.wire.connection import Connection


def unauthorised(connection: Connection, entity: Entity) -> AmqpError | None:
    """Tell, in the service's words, that no valid token covers an entity; None if one does."""
    if connection.is_authorised(entity.path):
        return None
    claim = "Send" if entity.group is None else "Listen"
    return AmqpError(
        "amqp:unauthorized-access",
        f"Unauthorized access. '{claim}' claim(s) are required to perform this operation. "
        f"Resource: 'sb://{connection.hostname}/{entity.path}'.",
    )
