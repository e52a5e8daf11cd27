"""What a sender did, and what a hub got from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from azure.eventhub import EventHubConsumerClient

from ingest.event_hub import CONNECTION_VARIABLE
from tests.event_hubs_emulator.hub_clients import HUB, receive
from tests.ingest.commands import a_command

if TYPE_CHECKING:
    from pathlib import Path

    from azure.eventhub import EventData


class Hub(Protocol):
    """A hub in this process, or in one of its own."""

    def connection_string(self, hub: str) -> str:
        """Write what clients connect with."""


def hub_environ(hub: Hub) -> dict[str, str]:
    """Return the variables that name a hub."""
    return {CONNECTION_VARIABLE: hub.connection_string(HUB)}


def sent_by(environ: dict[str, str], *argv: str) -> dict[str, Any]:
    """Run a command to its end; return its account."""
    with a_command(environ, *argv) as process:
        out, err = process.communicate()
        assert process.returncode == 0, err
        return dict(json.loads(out))


def acknowledged(state: Path) -> int:
    """Return how many events a state calls acknowledged."""
    return int(json.loads(state.read_text())["account"]["acknowledged"]) if state.exists() else 0


def events_of(hub: Hub) -> dict[str, list[EventData]]:
    """Receive everything that a hub has, by partition."""
    with EventHubConsumerClient.from_connection_string(hub.connection_string(HUB), "$Default") as client:
        counts = {
            name: int(client.get_partition_properties(name)["last_enqueued_sequence_number"]) + 1
            for name in client.get_partition_ids()
        }
    return {name: receive(hub, count, partition=name) if count else [] for name, count in counts.items()}
