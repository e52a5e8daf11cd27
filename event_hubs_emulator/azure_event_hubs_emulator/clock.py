"""Where "now" comes from: the machine, or a test that turns the hands."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Tell the present moment, in UTC."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Tell the present moment, in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is turned, forwards or backwards; safe from any thread."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Tell the moment the clock was last turned to."""
        with self._lock:
            return self._now

    def turn(self, by: timedelta) -> datetime:
        """Move on by a span, which may be negative as when a machine's time is corrected."""
        with self._lock:
            self._now += by
            return self._now


def milliseconds(moment: datetime) -> int:
    """Express a moment as AMQP does, in milliseconds since 1970."""
    return round(moment.timestamp() * 1000)
