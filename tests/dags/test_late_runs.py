"""The shape of the DAG that looks for late runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.dags.conftest import Parse


def test_it_looks_every_few_minutes_one_run_at_a_time(all_parsed: dict[str, Any]) -> None:
    """Two runs at once would send an alert twice."""
    looking = all_parsed["late_runs"]
    assert looking["errors"] == {}
    assert list(looking["tasks"]) == ["look"]
    assert (looking["runs"], looking["catchup"]) == (1, False)
    assert looking["timetable"].startswith("Cron")


def test_a_limit_of_nothing_takes_its_schedule_away(parsed_with: Parse) -> None:
    """With a limit of 0 it has no schedule."""
    parsed = parsed_with(SENSOR_SCORING_LATE_MINUTES="0")["late_runs"]
    assert parsed["timetable"] == "NullTimetable"


def test_no_dag_has_a_deadline_of_airflows(all_parsed: dict[str, Any]) -> None:
    """In 3.3.2 they crash the scheduler under executors without callbacks, and `dags test` on PostgreSQL."""
    assert {dag: facts["deadline"] for dag, facts in all_parsed.items()} == dict.fromkeys(all_parsed)
