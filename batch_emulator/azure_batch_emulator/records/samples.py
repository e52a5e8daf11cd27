"""Autoscale samples of one pool: a series per variable. When they can be seen, the series knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale import SampleSeries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta


class Samples:
    """What was measured on a pool."""

    def __init__(self, *, period: timedelta, lag: timedelta) -> None:
        self._period = period
        self._lag = lag
        self.series: dict[str, SampleSeries] = {}

    def take(self, moment: datetime, values: Mapping[str, float]) -> None:
        """Record the values of all variables at a moment."""
        for name, value in values.items():
            if name not in self.series:
                self.series[name] = SampleSeries(period=self._period, lag=self._lag)
            self.series[name].append(moment, value)
