"""Sends chunks with the SDK's asynchronous producer: batches with a partition key, several at the same time.

A chunk is sent as a whole before the next one, and a device's events one batch after the other, so that its
order stays. The plain producer leaves it to the service to choose the partition of a key; the SDK's buffered
one computes it, and differently for some keys.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from ingest.devices.errors import HubRefused, HubUnreachable, SendingError
from ingest.devices.event import event_of, partition_key_of
from ingest.hub_faults import HubFault, is_refusal, sentence_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from azure.eventhub import EventDataBatch
    from azure.eventhub.aio import EventHubProducerClient

    from ingest.devices.dispatch import Dispatch
    from ingest.devices.outage import Outage

LANES = 4
"""Connections, each with one batch in flight."""

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 10.0
_Result = TypeVar("_Result")


class HubSender:
    """Sends chunks until the hub has acknowledged them, through outages.

    :param new_client: makes a client of the hub
    :param stop: ends waiting for a hub that cannot be reached
    :param keep_arrival: whether events note their arrival
    """

    def __init__(
        self,
        new_client: Callable[[], EventHubProducerClient],
        *,
        stop: asyncio.Event,
        outage: Outage,
        keep_arrival: bool = False,
    ) -> None:
        self._lanes = [_Lane(new_client, stop, outage) for _ in range(LANES)]
        self._keep_arrival = keep_arrival

    async def send(self, chunk: Sequence[Dispatch]) -> None:
        """Return when the hub has acknowledged all events of a chunk.

        :raises HubRefused: if it refuses one
        :raises HubUnreachable: if it cannot be reached, and sending is to stop
        """
        by_key: dict[str, list[Dispatch]] = {}
        for dispatch in chunk:
            by_key.setdefault(partition_key_of(dispatch.reading.device), []).append(dispatch)
        waiting, failed = iter(by_key.items()), tuple[Exception, ...]()
        try:
            async with asyncio.TaskGroup() as tasks:
                for lane in self._lanes[: len(by_key)]:
                    tasks.create_task(self._drain(lane, waiting))
        except* SendingError as group:
            failed = group.exceptions
        if failed:  # raised in there, it would be a group again
            raise failed[0]

    async def close(self) -> None:
        """Close all connections."""
        for lane in self._lanes:
            await lane.close()

    async def _drain(self, lane: _Lane, waiting: Iterator[tuple[str, list[Dispatch]]]) -> None:
        """Send what no other lane has taken."""
        for key, dispatches in waiting:
            batch = await lane.batch(key)
            for dispatch in dispatches:
                event = event_of(dispatch, keep_arrival=self._keep_arrival)
                try:
                    batch.add(event)
                except ValueError:  # it is full
                    await lane.send(batch)
                    batch = await lane.batch(key)
                    batch.add(event)
            await lane.send(batch)


class _Lane:
    """One connection, made anew after each failure."""

    def __init__(
        self, new_client: Callable[[], EventHubProducerClient], stop: asyncio.Event, outage: Outage
    ) -> None:
        self._new_client = new_client
        self._stop = stop
        self._outage = outage
        self._client: EventHubProducerClient | None = None

    async def batch(self, key: str) -> EventDataBatch:
        return await self._persist(lambda client: client.create_batch(partition_key=key))

    async def send(self, batch: EventDataBatch) -> None:
        await self._persist(lambda client: client.send_batch(batch))

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(*HubFault, OSError):
                await client.close()

    async def _persist(self, call: Callable[[EventHubProducerClient], Awaitable[_Result]]) -> _Result:
        """Repeat a call until it succeeds; the SDK has repeated it a few times before it fails.

        :raises HubRefused: if it can never succeed
        :raises HubUnreachable: if it failed, and sending is to stop
        """
        pause = _FIRST_PAUSE_SECONDS
        while True:
            self._client = self._client or self._new_client()
            try:
                result = await call(self._client)
            except HubFault as error:
                await self.close()
                if is_refusal(error):
                    raise HubRefused(f"the event hub refuses events: {sentence_of(error)}") from error
                if self._stop.is_set():
                    raise HubUnreachable(f"the event hub cannot be reached: {sentence_of(error)}") from error
                self._outage.begin(error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            else:
                self._outage.end()
                return result
