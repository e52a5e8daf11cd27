"""What falls due when: a heap of moments, so that nothing is ever polled or searched."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(order=True, slots=True)
class Timer:
    """One thing to do at one moment; empty once cancelled."""

    when: datetime
    turn: int
    action: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        """Do nothing when the moment comes."""
        self.action = None


class TimerQueue:
    """All things to do, earliest first; equal moments in the order they were noted."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._turns = count()

    def at(self, when: datetime, action: Callable[[], None]) -> Timer:
        """Do ``action`` at ``when``."""
        timer = Timer(when, next(self._turns), action)
        heapq.heappush(self._heap, timer)
        return timer

    def clear(self) -> None:
        """Forget everything."""
        self._heap.clear()

    def next_moment(self) -> datetime | None:
        """Tell when the next thing falls due."""
        while self._heap and self._heap[0].action is None:
            heapq.heappop(self._heap)
        return self._heap[0].when if self._heap else None

    def pop(self, *, until: datetime) -> Timer | None:
        """Take the earliest thing due by ``until``."""
        moment = self.next_moment()
        return heapq.heappop(self._heap) if moment is not None and moment <= until else None
