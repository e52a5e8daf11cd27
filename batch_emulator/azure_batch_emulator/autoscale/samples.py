"""The samples of one metric: taken now, visible to formulas a little later, forgotten after a day.

No clock: the owner says when a sample was taken, the reader what time it is.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PERIOD = timedelta(seconds=30)
"""How often the service samples."""

LAG = timedelta(seconds=60)
"""How long a sample takes to become visible, as the documentation has it: "approximately one minute".

Results of live pools that are public show a window of three minutes up to now complete, hence no lag at
all. So it is a range, from nothing to a minute and more, and this is where simulations begin.
"""

KEPT = timedelta(hours=25)
"""How far back the history reaches at least; the service's own depth is not documented."""

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_TRIMMED_AT_ONCE = 1024


class SampleSeries:
    """What was measured, oldest first; samples can only be added at the end."""

    __slots__ = ("_kept", "_lag", "_moments", "_values", "period")

    def __init__(
        self,
        samples: Iterable[tuple[datetime, float]] = (),
        *,
        period: timedelta = PERIOD,
        lag: timedelta = LAG,
        kept: timedelta = KEPT,
    ) -> None:
        """Begin a series.

        :param samples: moment and value of what was already measured, oldest first
        :param period: the time between two samples
        :param lag: the time until a sample is visible
        :param kept: how far back the history reaches at least
        :raises ValueError: if a duration makes no sense, or for samples that ``append`` refuses
        """
        if period <= timedelta() or min(lag, kept) < timedelta():
            raise ValueError("the period must be longer than nothing, the rest not less")
        self.period = period
        self._lag = lag
        self._kept = kept
        self._moments: list[datetime] = []
        self._values: list[float] = []
        for moment, value in samples:
            self.append(moment, value)

    def append(self, moment: datetime, value: float) -> None:
        """Add a sample; a second one of the same moment replaces the first.

        :raises ValueError: if the moment is before the last one or knows no zone, or the value is no number
        """
        if moment.tzinfo is None or not math.isfinite(value):
            raise ValueError("a sample is a moment with a zone and a finite number")
        if self._moments and moment <= self._moments[-1]:
            self._replace(moment, value)
            return
        self._moments.append(moment)
        self._values.append(float(value))
        self._trim()

    def _replace(self, moment: datetime, value: float) -> None:
        if moment < self._moments[-1]:
            raise ValueError("samples are added in the order of time")
        self._values[-1] = float(value)

    def _trim(self) -> None:
        # In blocks: to cut a list at its front costs as much as the list is long.
        newest = self._moments[-1]
        if newest - self._moments[0] <= self._kept:
            return
        outdated = bisect_right(self._moments, newest - self._kept)
        if outdated >= _TRIMMED_AT_ONCE:
            del self._moments[:outdated]
            del self._values[:outdated]

    def __len__(self) -> int:
        """Count what is kept, visible or not."""
        return len(self._moments)

    def count(self, now: datetime) -> int:
        """Count the samples that can be seen."""
        if now - _EARLIEST < self._lag:
            return 0
        return bisect_right(self._moments, now - self._lag)

    def begins(self, now: datetime) -> datetime | None:
        """Tell the moment of the oldest sample that can be seen."""
        return self._moments[0] if self.count(now) else None

    def newest(self, wanted: float, now: datetime) -> tuple[float, ...]:
        """Give the newest samples, or all if there are fewer; oldest first."""
        end = self.count(now)
        return tuple(self._values[end - int(min(wanted, end)) : end])

    def between(self, start: datetime, end: datetime, now: datetime) -> tuple[float, ...]:
        """Give the samples after ``start`` and up to ``end``; oldest first."""
        first, last = self._bounds(start, end, now)
        return tuple(self._values[first:last])

    def percent(self, start: datetime, end: datetime, now: datetime) -> float:
        """Tell how many of the samples a window could hold can be seen, 0 to 100."""
        possible = (end - start) / self.period
        first, last = self._bounds(start, end, now)
        return min(100.0, 100 * (last - first) / possible) if last > first else 0.0

    def _bounds(self, start: datetime, end: datetime, now: datetime) -> tuple[int, int]:
        visible = self.count(now)
        first = min(visible, bisect_right(self._moments, start))
        return first, max(first, min(visible, bisect_right(self._moments, end)))
