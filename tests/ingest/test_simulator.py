"""Readings and labels of the simulated fleet."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise

import pytest

from ingest.simulator import INTERVAL, READINGS_PER_HOUR, AnomalyKind, Fleet
from scoring_contract.hour import RunHour

FIRST = RunHour.parse("2026-01-01T00")
LAST = RunHour.parse("2026-01-01T02")


def test_the_same_seed_says_the_same() -> None:
    """A seed always gives the same readings."""
    assert list(Fleet(seed=7).labelled(FIRST, 3)) == list(Fleet(seed=7).labelled(FIRST, 3))


def test_another_seed_says_something_else() -> None:
    """Another seed is another fleet."""
    assert list(Fleet(seed=7).readings(FIRST, 1)) != list(Fleet(seed=8).readings(FIRST, 1))


def test_what_a_healthy_hour_holds_does_not_depend_on_the_range() -> None:
    """Overlapping ranges agree, so history can be generated in pieces."""
    whole = list(Fleet().readings(FIRST, 3, anomalous=()))
    pieces = [reading for hour in (0, 1, 2) for reading in _hour(Fleet(), hour)]
    assert whole == pieces


def _hour(fleet: Fleet, index: int) -> list[object]:
    return list(fleet.readings(RunHour(FIRST.start + timedelta(hours=index)), 1, anomalous=()))


def test_a_larger_fleet_contains_the_smaller_one() -> None:
    """A sensor's readings do not depend on the other sensors."""
    small = set(Fleet(devices=1, tags=2).readings(FIRST, 1))
    assert small < set(Fleet(devices=2, tags=2).readings(FIRST, 1))


def test_readings_come_in_time_order_about_every_fifteen_seconds() -> None:
    """Every sensor sends 240 readings an hour, and the fleet's readings are sorted by time."""
    readings = list(Fleet().readings(FIRST, 2))
    assert all(one.moment <= other.moment for one, other in pairwise(readings))
    moments = defaultdict(list)
    for reading in readings:
        moments[reading.device, reading.tag].append(reading.moment)
    assert len(moments) == 15
    for of_sensor in moments.values():
        assert len(of_sensor) == 2 * READINGS_PER_HOUR == 480
        gaps = [(other - one).total_seconds() for one, other in pairwise(of_sensor)]
        assert all(10 <= gap <= 20 for gap in gaps)
        assert statistics.mean(gaps) == pytest.approx(INTERVAL.total_seconds(), rel=0.01)
        assert len(set(gaps)) > 100


def test_all_readings_lie_in_the_hours_asked_for() -> None:
    """Jitter never pushes a reading past the end of its hour."""
    readings = list(Fleet().readings(LAST, 1))
    assert all(LAST.contains(reading.moment) for reading in readings)


@pytest.mark.parametrize(("share", "expected"), [(0.05, 12), (0.001, 1), (0.0, 0), (0.5, 120)])
def test_the_share_of_anomalies_is_known(share: float, expected: int) -> None:
    """Each sensor has exactly the requested number of anomalies in the last hour, and none before."""
    labels = list(Fleet(anomaly_share=share).labels(FIRST, 3))
    assert all(LAST.contains(label.moment) for label in labels)
    per_sensor = Counter((label.device, label.tag) for label in labels)
    assert list(per_sensor.values()) == ([expected] * 15 if expected else [])


def test_every_kind_of_anomaly_occurs() -> None:
    """The scored hour of the default fleet has spikes, drifts and stuck values."""
    assert {label.kind for label in Fleet().labels(FIRST, 3)} == set(AnomalyKind)


def test_the_caller_can_name_the_anomalous_hours() -> None:
    """Anomalies can be placed in any hour, past hours included."""
    labels = list(Fleet().labels(FIRST, 3, anomalous=(FIRST,)))
    assert {RunHour.containing(label.moment) for label in labels} == {FIRST}


def test_anomalies_leave_the_other_readings_alone() -> None:
    """Apart from the anomalies, an hour with some equals the same hour without any."""
    healthy = set(Fleet().readings(FIRST, 1, anomalous=()))
    unlabelled = {item.reading for item in Fleet().labelled(FIRST, 1) if item.kind is None}
    assert unlabelled < healthy
    assert len(healthy - unlabelled) == 12 * 15


def test_an_anomaly_lies_outside_what_its_sensor_says_in_a_day() -> None:
    """Anomalous values lie outside the range of a whole healthy day, so they can be told apart."""
    ranges = defaultdict(list)
    for reading in Fleet().readings(FIRST, 24, anomalous=()):
        ranges[reading.device, reading.tag].append(float(reading.value))
    for item in Fleet().labelled(FIRST, 3):
        if item.kind is not None:
            usual = ranges[item.reading.device, item.reading.tag]
            assert not min(usual) <= float(item.reading.value) <= max(usual)


def test_runs_are_what_they_are_called() -> None:
    """Stuck values repeat; drifting values move steadily away."""
    runs = defaultdict(list)
    for item in Fleet().labelled(FIRST, 1):
        if item.kind in {AnomalyKind.STUCK, AnomalyKind.DRIFT}:
            runs[item.reading.device, item.reading.tag, item.kind].append(item.reading)
    assert all(len(run) == 6 for run in runs.values())
    for (_, _, kind), run in runs.items():
        assert run[-1].moment - run[0].moment < 6 * INTERVAL
        values = [float(reading.value) for reading in run]
        if kind is AnomalyKind.STUCK:
            assert len(set(values)) == 1
        else:
            assert values in (sorted(values), sorted(values, reverse=True))


def test_sensors_differ_and_swing_with_the_day() -> None:
    """Each sensor has its own level, and its hourly means follow the time of day."""
    hourly = defaultdict(list)
    for reading in Fleet(devices=2, tags=2).readings(FIRST, 24, anomalous=()):
        hourly[reading.device, reading.tag, reading.moment.hour].append(float(reading.value))
    means = defaultdict(list)
    for (device, tag, _), values in hourly.items():
        means[device, tag].append(statistics.mean(values))
    assert len({round(statistics.mean(values)) for values in means.values()}) == 4
    for (device, tag), values in means.items():
        noise = statistics.stdev(hourly[device, tag, 12])
        assert max(values) - min(values) > noise


@pytest.mark.parametrize(
    "wrong", [{"devices": 0}, {"tags": 0}, {"anomaly_share": -0.1}, {"anomaly_share": 0.6}]
)
def test_a_fleet_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    """Sizes below one and anomaly rates above a half are refused."""
    with pytest.raises(ValueError, match=r"fleet of|anomaly share"):
        Fleet(**wrong)  # type: ignore[arg-type]  # one case per field of different types


def test_no_hours_are_refused() -> None:
    """An empty range is a mistake, not an empty result."""
    with pytest.raises(ValueError, match="0 hours have no reading"):
        Fleet().readings(FIRST, 0)
