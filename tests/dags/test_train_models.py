"""The shape of the training DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.dags.conftest import Parse


@pytest.fixture(scope="session")
def training(all_parsed: dict[str, Any]) -> dict[str, Any]:
    """Return what Airflow parsed of the training DAG."""
    return dict(all_parsed["train_models"])


def test_only_promote_comes_after_all_groups(training: dict[str, Any]) -> None:
    """One step judges all new models, whatever happened to each group."""
    upstream = {task: facts["upstream"] for task, facts in training["tasks"].items()}
    assert upstream == {
        "plan": [],
        "open": ["plan"],
        "submit": ["open", "plan"],
        "train": ["open", "plan", "submit"],
        "promote": ["train"],
        "verdict": ["promote"],
        "close": ["open", "promote"],
    }
    rules = {task: facts["rule"] for task, facts in training["tasks"].items()}
    assert {task for task, rule in rules.items() if rule == "all_done"} == {"promote", "verdict"}
    assert training["tasks"]["close"]["teardown"]
    assert training["tasks"]["train"]["mapped"]


def test_it_runs_by_hand_and_one_at_a_time(training: dict[str, Any]) -> None:
    """Two trainings at once would each compare against models that the other replaces."""
    assert (training["timetable"], training["runs"], training["catchup"]) == ("NullTimetable", 1, False)


def test_a_setting_gives_it_a_schedule(parsed_with: Parse) -> None:
    """For example, once a week."""
    parsed = parsed_with(SENSOR_SCORING_TRAIN_SCHEDULE="@weekly")["train_models"]
    assert parsed["errors"] == {}
    assert parsed["timetable"].startswith("Cron")
