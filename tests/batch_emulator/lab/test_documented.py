"""Formulas after those of Microsoft's documentation: each can be parsed, reviewed and simulated.

Names are ours; windows, percentages, operators and figures are those of the page "Create a formula to
automatically scale compute nodes in a Batch pool", of its REST and PowerShell siblings, and of Data Factory's
page on custom activities. Each is simulated at both ends of the lag.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from azure_batch_emulator.autoscale import Formula, Surroundings
from azure_batch_lab.review import Review

SPARING = "$NodeDeallocationOption = taskcompletion;"
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sample:
    """A formula, what the review says of it, and the most nodes it ever has."""

    text: str
    codes: frozenset[str]
    at_once: tuple[int, int]
    """Dedicated and Spot nodes at most, when samples come at once."""
    late: tuple[int, int] | None = None
    """The same when they come a minute late; None if that is the same."""
    is_done: bool = True
    """Whether all tasks get done."""


def sample(text: str, *codes: str, **expected: object) -> Sample:
    """Describe a sample."""
    return Sample(text, frozenset(codes), **expected)  # type: ignore[arg-type]  # a test's shorthand


PENDING = """first = 1; most = 25;
percent = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
load = percent < 70 ? first : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
$TargetDedicatedNodes = min(most, load);
"""
PREEMPTED = """most = 25;
$TargetDedicatedNodes = min(most, $PreemptedNodeCount.GetSample(180 * TimeInterval_Second));
$TargetLowPriorityNodes = min(most, most - $TargetDedicatedNodes);
"""
PROCESSORS = """$wanted = (min($CPUPercent.GetSample(TimeInterval_Minute * 10)) > 0.7) ?
    ($CurrentDedicatedNodes * 1.1) : $CurrentDedicatedNodes;
$wanted = (avg($CPUPercent.GetSample(TimeInterval_Minute * 60)) < 0.2) ?
    ($CurrentDedicatedNodes * 0.9) : $wanted;
$TargetDedicatedNodes = min(400, $wanted)"""
OFFICE_HOURS = """$now = time();
$work = $now.hour >= 8 && $now.hour < 18;
$week = $now.weekday >= 1 && $now.weekday <= 5;
$both = $work && $week;
$TargetDedicatedNodes = $both ? 20:10;
"""
QUEUE = """$share = {tasks}.GetSamplePercent(TimeInterval_Minute * 15);
$load = $share < 70 ? max(0,{tasks}.GetSample(1)) :
    max( {tasks}.GetSample(1), avg({tasks}.GetSample(TimeInterval_Minute * 15)));
"""
HALVING = """$goal = $load > 0? $load:max(0, $TargetDedicatedNodes/2);
$TargetDedicatedNodes = max(0, min($goal, 20));
"""
PARALLEL = """$slots = $TargetDedicatedNodes * 4;
$more = (($load - $slots) + 3) / 4;
$goal = ($TargetDedicatedNodes + $more);
$TargetDedicatedNodes = max(0,min($goal,3));
"""
INITIAL = """$TargetDedicatedNodes = 4;
age = time() - time("Sun, 01 Mar 2026 23:00:00 GMT");
span = TimeInterval_Minute * 60; startup = TimeInterval_Minute * 10; ratio = 50;
$TargetDedicatedNodes = (age > startup ?
    (max($RunningTasks.GetSample(span, ratio), $ActiveTasks.GetSample(span, ratio)) == 0 ?
        0 : $TargetDedicatedNodes) : 4);
"""
OLD = """all=($CPUPercent.GetSamplePercent(TimeInterval_Minute*0,TimeInterval_Minute*10)<0.7?5:
(min($CPUPercent.GetSample(TimeInterval_Minute*0, TimeInterval_Minute*10))>0.8?
($CurrentDedicated*1.1):$CurrentDedicated));$TargetDedicated=min(100,all);"""
FACTORY = "load=$PendingTasks.GetSample(600 * TimeInterval_Second);\n"
SAMPLES = {
    "pending tasks": sample(
        PENDING + SPARING, "short-window", "late-samples", "fractional-target", at_once=(20, 0), late=(1, 0)
    ),
    "pre-empted nodes": sample(
        PREEMPTED + SPARING, "short-window", "no-percentage", "missing-samples", at_once=(0, 25)
    ),
    # Nothing is measured on no node, so that a pool without nodes stays as it is.
    "processors": sample(
        PROCESSORS, "no-percentage", "fractional-target", "kills-tasks", at_once=(0, 0), is_done=False
    ),
    "a weekday": sample(
        "$TargetDedicatedNodes = (time().weekday == 1 ? 5:1);", "kills-tasks", at_once=(5, 0)
    ),
    "office hours": sample(OFFICE_HOURS + SPARING, at_once=(10, 0)),
    "a queue": sample(
        QUEUE.format(tasks="$PendingTasks") + HALVING + SPARING, "fractional-target", at_once=(20, 0)
    ),
    "parallel tasks": sample(
        QUEUE.format(tasks="$ActiveTasks") + PARALLEL + SPARING,
        "active-only",
        at_once=(3, 0),
    ),
    "an initial size": sample(INITIAL, "missing-samples", "kills-tasks", at_once=(4, 0)),
    "a fixed size": sample("$TargetDedicatedNodes=4", at_once=(4, 0)),
    "the present size": sample(
        "$TargetDedicatedNodes = $CurrentDedicatedNodes;", at_once=(0, 0), is_done=False
    ),
    "old names": sample(OLD, "old-name", "fractional-target", "kills-tasks", at_once=(5, 0)),
    "a node a task": sample(
        FACTORY + "$TargetDedicated = max(load);",
        "no-percentage",
        "no-upper-bound",
        "kills-tasks",
        at_once=(20, 0),
    ),
    "one node": sample(
        FACTORY + "$TargetDedicated = (max(load)>0)?1:0;", "no-percentage", "kills-tasks", at_once=(1, 0)
    ),
    "a range of samples": sample(
        "load = $RunningTasks.GetSample(60 * TimeInterval_Second, 120 * TimeInterval_Second, 75);\n"
        "$TargetDedicatedNodes = min(9, max(1, load));",
        "missing-samples",
        "kills-tasks",
        at_once=(4, 0),
    ),
}


@pytest.mark.parametrize("documented", SAMPLES.values(), ids=SAMPLES)
def test_a_documented_formula_is_reviewed(documented: Sample) -> None:
    """It has no errors, and every warning is justified."""
    review = Review.of(documented.text)
    assert review.errors == ()
    assert {finding.code for finding in review.findings} == documented.codes


@pytest.mark.parametrize("documented", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("lag", [0, 60])
def test_a_documented_formula_does_what_it_is_for(days, documented: Sample, lag: int) -> None:
    """From Monday midnight on it has the documented number of nodes and gets the tasks done."""
    outcome = days.under(documented.text, sample_lag=timedelta(seconds=lag))
    most = (
        max(shot.dedicated for shot in outcome.snapshots),
        max(shot.spot for shot in outcome.snapshots),
    )
    assert most == (documented.late if lag and documented.late else documented.at_once)
    assert (outcome.unfinished == 0) is documented.is_done


def test_documented_results_come_out_as_printed() -> None:
    """They are the results for a pool without samples; the second target is newer."""
    results = Formula.parse(OLD).evaluate(Surroundings(now=MONDAY)).results
    assert results == "$TargetDedicated=5;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;all=5"
    moment = datetime(2016, 10, 13, 19, 18, 47, 805000, tzinfo=UTC)
    results = Formula.parse(OFFICE_HOURS).evaluate(Surroundings(now=moment)).results
    assert results.endswith("=requeue;$both=0;$now=2016-10-13T19:18:47.805Z;$week=1;$work=0")
    assert results.startswith("$TargetDedicatedNodes=10;")
