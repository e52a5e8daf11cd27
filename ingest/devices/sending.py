"""Sends the chunks of a source at their pace, and keeps account and state after each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from ingest.devices.dispatch import Dispatch
    from ingest.devices.hub_sender import HubSender
    from ingest.devices.labels import LabelsFile
    from ingest.devices.pace import Pace
    from ingest.devices.schedule import Chunks
    from ingest.devices.state import SendingState, StateFile


@dataclass(frozen=True, slots=True)
class Sending:
    """What sending needs beside the chunks.

    :param state: what :attr:`file` holds; kept up to date
    :param on_chunk: called after each chunk that was acknowledged
    """

    sender: HubSender
    pace: Pace
    file: StateFile
    state: SendingState
    labels: LabelsFile
    stop: asyncio.Event
    on_chunk: Callable[[], None]

    async def run(self, chunks: Chunks) -> None:
        """Send all chunks; after the stop, what is due by then, one chunk at most.

        :raises SendingError: if the hub refuses events, or cannot be reached at the stop
        :raises ingest.errors.ReadingsFileError: if the source cannot be read any further
        """
        self._recover()
        if first := chunks.peek():
            self.pace.begin(first.arrival)
        is_last = False
        while not is_last and (first := chunks.peek()):
            is_last = self.stop.is_set()
            await self.pace.until(first.arrival, self.stop)
            if chunk := chunks.take(self.pace.reached()):
                await self._send(chunk)

    def _recover(self) -> None:
        """Count what a kill may have left in flight: it is sent again."""
        self.state.account.sent_again += self.state.in_flight
        self.state.in_flight = 0
        self.state.label_bytes = self.labels.resume(self.state.label_bytes)
        self.file.save(self.state)

    async def _send(self, chunk: list[Dispatch]) -> None:
        state, events = self.state, [dispatch for dispatch in chunk if not dispatch.is_withheld]
        if events:
            state.in_flight = len(events)
            state.account.sent += len(events)
            self.file.save(state)
            await self.sender.send(events)
        state.in_flight = 0
        state.account.add(chunk)
        state.label_bytes = self.labels.append(chunk)
        state.position = chunk[-1].position
        self.file.save(state)
        self.on_chunk()
