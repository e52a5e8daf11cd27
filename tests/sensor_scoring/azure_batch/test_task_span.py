"""A Batch task in time, from the service's answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sensor_scoring.azure_batch.task_span import Span, TaskSpan

MADE = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Return a moment so long after the task was made."""
    return MADE + timedelta(minutes=minutes)


def span(state: str, *, closed: datetime | None = None, since: float = 0, **execution: Any) -> TaskSpan:
    """Describe a task as the service does."""
    times = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in execution.items()
    }
    task = {
        "id": "1_1-0123456789-e2-a0",
        "displayName": "1_1",
        "state": state,
        "creationTime": MADE.isoformat(),
        "stateTransitionTime": at(since).isoformat(),
        "executionInfo": {"requeueCount": 0, **times},
        "nodeInfo": {"nodeId": "n"},
    }
    return TaskSpan.of("job", task, closed=closed)


def test_a_task_waits_until_it_starts_and_runs_until_it_ends() -> None:
    """Its latest attempt is what is known."""
    done = span("completed", startTime=at(2), endTime=at(5), result="success", exitCode=0)
    assert done.waited == Span(at(0), at(2))
    assert done.ran == Span(at(2), at(5))
    assert (done.result, done.is_failure, done.node, done.why) == ("success", False, "n", "")


def test_what_goes_on_has_no_end() -> None:
    """A task that waits, and one that runs."""
    assert span("active").waited == Span(at(0), None)
    assert span("active").ran is None
    assert span("running", startTime=at(3)).ran == Span(at(3), None)


def test_a_task_whose_node_was_taken_away_waits_again() -> None:
    """The service still shows the start of the attempt that was lost."""
    lost = span("active", startTime=at(2), since=7)
    assert lost.ran is None
    assert lost.waited == Span(at(7), None)
    assert (lost.node, lost.requeues) == ("", 1)


def test_a_task_that_was_requeued_waited_last_since_then() -> None:
    """What it did before is not known."""
    again = span("running", startTime=at(9), requeueCount=1, lastRequeueTime=at(6))
    assert again.waited == Span(at(6), at(9))
    assert again.requeues == 1


def test_a_task_that_was_ended_before_it_ran_never_ran() -> None:
    """It has an end and no start."""
    ended = span("completed", endTime=at(4), result="failure", failureInfo={"code": "TaskEnded"})
    assert ended.waited == Span(at(0), at(4))
    assert ended.ran is None
    assert ended.is_failure
    assert ended.why == "TaskEnded"


def test_a_task_of_a_job_that_ended_waits_no_longer() -> None:
    """The service leaves it active for ever."""
    assert span("active", closed=at(10)).waited == Span(at(0), at(10))


def test_a_task_that_ended_without_a_result_failed() -> None:
    """Nothing says that it did its work."""
    assert span("completed", endTime=at(4)).result == "failure"
