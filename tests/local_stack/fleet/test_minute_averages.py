"""Simulated readings as the Stream Analytics query would have averaged them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingest.reading import Reading
from ingest.simulator import AnomalyKind, Label
from local_stack.fleet.minute_averages import averages_of, labels_of_averages

START = datetime(2026, 1, 5, 9, 59, tzinfo=UTC)


def at(second: int) -> datetime:
    """Return a moment after the start."""
    return START + timedelta(seconds=second)


def test_readings_of_a_minute_become_one() -> None:
    """Each sensor has its own; it lies at the minute's start, and in the hour in which the minute began."""
    readings = [
        Reading(at(0), "1", "4", "1.0"),
        Reading(at(5), "2", "4", "7"),
        Reading(at(59), "1", "4", "2.5"),
        Reading(at(60), "1", "4", "9"),
    ]
    assert list(averages_of(readings)) == [
        Reading(at(0), "1", "4", "1.75"),
        Reading(at(0), "2", "4", "7.0"),
        Reading(at(60), "1", "4", "9.0"),
    ]


def test_a_minute_with_an_anomaly_has_one_label() -> None:
    """Two spikes in a minute are one anomaly of its average; other sensors and minutes keep theirs."""
    labels = [
        Label(at(3), "1", "4", AnomalyKind.SPIKE),
        Label(at(40), "1", "4", AnomalyKind.STUCK),
        Label(at(41), "2", "4", AnomalyKind.SPIKE),
        Label(at(61), "1", "4", AnomalyKind.STUCK),
    ]
    assert list(labels_of_averages(labels)) == [
        Label(at(0), "1", "4", AnomalyKind.SPIKE),
        Label(at(0), "2", "4", AnomalyKind.SPIKE),
        Label(at(60), "1", "4", AnomalyKind.STUCK),
    ]
