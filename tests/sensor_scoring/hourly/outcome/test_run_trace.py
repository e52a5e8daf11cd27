"""The trace of a run: who is part of whom, and what is left out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract.messages.report import Cause, Report, SensorReport, SensorState, Stage
from sensor_scoring.hourly.outcome import run_trace
from sensor_scoring.hourly.outcome.run_metrics import points_of
from sensor_scoring.hourly.outcome.run_trace import score_context, trace_of_run
from sensor_scoring.hourly.step_times import StepTimes
from tests.support.traced_runs import HOUR, PLAN, a_task, at, some_facts

if TYPE_CHECKING:
    from sensor_scoring.telemetry.spans import Span

TASK = "1_4-0c79023f43-e2-a0"
CONTEXT = score_context(PLAN.run, PLAN.planned_at)
FAILED = SensorReport("1_4", SensorState.FAILED, cause=Cause.MODEL, reason="it is not there")


def a_report(**changes: Any) -> Report:
    """Return the report of the task, whose process began a second after the task."""
    facts = {
        "hour": HOUR,
        "run": PLAN.run,
        "group": "1_4",
        "manifest": "m",
        "planned_at": PLAN.planned_at,
        "seconds": 2.0,
        "sensors": (FAILED,),
        "traceparent": CONTEXT,
        "started_at": "2018-08-29T03:07:11.000000Z",
        "stages": (Stage("prepare", 0.0, 0.5, 0.5), Stage("fetch", 0.5, 1.5, 3.0)),
    }
    return Report(**{**facts, **changes})


def told(report: Report | None = None, **changes: Any) -> list[Span]:
    """Return the spans of a run with one Batch task."""
    reports = {("run-g2", TASK): report or a_report()}
    steps = {"plan": StepTimes(at(1), at(3)), "confirm": StepTimes(at(200), at(201), "one is missing")}
    facts = some_facts(**{"tasks": [a_task(TASK)], "reports": reports, "steps": steps, **changes})
    return list(trace_of_run(facts, points_of(facts)).spans)


def tree(spans: list[Span], parent: str = "") -> dict[str, Any]:
    """Return names of spans, each with what is part of it."""
    return {span.name: tree(spans, span.id) for span in spans if span.parent == parent}


def named(spans: list[Span], name: str) -> Span:
    """Return the one span of a name."""
    (span,) = [span for span in spans if span.name == name]
    return span


def test_a_run_has_steps_these_have_batch_tasks_and_these_stages() -> None:
    """Each span lies in the time of the one that it is a part of."""
    spans = told()
    node: dict[str, Any] = {"scorer": {"prepare": {}, "fetch": {}}}
    parts = {"Batch task": {"queue": {}, "node": node}}
    assert tree(spans) == {"hourly_scoring": {"plan": {}, "confirm": {}, "submit": {}, "score": parts}}
    by_id = {span.id: span for span in spans}
    assert len(by_id) == len(spans)
    for span in spans:
        around = by_id.get(span.parent, span)
        assert around.start <= span.start <= span.end <= around.end, span.name
    assert named(spans, "queue").duration == timedelta(seconds=120)
    assert named(spans, "scorer").start - named(spans, "node").start == timedelta(seconds=1)
    assert named(spans, "fetch").attributes == {"sensor_scoring.thread_seconds": 3.0}


def test_the_span_of_the_run_has_its_numbers() -> None:
    """Under the names of the metrics."""
    attributes = named(told(), "hourly_scoring").attributes
    assert attributes["sensor_scoring.hour"] == "2018-08-29T02"
    assert attributes["sensor_scoring.run.sensors.scored"] == 20


def test_failures_say_why() -> None:
    """A step, a sensor of a Batch task, and the run."""
    spans = told(faults=["1 sensors failed: 1_4"])
    assert named(spans, "hourly_scoring").failure == "1 sensors failed: 1_4"
    assert named(spans, "confirm").failure == "one is missing"
    scorer = named(spans, "scorer")
    assert scorer.failure == "1 of 1 sensors failed"
    (event,) = scorer.events
    assert (event.at, event.attributes["sensor_scoring.reason"]) == (scorer.end, "it is not there")


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(a_report(traceparent=""), id="order-without-a-trace"),
        pytest.param(a_report(traceparent=score_context("run", "another plan")), id="order-of-another-plan"),
        pytest.param(a_report(started_at=""), id="scorer-of-before"),
        pytest.param(a_report(seconds=float("inf")), id="longer-than-its-task"),
        pytest.param(a_report(started_at="9999-12-31T23:59:59.000000Z"), id="of-another-day"),
    ],
)
def test_a_process_that_is_not_of_this_trace_is_not_drawn(report: Report) -> None:
    """Its Batch task is, without what nobody can place: a report is another program's word."""
    spans = told(report)
    assert {span.name for span in spans} >= {"Batch task", "node"}
    assert {span.name for span in spans}.isdisjoint({"scorer", "fetch"})


def test_a_node_whose_clock_is_wrong_is_moved_and_says_so() -> None:
    """By so many seconds that the process lies in its task."""
    scorer = named(told(a_report(started_at="2018-08-29T04:07:11.000000Z")), "scorer")
    assert scorer.end == at(134)
    assert scorer.attributes["sensor_scoring.moved_seconds"] == -3599


def test_of_many_stages_a_few_are_drawn() -> None:
    """And none that ends after its process."""
    stages = (*(Stage(f"s{number}", 0.0, 0.5, 0.5) for number in range(100)), Stage("late", 0.0, 9e9, 1.0))
    names = {span.name for span in told(a_report(stages=stages))}
    assert len({name for name in names if name.startswith("s") and name[1:].isdigit()}) == 20
    assert "late" not in names


def test_a_task_that_has_not_ended_is_counted_and_not_drawn() -> None:
    """Its end would be a guess, and would never be told again."""
    running = a_task("2_1-0c79023f43-e2-a0", state="running", ended=None)
    spans = told(tasks=[a_task(TASK), running])
    assert [span.name for span in spans].count("Batch task") == 1
    attributes = named(spans, "score").attributes
    assert (attributes["sensor_scoring.batch_tasks"], attributes["sensor_scoring.batch_tasks.left_out"]) == (
        2,
        1,
    )


def test_of_very_many_tasks_the_failed_and_the_longest_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how many are not is said."""
    monkeypatch.setattr(run_trace, "MOST_TASKS", 2)
    tasks = [
        a_task("short-0c79023f43-e2-a0", started=20, result="success"),
        a_task("failed-0c79023f43-e2-a0", started=20, result="failure"),
        a_task("long-0c79023f43-e2-a0", started=90, result="success"),
    ]
    spans = told(tasks=tasks)
    drawn = [span.attributes["azure.batch.task.id"] for span in spans if span.name == "Batch task"]
    assert drawn == ["failed-0c79023f43-e2-a0", "long-0c79023f43-e2-a0"]
    assert named(spans, "score").attributes["sensor_scoring.batch_tasks.left_out"] == 1
