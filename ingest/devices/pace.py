"""When dispatches are due: as fast as possible, in real time, or so many times faster."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

_SHORTEST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.001, 60.0
"""After the longest the clock is read again, which may have been set."""


class Clock(Protocol):
    """Tells the time, and waits."""

    def now(self) -> datetime:
        """Return the present moment, UTC."""

    async def wait(self, seconds: float, stop: asyncio.Event) -> None:
        """Wait so long, or until the stop."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the present moment, UTC."""
        return datetime.now(UTC)

    async def wait(self, seconds: float, stop: asyncio.Event) -> None:
        """Wait so long, or until the stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


class Pace:
    """Relates moments of arrival to a clock.

    :param speed: times as fast as the clock; None for as fast as possible
    :param is_live: whether moments of arrival are those of the clock
    """

    def __init__(self, clock: Clock, speed: float | None = None, *, is_live: bool = False) -> None:
        self._clock = clock
        self._speed = speed
        self._is_live = is_live
        self._anchor = clock.now(), clock.now()

    def begin(self, arrival: datetime) -> None:
        """Let a moment of arrival be now, unless they are those of the clock."""
        if not self._is_live:
            self._anchor = self._clock.now(), arrival

    def reached(self) -> datetime:
        """Return the latest moment of arrival that is due."""
        if self._speed is None:
            return datetime.max.replace(tzinfo=UTC)
        began, arrival = self._anchor
        return arrival + (self._clock.now() - began) * self._speed

    async def until(self, arrival: datetime, stop: asyncio.Event) -> None:
        """Wait until a moment of arrival is due, or until the stop."""
        while self._speed and (ahead := arrival - self.reached()) > timedelta(0) and not stop.is_set():
            seconds = min(ahead.total_seconds() / self._speed, _LONGEST_WAIT_SECONDS)
            await self._clock.wait(max(seconds, _SHORTEST_WAIT_SECONDS), stop)
