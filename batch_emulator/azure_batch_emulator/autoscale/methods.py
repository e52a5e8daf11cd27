"""The methods of sample variables: windows of time, and what was measured in them.

A window is open at its older bound and closed at its newer one; the bounds may come in any order.

Known limit: a window without a percentage requires no sample here. The live service has been seen to
want 70 % of a formula that named none, so a formula should name its percentage or ask for it first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.errors import INSUFFICIENT_SAMPLES, Fault
from azure_batch_emulator.autoscale.times import Interval, Timestamp
from azure_batch_emulator.autoscale.values import double, kind, shown, vector

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from azure_batch_emulator.autoscale.samples import SampleSeries
    from azure_batch_emulator.autoscale.values import Value


@dataclass(frozen=True, slots=True)
class Metric:
    """A sample variable at the moment of an evaluation."""

    name: str
    series: SampleSeries
    now: Timestamp

    @property
    def moment(self) -> datetime:
        """Tell what time it is."""
        return self.now.moment

    def last(self) -> float:
        """Give the newest sample, 0 by convention if there is none."""
        return next(iter(self.series.newest(1, self.moment)), 0.0)

    def window(self, bounds: tuple[Value, ...]) -> tuple[datetime, datetime]:
        """Turn one bound (up to now) or two into moments, the older first.

        :raises Fault: if a bound is neither a timestamp nor an interval, or out of the calendar
        """
        moments = sorted([*map(self._bound, bounds), self.now][:2])
        return moments[0].moment, moments[1].moment

    def _bound(self, bound: Value) -> Timestamp:
        if isinstance(bound, Timestamp):
            return bound
        if isinstance(bound, Interval):
            return self.now.plus(Interval(-bound.ticks))
        raise Fault(f"a window is bounded by a timestamp or a timeinterval, not a {kind(bound)}")

    def percent(self, bounds: tuple[Value, ...]) -> float:
        """Tell how complete a window is, 0 to 100."""
        return self.series.percent(*self.window(bounds), self.moment)


@dataclass(frozen=True, slots=True)
class Method:
    """A method that takes at least ``least`` and at most ``most`` arguments."""

    least: int
    most: int
    body: Callable[[Metric, tuple[Value, ...]], Value]


def _get_sample(metric: Metric, arguments: tuple[Value, ...]) -> Value:
    if isinstance(arguments[0], float):
        return _newest(metric, arguments)
    bounds = arguments
    if isinstance(arguments[-1], float):
        bounds = arguments[:-1]
        _require(metric, bounds, arguments[-1])
    elif len(arguments) > 2:  # noqa: PLR2004 - two bounds
        raise Fault(f"the third argument is a double, not a {kind(arguments[-1])}")
    return vector(metric.series.between(*metric.window(bounds), metric.moment))


def _newest(metric: Metric, arguments: tuple[Value, ...]) -> Value:
    count = double(arguments[0], "the count")
    if len(arguments) > 1:
        raise Fault("a count of samples stands alone; a percentage goes with a window of time")
    if count < 0:
        raise Fault("a count of samples is not negative")
    return vector(metric.series.newest(count, metric.moment))


def _require(metric: Metric, bounds: tuple[Value, ...], wanted: float) -> None:
    received = metric.percent(bounds)
    if received < wanted:
        figures = f"wanted {shown(round(wanted, 2))}%, received {shown(round(received, 2))}%"
        raise Fault(f"Insufficient data from data set: {metric.name} {figures}", code=INSUFFICIENT_SAMPLES)


def _get_sample_percent(metric: Metric, arguments: tuple[Value, ...]) -> Value:
    return metric.percent(arguments)


def _get_sample_period(metric: Metric, _arguments: tuple[Value, ...]) -> Value:
    return Interval.of(metric.series.period)


def _count(metric: Metric, _arguments: tuple[Value, ...]) -> Value:
    return float(metric.series.count(metric.moment))


def _history_begin_time(metric: Metric, _arguments: tuple[Value, ...]) -> Value:
    # A history that has not begun begins now: its age is zero, as a young pool's should be.
    begins = metric.series.begins(metric.moment)
    return metric.now if begins is None else Timestamp.of(begins)


METHODS = {
    "GetSample": Method(1, 3, _get_sample),
    "GetSamplePercent": Method(1, 2, _get_sample_percent),
    "GetSamplePeriod": Method(0, 0, _get_sample_period),
    "Count": Method(0, 0, _count),
    "HistoryBeginTime": Method(0, 0, _history_begin_time),
}
