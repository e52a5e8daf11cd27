"""A partition that acknowledges and forgets: what the way to it costs without the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_event_hubs_emulator.store.partition_log import Ends, PartitionLog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from azure_event_hubs_emulator.store.partition_log import Cursor
    from azure_event_hubs_emulator.store.record import Event, Record


class NullLog(PartitionLog):
    """Counts events and keeps none, neither on disk nor in memory."""

    def open(self) -> None:
        """Begin at 0; there is nothing to read."""
        self._last = (-1, -1, 0)

    @property
    def ends(self) -> Ends:
        """Both ends, between which nothing is kept."""
        sequence, offset, time = self._last or (-1, -1, 0)
        return Ends(sequence + 1, sequence, offset, time)

    def append(self, events: Iterable[Event], *, now: int) -> Ends:
        """Count a batch."""
        sequence, offset, _ = self._last or (-1, -1, 0)
        for event in events:
            sequence, offset = sequence + 1, offset + len(event.message)
        self._last = (sequence, offset, now)
        return self.ends

    def read(self, cursor: Cursor, *, most_events: int) -> list[Record]:  # noqa: ARG002  as in the log itself
        """Find nothing."""
        return []

    def expire(self, *, now: int) -> int:  # noqa: ARG002  as in the log itself
        """Delete nothing."""
        return 0
