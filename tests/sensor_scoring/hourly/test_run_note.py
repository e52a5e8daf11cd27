"""The note on a run's page."""

from __future__ import annotations

from typing import Any

from scoring_contract.hour import RunHour
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.hourly.run_note import LONGEST, note_of

HOUR = RunHour.parse("2026-11-27T09")


def a_summary(*lines: SensorOutcome, **facts: Any) -> Summary:
    """Return a summary."""
    return Summary(hour=HOUR, run="run", dag_run_id="r", sensors=lines, **facts)


def scored(sensor: str, anomalies: int) -> SensorOutcome:
    """Return the summary line of a scored sensor."""
    return SensorOutcome(sensor=sensor, outcome=Outcome.SCORED, readings=240, anomalies=anomalies)


def test_a_run_is_its_hour_what_came_of_it_and_who_has_most_anomalies() -> None:
    """Hour, outcome and most anomalies, in one line that reads in a second."""
    lines = [scored(f"1_{number}", 18) for number in range(14)]
    note = note_of(HOUR, a_summary(*lines, scored("2_4", 31)))
    assert note == "2026-11-27T09: 15 scored, 283 anomalies; most: 2_4 (31)"


def test_what_failed_and_what_is_silent_is_counted() -> None:
    """Sensors without anomalies are not named."""
    failed = SensorOutcome(sensor="1_2", outcome=Outcome.FAILED, reason="no")
    silent = SensorOutcome(sensor="1_3", outcome=Outcome.SILENT)
    note = note_of(HOUR, a_summary(scored("1_1", 0), failed, silent, failed_steps={"submit": "no"}))
    assert note == "2026-11-27T09: 1 scored, 1 failed, 1 silent, 0 anomalies; submit failed"


def test_what_a_later_run_has_scored_is_not_called_free_of_anomalies() -> None:
    """If another run scored the hour later, the predictions and counts are in that run."""
    kept = SensorOutcome(sensor="1_2", outcome=Outcome.SCORED, reason="predictions of a later plan are there")
    note = note_of(HOUR, a_summary(scored("1_1", 3), kept))
    expected = "2 scored, 3 anomalies; 1 by a later run, whose note counts their anomalies; most: 1_1 (3)"
    assert note == f"{HOUR}: {expected}"


def test_a_run_without_a_summary_says_why() -> None:
    """Shortened to what Airflow stores."""
    assert note_of(HOUR, None, ["plan failed: no registry"]) == "2026-11-27T09: plan failed: no registry"
    assert len(note_of(HOUR, None, ["x" * 5000])) == LONGEST
