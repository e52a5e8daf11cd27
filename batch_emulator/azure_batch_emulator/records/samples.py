"""Autoscale samples of one pool: a series per variable. When they can be seen, the series knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale import SampleSeries

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass(slots=True, eq=False)
class Sample:
    """What was measured on one pool at one moment, by variable."""

    pool_number: int
    moment: datetime
    values: dict[str, float]


class Samples:
    """What was measured on a pool."""

    def __init__(self, *, period: timedelta, lag: timedelta) -> None:
        self._period = period
        self._lag = lag
        self.series: dict[str, SampleSeries] = {}
        self.newest: datetime | None = None

    def take(self, sample: Sample) -> None:
        """Record the values of all variables at a moment."""
        self.newest = sample.moment
        for name, value in sample.values.items():
            if name not in self.series:
                self.series[name] = SampleSeries(period=self._period, lag=self._lag)
            self.series[name].append(sample.moment, value)
