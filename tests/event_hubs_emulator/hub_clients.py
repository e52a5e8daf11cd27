"""The real client at work: short words for what most tests do with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub.aio import EventHubConsumerClient

if TYPE_CHECKING:
    from collections.abc import Iterable


HUB = "sensors"
_NEVER_SECONDS = 20.0


class Emulator(Protocol):
    """An emulator in this process, or in one of its own."""

    def connection_string(self, hub: str) -> str:
        """Write what clients connect with."""


def producer_of(emulator: Emulator, hub: str = HUB, **options: Any) -> EventHubProducerClient:
    """Make a client that sends, and does not try again."""
    options = {"retry_total": 0, **options}
    return EventHubProducerClient.from_connection_string(emulator.connection_string(hub), **options)


def send(emulator: Emulator, bodies: Iterable[str], **where: Any) -> None:
    """Send a batch of events."""
    with producer_of(emulator) as producer:
        batch = producer.create_batch(**where)
        for body in bodies:
            batch.add(EventData(body))
        producer.send_batch(batch)


def receive(
    emulator: Emulator, count: int, *, partition: str = "0", position: Any = "-1", **options: Any
) -> list[EventData]:
    """Receive some events of a partition; the first error, if there is one, is raised."""
    connection_string = emulator.connection_string(HUB)
    return asyncio.run(_receive(connection_string, count, partition=partition, position=position, **options))


async def _receive(
    connection_string: str,
    count: int,
    *,
    partition: str,
    position: Any,
    group: str = "$Default",
    **options: Any,
) -> list[EventData]:
    client = EventHubConsumerClient.from_connection_string(connection_string, group, retry_total=0)
    events: list[EventData] = []
    done = asyncio.get_running_loop().create_future()

    async def on_event(_: Any, event: EventData | None) -> None:
        if event is not None:
            events.append(event)
        if len(events) >= count and not done.done():
            done.set_result(None)

    async def on_error(_: Any, error: Exception) -> None:
        if not done.done():
            done.set_exception(error)

    async with client:
        receiving = asyncio.create_task(
            client.receive(
                on_event=on_event,
                on_error=on_error,
                partition_id=partition,
                starting_position=position,
                **options,
            )
        )
        try:
            async with asyncio.timeout(_NEVER_SECONDS):
                await done
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
    return events


def bodies(events: Iterable[EventData]) -> list[str]:
    """Read the texts of events."""
    return [event.body_as_str() for event in events]
