"""Output on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_stack.display import RunProgress, Stage, failures, table
from scoring_contract.hour import RunHour
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary

if TYPE_CHECKING:
    import pytest


def a_summary(*sensors: SensorOutcome) -> Summary:
    """Return the summary of a run."""
    return Summary(
        hour=RunHour.parse("2018-08-29T02"), run="run", dag_run_id="manual__1", sensors=tuple(sensors)
    )


def scored(sensor: str) -> SensorOutcome:
    """Return a sensor that was scored."""
    return SensorOutcome(
        sensor=sensor, outcome=Outcome.SCORED, readings=1200, anomalies=3, rejected=2, seconds=0.25
    )


def test_the_table_has_a_line_a_sensor_and_the_totals() -> None:
    """Numbers are aligned, and rejected rows are shown with their sensor."""
    silent = SensorOutcome(sensor="1_2", outcome=Outcome.SILENT)
    assert table(a_summary(scored("1_1"), silent)).splitlines() == [
        "sensor  readings  anomalies  seconds  state",
        "1_1        1,200          3     0.25  scored (2 rows rejected)",
        "1_2            0          0     0.00  silent",
        "total      1,200          3     0.25",
    ]


def test_a_long_fleet_is_cut_and_says_so() -> None:
    """The table shows the first sensors only; the totals count all of them."""
    lines = table(a_summary(*(scored(f"s{number}") for number in range(50)))).splitlines()
    assert len(lines) == 1 + 40 + 1 + 1
    assert lines[-2].endswith("and 10 more in summary.json")
    assert "60,000" in lines[-1]


def test_every_failure_is_said_with_its_reason() -> None:
    """A failure is shown as sensor and reason."""
    failed = SensorOutcome(sensor="1_3", outcome=Outcome.FAILED, reason="its model is not there")
    assert list(failures(a_summary(scored("1_1"), failed))) == ["1_3: its model is not there"]


def test_a_run_is_followed_by_what_airflow_logs(capsys: pytest.CaptureFixture[str]) -> None:
    """A file gets only the final line, which counts mapped instances."""
    with Stage.of("Scoring") as stage:
        progress = RunProgress(stage)
        for task, index in (("plan", -1), ("score", 0), ("score", 1), ("score", 1), ("confirm", -1)):
            progress.see(f"[info] [DAG TEST] starting task_id={task} map_index={index} [airflow]")
        progress.see("something else")
    assert capsys.readouterr().out.startswith("Scoring: plan > score 2 > confirm (")


def test_a_warning_stands_below_the_line_of_its_stage(capsys: pytest.CaptureFixture[str]) -> None:
    """A stage that is still being redrawn would overwrite it."""
    with Stage.of("Training") as stage:
        stage.warn("1_3: 1 readings, 30 are needed")
        stage.note("2 sensors trained, 1 refused")
        assert capsys.readouterr().err == ""
    assert capsys.readouterr().err == "1_3: 1 readings, 30 are needed\n"
