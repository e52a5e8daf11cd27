"""The shape of the DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.dags.conftest import Parse


def test_it_parses_without_azure_or_pandas(parsed: dict[str, Any]) -> None:
    """Airflow parses the file over and over, so parsing imports nothing slow."""
    assert parsed["errors"] == {}
    slow = {"azure", "pandas", "numpy", "sklearn"}
    assert not {name.split(".")[0] for name in parsed["imported"]} & slow


def test_the_flow_is_the_documented_one(parsed: dict[str, Any]) -> None:
    """The steps depend on each other in the documented order."""
    upstream = {task: facts["upstream"] for task, facts in parsed["tasks"].items()}
    assert upstream == {
        "settle": [],
        "plan": ["settle"],
        "open": ["plan"],
        "submit": ["open", "plan"],
        "score": ["open", "plan", "submit"],
        "confirm": ["score"],
        "summarise": ["confirm"],
        "alert": ["summarise"],
        "close": ["alert", "score"],
        "verdict": ["close", "score"],
    }


def test_the_steps_after_scoring_run_whatever_happened(parsed: dict[str, Any]) -> None:
    """A failed sensor skips neither the check, the summary, the alert nor the verdict."""
    rules = {task: facts["rule"] for task, facts in parsed["tasks"].items()}
    assert {task for task, rule in rules.items() if rule == "all_done"} == {
        "confirm",
        "summarise",
        "alert",
        "verdict",
    }


def test_no_step_that_fails_keeps_the_summary_and_the_alert_from_running(parsed: dict[str, Any]) -> None:
    """Airflow skips tasks between a failed setup and its teardown, whatever their rule: so no setup."""
    tasks = parsed["tasks"]
    assert [task for task, facts in tasks.items() if facts["setup"]] == []
    assert [task for task, facts in tasks.items() if facts["teardown"]] == ["close"]


def test_no_step_is_left_to_run_when_the_verdict_is_given(parsed: dict[str, Any]) -> None:
    """A sensor that is cleared while another step still ran would keep a verdict that is out of date."""
    tasks = parsed["tasks"]
    before, found = {"verdict"}, set[str]()
    while before:
        found |= before
        before = {name for task in before for name in tasks[task]["upstream"]} - found
    assert found == tasks.keys()


def test_the_verdict_alone_decides_the_state_of_the_run(parsed: dict[str, Any]) -> None:
    """It is the only leaf that is not a teardown."""
    tasks = parsed["tasks"]
    waited_for = {name for facts in tasks.values() for name in facts["upstream"]}
    assert {task for task, facts in tasks.items() if not facts["teardown"]} - waited_for == {"verdict"}
    assert tasks["score"]["mapped"]


def test_a_run_covers_a_data_interval_and_the_past(parsed: dict[str, Any]) -> None:
    """With the default timetable, runs have no interval, and one before the start date is green and empty."""
    assert parsed["timetable"] == "CronDataIntervalTimetable"
    assert parsed["start"].startswith("2000-01-01")
    assert parsed["catchup"] is False


def test_a_wrong_setting_is_named_in_the_import_error(parsed_with: Parse) -> None:
    """The web UI shows which setting is invalid and what it may be; the preflight is there to say so too."""
    remaining = parsed_with(SENSOR_SCORING_NOTIFY="slack:foo", SENSOR_SCORING_POLL_SECONDS="15")
    assert sorted(remaining) == ["example_consumer", "housekeeping", "preflight"]
    errors = remaining["housekeeping"]["errors"]
    assert {file.rpartition("/")[2] for file in errors} >= {
        "hourly_scoring.py",
        "missing_hours.py",
        "late_runs.py",
    }
    for said in errors.values():
        last = said.strip().splitlines()[-1]
        assert "SettingsError: SENSOR_SCORING_NOTIFY: 'slack:foo' is no channel: log, smtp:ADDRESS" in last
