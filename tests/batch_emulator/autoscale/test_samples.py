"""Series of samples: visibility, windows, and bounded history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_batch_emulator.autoscale import SampleSeries

START = datetime(2026, 3, 4, 10, tzinfo=UTC)
HALF_MINUTE = timedelta(seconds=30)
NO_LAG = timedelta()


def at(steps: float) -> datetime:
    """Return the time some half minutes after the start."""
    return START + steps * HALF_MINUTE


def a_series(count: int, *, lag: timedelta = timedelta(seconds=60)) -> SampleSeries:
    """Make a series of 0, 1, 2, ... from the start on."""
    return SampleSeries(((at(step), step) for step in range(count)), lag=lag)


def test_sample_becomes_visible_after_the_lag() -> None:
    """A sample is visible from exactly one minute after it was taken."""
    series = a_series(1)
    assert series.count(at(2) - timedelta(microseconds=1)) == 0
    assert series.count(at(2)) == 1


def test_lag_can_be_chosen() -> None:
    """Without a lag, a sample is visible at once."""
    assert a_series(3, lag=NO_LAG).newest(1, at(2)) == (2.0,)


def test_period_can_be_chosen() -> None:
    """With a longer period, fewer samples fill a window."""
    series = SampleSeries([(at(0), 1), (at(4), 1)], period=4 * HALF_MINUTE, lag=NO_LAG)
    assert series.percent(at(-4), at(4), at(4)) == 100


def test_percentage_never_exceeds_a_hundred() -> None:
    """Samples that come slightly too often do not fill a window beyond 100 %."""
    series = SampleSeries(((START + timedelta(seconds=second), 1) for second in range(60)), lag=NO_LAG)
    assert series.percent(at(0), at(1), at(2)) == 100


def test_second_sample_of_a_moment_replaces_the_first() -> None:
    """Each time has one sample, the last one given."""
    series = a_series(2, lag=NO_LAG)
    series.append(at(1), 7)
    assert series.newest(9, at(1)) == (0.0, 7.0)


@pytest.mark.parametrize(
    ("moment", "value"),
    [(at(0), 1.0), (at(5), float("nan")), (at(5), float("inf")), (at(5).replace(tzinfo=None), 1.0)],
    ids=["before the last", "not a number", "infinite", "without zone"],
)
def test_bad_sample_is_refused(moment: datetime, value: float) -> None:
    """A sample that could not be evaluated is refused when added, and the series stays unchanged."""
    series = a_series(3, lag=NO_LAG)
    with pytest.raises(ValueError, match="sample"):
        series.append(moment, value)
    assert series.newest(9, at(9)) == (0.0, 1.0, 2.0)


@pytest.mark.parametrize("wrong", [{"period": NO_LAG}, {"lag": -HALF_MINUTE}, {"kept": -HALF_MINUTE}])
def test_senseless_duration_is_refused(wrong: dict[str, Any]) -> None:
    """Zero periods and negative durations are refused."""
    with pytest.raises(ValueError, match="period"):
        SampleSeries(**wrong)


def test_history_is_bounded() -> None:
    """After a week of samples at least a day is kept, and not much more."""
    week, day = 7 * 2880, 2880
    series = a_series(week)
    assert day <= len(series) < 2 * day
    assert series.newest(day, at(week)) == tuple(map(float, range(week - 1 - day, week - 1)))


def test_series_of_another_zone() -> None:
    """The zone in which a time was written makes no difference."""
    east = timezone(timedelta(hours=5))
    series = SampleSeries([(START.astimezone(east), 3)], lag=NO_LAG)
    assert series.begins(START) == START
    assert series.between(at(-1), at(0), START) == (3.0,)


def test_first_moment_of_the_calendar() -> None:
    """If the lag reaches back before year 1, nothing is visible."""
    first = datetime.min.replace(tzinfo=UTC)
    assert SampleSeries([(first, 1)]).count(first) == 0


STEPS = st.integers(-5, 60)


@given(steps=st.sets(st.integers(0, 50)), start=STEPS, end=STEPS, now=STEPS, count=st.integers(0, 60))
def test_series_agrees_with_looking_at_every_sample(
    steps: set[int], start: int, end: int, now: int, count: int
) -> None:
    """Windows, counts and percentages equal those from a scan of all samples."""
    series = SampleSeries((at(step), step) for step in sorted(steps))
    visible = [step for step in sorted(steps) if step <= now - 2]
    within = [step for step in visible if start < step <= end]
    assert series.count(at(now)) == len(visible)
    assert series.newest(count, at(now)) == tuple(visible[len(visible) - min(count, len(visible)) :])
    assert series.between(at(start), at(end), at(now)) == tuple(within)
    percent = 100 * len(within) / (end - start) if within else 0
    assert series.percent(at(start), at(end), at(now)) == pytest.approx(percent)
    assert series.begins(at(now)) == (at(visible[0]) if visible else None)
