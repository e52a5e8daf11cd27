"""Where "now" comes from.

The engine never asks: whoever drives it reads a clock and passes the moment in. With a
``ManualClock`` time moves only when a test turns it, so nothing has to sleep.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and how long a driver may sleep until a given moment."""

    def now(self) -> datetime:
        """Tell the present moment, in UTC."""

    def seconds_until(self, moment: datetime) -> float | None:
        """Tell how long to sleep until ``moment``; None when only a wake-up can bring it nearer."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Tell the present moment, in UTC."""
        return datetime.now(UTC)

    def seconds_until(self, moment: datetime) -> float | None:
        """Tell the real seconds left until ``moment``."""
        return max(0.0, (moment - self.now()).total_seconds())


class ScaledClock:
    """The machine's time, running so many times faster."""

    def __init__(self, speed: float) -> None:
        """Begin with the machine's present moment.

        :param speed: seconds that pass here in a second of the machine's; above 0
        """
        if not 0 < speed < float("inf"):
            raise ValueError(f"a clock cannot run {speed} times as fast")
        self._speed = speed
        self._origin, self._began = datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        """Tell the present moment, in UTC."""
        return self._origin + timedelta(seconds=(time.monotonic() - self._began) * self._speed)

    def catch_up(self, moment: datetime) -> None:
        """Move on to a moment, unless it is past."""
        self._origin += max(moment - self.now(), timedelta())

    def seconds_until(self, moment: datetime) -> float | None:
        """Tell the real seconds left until ``moment``."""
        return max(0.0, (moment - self.now()).total_seconds() / self._speed)


class ManualClock:
    """A clock that stands still until it is turned; safe to turn from any thread."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Tell the moment the clock was last turned to."""
        with self._lock:
            return self._now

    def turn(self, by: timedelta) -> datetime:
        """Move on by a span that is not negative, and tell the new moment.

        :raises ValueError: if it is negative
        """
        if by < timedelta():
            raise ValueError("time does not run backwards here")
        with self._lock:
            self._now += by
            return self._now

    def catch_up(self, moment: datetime) -> None:
        """Move on to a moment, unless it is past."""
        with self._lock:
            self._now = max(self._now, moment)

    def seconds_until(self, moment: datetime) -> float | None:
        """Tell that waiting is useless unless ``moment`` has come."""
        return 0.0 if moment <= self.now() else None
