"""Puts the events of a partition into the order of their numbers. Pure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.stream_analytics.events.event_source import Event

_LOG = logging.getLogger(__name__)
MOST_HELD = 3300
"""Events that are held for an earlier one. The SDK has no more than these under way, its prefetched ones and
a batch, so what is missing then does not come."""


class InOrder:
    """The events of one partition, each once its predecessor was there.

    The SDK receives in two threads without a lock, the second to keep the connection alive: once in a while
    an event comes behind later ones. Whoever took those first would take it for one that was delivered again.

    :param partition: its id
    :param first: number of the first event to come
    """

    def __init__(self, partition: str, first: int) -> None:
        self._partition = partition
        self._next = first
        self._held: dict[int, Event] = {}

    def take(self, events: Iterable[Event]) -> list[Event]:
        """Return what may be taken now: events that are next, and those that were delivered before."""
        ready = []
        for event in events:
            if event.sequence > self._next:
                self._held[event.sequence] = event
            else:
                ready.append(event)
                self._next = max(self._next, event.sequence + 1)
                ready += self._freed()
        return ready + self.rest() if len(self._held) > MOST_HELD else ready

    def rest(self) -> list[Event]:
        """Return what is held although an earlier event did not come: the hub no longer has that one."""
        ready = []
        while self._held:
            first = min(self._held)
            _LOG.warning(
                "partition %s: events %d to %d are not in the hub any more",
                self._partition,
                self._next,
                first - 1,
            )
            self._next = first
            ready += self._freed()
        return ready

    def _freed(self) -> list[Event]:
        freed = []
        while (event := self._held.pop(self._next, None)) is not None:
            freed.append(event)
            self._next += 1
        return freed
