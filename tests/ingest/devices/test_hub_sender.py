"""Batches, as a real hub takes them."""

from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING

from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from ingest.devices.dispatch import Dispatch
from ingest.devices.hub_sender import HubSender
from ingest.devices.outage import Outage
from ingest.event_hub import Producers, address_of
from ingest.progress_line import ProgressLine
from tests.event_hubs_emulator.hub_clients import HUB
from tests.ingest.devices.readings import measured
from tests.ingest.devices.sender_process import events_of, hub_environ

if TYPE_CHECKING:
    from pathlib import Path


async def send(hub: EventHubsServer, chunk: list[Dispatch]) -> None:
    """Send a chunk; it is refused at once if a batch is too large."""
    producers, stream = Producers(address_of(hub_environ(hub))), io.StringIO()
    sender = HubSender(
        producers.new,
        stop=asyncio.Event(),
        outage=Outage(stream, ProgressLine(stream)),
        keep_arrival=True,
    )
    try:
        await sender.send(chunk)
    finally:
        await sender.close()
    assert stream.getvalue() == ""


def test_a_batch_is_full_and_never_too_large(tmp_path: Path) -> None:
    """Events with names of 256 characters, four bytes each, fill batches of 64 KiB; their order stays."""
    names = [chr(0x1F600 + n) * 256 for n in range(7)]
    items = [measured(n, n, device=names[n % 2], tag=names[2 + n % 5]) for n in range(200)]
    chunk = [Dispatch(item.ready, item.number, item.reading) for item in items]
    with EventHubsServer(data=tmp_path / "hub", hubs=(HubSpec(HUB, 1),), max_message_bytes=1 << 16) as hub:
        asyncio.run(send(hub, chunk))
        (events,) = events_of(hub).values()
    for name in names[:2]:
        rows = [json.loads(event.body_as_str()) for event in events]
        tags = [row["Tag"] for row in rows if row["Device"] == name]
        assert tags == [item.reading.tag for item in items if item.reading.device == name]
