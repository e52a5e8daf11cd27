"""The DAGs that maintain what all runs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.dags.conftest import Parse


def test_housekeeping_is_done_daily(all_parsed: dict[str, Any]) -> None:
    """Jobs and blobs are cleaned up independently of each other."""
    parsed = all_parsed["housekeeping"]
    assert (parsed["timetable"], parsed["runs"], parsed["catchup"]) == ("CronTriggerTimetable", 1, False)
    assert {task: facts["upstream"] for task, facts in parsed["tasks"].items()} == {
        "tidy_jobs": [],
        "tidy_blobs": [],
        "tidy_records": [],
    }


def test_pool_is_watched_unless_it_is_switched_off(all_parsed: dict[str, Any], parsed_with: Parse) -> None:
    """One look at a time; without the setting the DAG has no schedule."""
    watching = all_parsed["pool_watch"]
    assert (watching["timetable"], watching["runs"], watching["catchup"]) == (
        "CronTriggerTimetable",
        1,
        False,
    )
    assert list(watching["tasks"]) == ["look"]
    parsed = parsed_with(SENSOR_SCORING_POOL_WATCH="false")["pool_watch"]
    assert parsed["timetable"] == "NullTimetable"


def test_pool_is_measured_only_for_somebody(all_parsed: dict[str, Any], parsed_with: Parse) -> None:
    """The DAG runs every five minutes if there is a target of telemetry; otherwise it has no schedule."""
    assert all_parsed["pool_metrics"]["timetable"] == "NullTimetable"
    parsed = parsed_with(SENSOR_SCORING_TELEMETRY="otlp")["pool_metrics"]
    assert parsed["errors"] == {}
    assert parsed["timetable"].startswith("Cron")


def test_pool_is_warmed_only_when_it_is_asked_for(all_parsed: dict[str, Any], parsed_with: Parse) -> None:
    """The DAG runs hourly if prewarming is on; otherwise it has no schedule."""
    assert all_parsed["warm_pool"]["timetable"] == "NullTimetable"
    parsed = parsed_with(SENSOR_SCORING_PREWARM_MINUTES="10")["warm_pool"]
    assert parsed["errors"] == {}
    assert parsed["timetable"].startswith("Cron")


def test_preflight_is_made_by_hand_and_changes_nothing_unless_it_is_told_to(
    all_parsed: dict[str, Any],
) -> None:
    """One at a time, without a schedule."""
    parsed = all_parsed["preflight"]
    assert (parsed["timetable"], parsed["runs"], list(parsed["tasks"])) == ("NullTimetable", 1, ["look"])
