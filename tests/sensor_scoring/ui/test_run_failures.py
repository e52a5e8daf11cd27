"""Who failed in a run, and which Batch task says why."""

from __future__ import annotations

from dataclasses import replace

from scoring_contract.hour import RunHour
from scoring_contract.messages.report import Cause, Report, SensorReport, SensorState
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.task_span import TaskSpan
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.ui.run_failures import (
    Failure,
    failures_in_report,
    failures_in_summary,
    failures_so_far,
    newest_of_groups,
)

HOUR = RunHour.parse("2018-08-29T02")
GROUPS = {"1_1": ("1_1",), "1_2..1_3": ("1_2", "1_3")}


def a_task(group: str, *, epoch: int = 2, attempt: int = 0, result: str = "success") -> TaskSpan:
    """Describe a Batch task of a group that has ended; without a result, one that has not."""
    name = str(ids.AttemptId(ids.group_key(group), epoch, attempt))
    state = "completed" if result else "running"
    return TaskSpan(job="j", id=name, item=group, state=state, result=result, why="it failed")


def test_a_retry_replaces_an_attempt_and_a_clear_both() -> None:
    """In whatever order the service lists them; what is none of ours stands for nobody."""
    spans = [
        a_task("1_1", epoch=2, attempt=1),
        a_task("1_1", epoch=5, attempt=0),
        a_task("1_1", epoch=2, attempt=10),
        TaskSpan(job="j", id="by-hand"),
    ]
    assert list(newest_of_groups(spans).values()) == [spans[1]]


def test_so_far_a_group_failed_whose_newest_task_did() -> None:
    """One that is tried again has not."""
    spans = [
        a_task("1_1", result="failure"),
        a_task("1_2..1_3", result="failure"),
        a_task("1_2..1_3", attempt=1, result=""),
    ]
    (failure,) = failures_so_far(GROUPS, spans)
    assert failure == Failure(
        sensor="1_1", group="1_1", sensor_count=1, reason="it failed", job="j", batch_task=spans[0].id
    )
    (packed,) = failures_so_far(GROUPS, spans[1:2])
    assert (packed.sensor, packed.group, packed.sensor_count) == ("", "1_2..1_3", 2)


def test_a_report_says_who_failed_and_why() -> None:
    """One without failures, of a process that was killed afterwards, says nothing new."""
    failure = Failure(group="1_2..1_3", sensor_count=2, reason="exit code 7", job="j", batch_task="t")
    scored = SensorReport("1_2", SensorState.SCORED)
    failed = SensorReport("1_3", SensorState.FAILED, cause=Cause.DATA, reason="no reading can be used")
    report = Report(HOUR, "r", failure.group, "m", "2018-08-29T03:00:00.000000Z", 1.0, (scored, failed))
    (named,) = failures_in_report(failure, report)
    assert (named.sensor, named.sensor_count, named.reason) == ("1_3", 1, "no reading can be used")
    assert (named.group, named.job, named.batch_task) == ("1_2..1_3", "j", "t")
    assert failures_in_report(failure, replace(report, sensors=(scored,))) == [failure]


def test_a_summary_names_the_sensors_and_the_newest_task_of_their_group() -> None:
    """Also without a task, or without a plan."""
    summary = Summary(
        hour=HOUR,
        run="r",
        dag_run_id="d",
        sensors=(
            SensorOutcome(sensor="1_1", outcome=Outcome.SCORED),
            SensorOutcome(sensor="1_3", outcome=Outcome.FAILED, reason="no model"),
        ),
    )
    spans = [a_task("1_2..1_3"), a_task("1_2..1_3", attempt=1, result="failure")]
    (failure,) = failures_in_summary(summary, GROUPS, spans)
    assert failure == Failure(
        sensor="1_3", group="1_2..1_3", sensor_count=1, reason="no model", job="j", batch_task=spans[1].id
    )
    assert [each.batch_task for each in failures_in_summary(summary, GROUPS, [])] == [""]
    assert [each.group for each in failures_in_summary(summary, {}, spans)] == [""]
