"""Merges dispatches in the order of their arrival, and divides them into chunks. No clock and no I/O.

Only what is delayed waits in memory, so the number of readings does not matter.
"""

from __future__ import annotations

import heapq
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from ingest.devices.dispatch import Dispatch, Measured, Position

MOST_IN_CHUNK = 20_000
"""Dispatches in a chunk: as many may be sent again after a kill."""


def in_order_of_arrival(
    readings: Iterable[Measured], dispatches_of: Callable[[Measured], Iterable[Dispatch]]
) -> Iterator[Dispatch]:
    """Yield the dispatches of readings in the order of their positions.

    :param readings: in the order of their numbers
    :param dispatches_of: none of them may arrive before its reading is ready
    :raises Exception: that of the readings, after everything that was read before it
    """
    waiting: list[tuple[Position, Dispatch]] = []
    failure = None
    try:
        for measured in readings:
            # Whatever comes from now on has a later arrival, or the same one and a higher number.
            while waiting and waiting[0][0].arrival <= measured.ready:
                yield heapq.heappop(waiting)[1]
            for dispatch in dispatches_of(measured):
                heapq.heappush(waiting, (dispatch.position, dispatch))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told in its turn
        failure = error
    while waiting:
        yield heapq.heappop(waiting)[1]
    if failure:
        raise failure


class Chunks:
    """Dispatches that are handed out in chunks.

    :param dispatches: in the order of sending
    :param after: position of the last one that was sent before
    :param span: time of arrival in which all of a chunk lie; None for any
    """

    def __init__(
        self,
        dispatches: Iterator[Dispatch],
        *,
        after: Position | None = None,
        span: timedelta | None = None,
        most: int = MOST_IN_CHUNK,
    ) -> None:
        self._dispatches = dispatches
        self._after = after
        self._span = span or timedelta.max
        self._most = most
        self._next: Dispatch | None = None
        self._error: Exception | None = None
        self._fetch()

    def peek(self) -> Dispatch | None:
        """Return the next dispatch; None after the last.

        An error of the source is raised after everything before it was handed out.
        """
        if self._next is None and self._error:
            raise self._error
        return self._next

    def take(self, until: datetime) -> list[Dispatch]:
        """Return the next dispatches that arrive by a moment; none if there are none."""
        chunk: list[Dispatch] = []
        while self._next and self._next.arrival <= until and len(chunk) < self._most:
            if chunk and self._next.arrival - chunk[0].arrival >= self._span:
                break
            chunk.append(self._next)
            self._fetch()
        return chunk

    def _fetch(self) -> None:
        self._next = None
        try:
            for dispatch in self._dispatches:
                if self._after is None or dispatch.position > self._after:
                    self._next = dispatch
                    return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told in its turn
            self._error = error
