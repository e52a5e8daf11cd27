"""A clock that moves on when somebody waits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.ingest.devices.readings import START

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from datetime import datetime


class ManualClock:
    """Waiting takes no time, and turns the hands.

    :param on_wait: called after each turn
    """

    def __init__(self, on_wait: Callable[[], None] = lambda: None) -> None:
        self._now = START
        self._on_wait = on_wait

    def now(self) -> datetime:
        """Return the moment to which it was turned."""
        return self._now

    def turn(self, seconds: float) -> None:
        """Turn it on."""
        self._now += timedelta(seconds=seconds)

    async def wait(self, seconds: float, _stop: asyncio.Event) -> None:
        """Turn it on by so much."""
        self.turn(seconds)
        self._on_wait()
