"""The shape of the DAG that looks for missing hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.dags.conftest import Parse


def test_it_looks_every_hour_one_run_at_a_time(all_parsed: dict[str, Any]) -> None:
    """Two runs at once would send an alert twice."""
    looking = all_parsed["missing_hours"]
    assert looking["errors"] == {}
    assert list(looking["tasks"]) == ["look"]
    assert (looking["runs"], looking["catchup"]) == (1, False)
    assert looking["timetable"].startswith("Cron")


def test_a_setting_takes_its_schedule_away(parsed_with: Parse) -> None:
    """An empty schedule leaves it to be triggered by hand."""
    parsed = parsed_with(SENSOR_SCORING_MISSING_SCHEDULE="never")["missing_hours"]
    assert parsed["timetable"] == "NullTimetable"
