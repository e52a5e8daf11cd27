"""The states of a run's task instances."""

from __future__ import annotations

from sensor_scoring.hourly.task_states import TaskStates

STATES = TaskStates(
    {
        "plan": "success",
        "score_0": "success",
        "score_2": "upstream_failed",
        "score_10": "failed",
        "score_card": "failed",
        "confirm": "failed",
    }
)


def test_mapped_instances_are_told_from_tasks_with_similar_names() -> None:
    """Airflow joins task and map index with an underscore, which task ids may contain too."""
    assert STATES.mapped("score") == {0: "success", 2: "upstream_failed", 10: "failed"}
    assert STATES.failed_indexes("score") == [2, 10]


def test_what_failed_is_named() -> None:
    """A task skipped because of another is not to blame."""
    assert STATES.failed_tasks() == ["confirm", "score_10", "score_card"]
    assert STATES.is_success("plan")
    assert not STATES.is_success("settle")
