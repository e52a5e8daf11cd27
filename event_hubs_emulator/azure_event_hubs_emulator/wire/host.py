"""What the connections of an emulator share, and who they are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from azure_event_hubs_emulator.service.broker import Broker
    from azure_event_hubs_emulator.settings import Settings
    from azure_event_hubs_emulator.wire.connection import Connection

_LOG = logging.getLogger(__name__)


class Host:
    """The emulator as connections see it."""

    def __init__(self, broker: Broker, settings: Settings) -> None:
        self.broker, self.settings = broker, settings
        self.container_id = f"emulator-{uuid4().hex[:12]}"
        self._connections: set[Connection] = set()

    def admit(self, connection: Connection) -> bool:
        """Count a new connection in, unless there are too many."""
        if len(self._connections) >= self.settings.most_connections:
            _LOG.warning("%d connections are open: another one is refused", len(self._connections))
            return False
        self._connections.add(connection)
        return True

    def forget(self, connection: Connection) -> None:
        """Count a connection out."""
        self._connections.discard(connection)

    def tick(self) -> None:
        """Let every connection look after its time-outs."""
        for connection in tuple(self._connections):
            connection.tick()

    def close(self) -> None:
        """Say goodbye to everybody."""
        for connection in tuple(self._connections):
            connection.close()
