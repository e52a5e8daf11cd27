"""What a review finds: each warning in a formula that deserves it, and not in a similar one that does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from azure_batch_lab.review import Review, Severity
from azure_batch_lab.review.advice import WHY
from azure_batch_lab.search.policies import FAMILIES
from azure_batch_lab.spans import parse_span

SPARING = " $NodeDeallocationOption = taskcompletion;"
THREE, FIVE = "180 * TimeInterval_Second", "5 * TimeInterval_Minute"


def load(expression: str) -> str:
    """Return a clean formula around one expression for the load."""
    return f"x = {expression}; $TargetDedicatedNodes = min(9, (x + 4 - 1) / 4);{SPARING}"


def guarded(expression: str, condition: str = "p < 60", window: str = FIVE) -> str:
    """Check that a window is complete before reading it."""
    return f"p = $PendingTasks.GetSamplePercent({window}); " + load(f"{condition} ? 0 : {expression}")


MEAN = f"avg($PendingTasks.GetSample({FIVE}))"
CASES = {
    "active-only": [
        (load("max(0, $ActiveTasks.GetSample(1))"), load("max(0, $PendingTasks.GetSample(1))")),
        (
            load("max(0, $ActiveTasks.GetSample(1))"),
            load("max(0, $ActiveTasks.GetSample(1)) + max(0, $RunningTasks.GetSample(1))"),
        ),
        (
            load(f"$PendingTasks.GetSamplePercent({FIVE}) > 60 ? avg($ActiveTasks.GetSample({FIVE})) : 0"),
            load(f"$ActiveTasks.GetSamplePercent({FIVE}) > 60 ? avg($PendingTasks.GetSample({FIVE})) : 0"),
        ),
        (
            load("max(0, $ActiveTasks.GetSample(1))"),
            "x = max(0, $ActiveTasks.GetSample(1)); $TargetDedicatedNodes = max($TargetDedicatedNodes, x);",
        ),
    ],
    "bare-metric": [
        (load("$PendingTasks"), load("max(0, $PendingTasks.GetSample(1))")),
        (load("max(0, $ActiveTasks)"), load("$CurrentDedicatedNodes")),
    ],
    "constant-condition": [
        (guarded(MEAN, "p > 100"), guarded(MEAN, "p > 70")),
        (guarded(MEAN, "p < 0"), guarded(MEAN, "p < 85")),
        (guarded(MEAN, "p < 80 || p >= 0"), guarded(MEAN, "p < 40 || p >= 70")),
        (guarded(MEAN, "p < 70 || 1"), guarded(MEAN, "p < 70", "180 * TimeInterval_Second")),
        (load("time().minute > 59 ? 1 : 2"), load("time().minute >= 59 ? 1 : 2")),
        (load("$CurrentDedicatedNodes < 0 ? 1 : 2"), load("$CurrentDedicatedNodes < 1 ? 1 : 2")),
    ],
    "fractional-target": [
        (
            f"$TargetDedicatedNodes = min(9, {{}} / 4);{SPARING}",
            f"$TargetDedicatedNodes = min(9, ({{}} + 3) / 4);{SPARING}",
        ),
        (f"$TargetDedicatedNodes = 5 / 2;{SPARING}", f"$TargetDedicatedNodes = 6 / 2;{SPARING}"),
        (
            f"$TargetDedicatedNodes = min(9, avg({{}}, 1));{SPARING}",
            f"$TargetDedicatedNodes = min(9, max({{}}, 1));{SPARING}",
        ),
        (
            f"$TargetDedicatedNodes = min(9, {{}} * 1.5);{SPARING}",
            f"$TargetDedicatedNodes = min(9, {{}} * 2);{SPARING}",
        ),
        (
            f"s = 4; $TargetDedicatedNodes = min(9, ({{}} + s) / s);{SPARING}",
            f"s = 4; $TargetDedicatedNodes = min(9, ({{}} - 1 + s) / s);{SPARING}",
        ),
    ],
    "least-of-window": [
        (
            load(f"min($PendingTasks.GetSample({FIVE}, 60))"),
            load(f"max($PendingTasks.GetSample({FIVE}, 60))"),
        ),
        (load("min(9, $ActiveTasks.GetSample(2))"), load("min(9, max(0, $ActiveTasks.GetSample(2)))")),
        (
            load(f"min($PendingTasks.GetSample({FIVE}, 60))"),
            load(f"(min($PendingTasks.GetSample({FIVE}, 60)) > 0 ? 1 : 0)"),
        ),
        (load("min(9, $ActiveTasks.GetSample(2))"), load("min(9, $ActiveTasks.GetSample(1))")),
        (
            f"v = $RunningTasks.GetSample({FIVE}, 60); {load('min(vec(v) * 2)')}",
            load(f"min($CPUPercent.GetSample({FIVE}, 60))"),
        ),
    ],
    "look-alike": [
        (
            "$taskSlotsPerNode = 4; $TargetDedicatedNodes = min(9, {} / $taskSlotsPerNode);",
            "$slots = 4; $TargetDedicatedNodes = min(9, {} / $slots);",
        ),
        (
            "$pendingTasks = 4; $TargetDedicatedNodes = $pendingTasks;",
            "pendingTasks = 4; $TargetDedicatedNodes = pendingTasks;",
        ),
    ],
    "kills-tasks": [
        (
            "$TargetDedicatedNodes = $TargetDedicatedNodes < 50 ? 0 : $TargetDedicatedNodes;",
            "$TargetDedicatedNodes = $TargetDedicatedNodes < 50 ? 50 : $TargetDedicatedNodes;",
        ),
        (
            "$TargetDedicatedNodes = $TargetDedicatedNodes == 42 ? 0 : $TargetDedicatedNodes;",
            "$TargetDedicatedNodes = $TargetDedicatedNodes == 42 ? 42 : $TargetDedicatedNodes;",
        ),
        ("$TargetDedicatedNodes = min(9, {});", "$TargetDedicatedNodes = min(9, {});" + SPARING),
        (
            "$TargetDedicatedNodes = min(9, {}); $NodeDeallocationOption = terminate;",
            "$TargetDedicatedNodes = min(9, {}); $NodeDeallocationOption = retaineddata;",
        ),
        ("$TargetDedicatedNodes = time().hour > 6 ? 3 : 2;", "$TargetDedicatedNodes = 3;"),
        (
            "$TargetLowPriorityNodes = $TargetLowPriorityNodes - 1;",
            "$TargetLowPriorityNodes = $TargetLowPriorityNodes;",
        ),
    ],
    "late-samples": [
        (guarded(MEAN, "p < 85"), guarded(MEAN, "p < 80")),
        (guarded(MEAN, "p < 70", THREE), guarded(MEAN, "p < 60", THREE)),
        (guarded(MEAN, "100 - p < 20"), guarded(MEAN, "100 - p < 21")),
        (
            load(f"avg($PendingTasks.GetSample({FIVE}, 90))"),
            load(f"avg($PendingTasks.GetSample({FIVE}, 80))"),
        ),
        (
            load("avg($PendingTasks.GetSample(TimeInterval_Minute, 1))"),
            load("avg($PendingTasks.GetSample(TimeInterval_Minute, 6 * TimeInterval_Minute, 100))"),
        ),
        (
            load("60 / $PendingTasks.GetSamplePercent(30 * TimeInterval_Second)"),
            load("60 / $PendingTasks.GetSamplePercent(90 * TimeInterval_Second)"),
        ),
        (guarded(MEAN, "p < 85"), guarded(MEAN, "p > 100")),
    ],
    "missing-samples": [
        (load("max($PendingTasks.GetSample(1))"), load("max(0, $PendingTasks.GetSample(1))")),
        (load("val($PendingTasks.GetSample(1), 0)"), guarded("val($PendingTasks.GetSample(1), 0)")),
        (
            load(f"avg($PendingTasks.GetSample({FIVE}, 60))"),
            guarded(f"avg($PendingTasks.GetSample({FIVE}, 60))"),
        ),
        (
            load("sum(vec($PendingTasks.GetSample(1)) * 2)"),
            load("sum(vec($PendingTasks.GetSample(1), 0) * 2)"),
        ),
        (
            load("max($PendingTasks.GetSample(1))"),
            load("$PendingTasks.Count() > 9 ? max($PendingTasks.GetSample(1)) : 0"),
        ),
        (load("min(9, $PreemptedNodeCount.GetSample(1))"), load("max(9, $PreemptedNodeCount.GetSample(1))")),
        (
            load(f"min(9, $PreemptedNodeCount.GetSample({FIVE}))"),
            load(
                f"$PreemptedNodeCount.GetSamplePercent({FIVE}) > 50 ? "
                f"min(9, $PreemptedNodeCount.GetSample({FIVE})) : 0"
            ),
        ),
        (
            load(f"min(9, $CPUPercent.GetSample({FIVE}, 0))"),
            load(f"max(0, $CPUPercent.GetSample({FIVE}, 0))"),
        ),
    ],
    "never-read": [
        ("cap = 4; $TargetDedicatedNodes = 3;", "cap = 4; $TargetDedicatedNodes = cap;"),
        ("a = 1; a = 2; $TargetDedicatedNodes = a;", "a = 1; a = a + 1; $TargetDedicatedNodes = a;"),
        (
            "$TargetDedicated = 1; $TargetDedicatedNodes = 2;",
            "$TargetDedicated = 1; $TargetDedicatedNodes = $TargetDedicated;",
        ),
        (
            "$TargetDedicatedNodes = 1; $TargetDedicatedNodes = 2;",
            "$TargetDedicatedNodes = 1; $TargetLowPriorityNodes = 2;",
        ),
    ],
    "no-percentage": [
        (load(MEAN), guarded(MEAN)),
        (load(MEAN), load(f"avg($PendingTasks.GetSample({FIVE}, 60))")),
        (load(MEAN), load(f"$ActiveTasks.GetSamplePercent({FIVE}) > 60 ? {MEAN} : 0")),
        (load(MEAN), load(f"$PendingTasks.GetSamplePercent({FIVE}) > 60 && {MEAN} > 3 ? 1 : 0")),
        (
            load(f"$PendingTasks.GetSamplePercent({FIVE}) > 60 ? avg($CPUPercent.GetSample({FIVE})) : 0"),
            load(f"$CPUPercent.GetSamplePercent({FIVE}) > 60 ? avg($CPUPercent.GetSample({FIVE})) : 0"),
        ),
    ],
    "no-target": [
        ("x = 1;", "$TargetDedicated = 1;"),
        ("$NodeDeallocationOption = requeue;", "$TargetLowPriorityNodes = 0;"),
    ],
    "no-upper-bound": [
        ("$TargetDedicatedNodes = {};" + SPARING, "$TargetDedicatedNodes = min({}, 9);" + SPARING),
        (
            "$TargetDedicatedNodes = $TargetDedicatedNodes + 1;",
            "$TargetDedicatedNodes = $TargetDedicatedNodes;",
        ),
        ("x = {}; $TargetLowPriority = x;", "x = {}; $TargetLowPriority = x > 9 ? 9 : x;"),
        (
            "x = {}; $TargetLowPriority = x > 9 ? x : 9;",
            "x = {}; $TargetLowPriority = x < 9 && x > 0 ? x : 9;",
        ),
        ("x = {}; $TargetLowPriority = !(x < 9) ? x : 9;", "x = {}; $TargetLowPriority = !(x < 9) ? 9 : x;"),
    ],
    "old-name": [
        (load("$CurrentDedicated"), load("$CurrentDedicatedNodes")),
        (
            load("max(0, $CurrentDedicated.GetSample(1))"),
            load("max(0, $CurrentDedicatedNodes.GetSample(1))"),
        ),
    ],
    "retained-data": [
        (
            "$TargetDedicatedNodes = min(9, {}); $NodeDeallocationOption = retaineddata;",
            "$TargetDedicatedNodes = min(9, {}); $NodeDeallocationOption = taskcompletion;",
        ),
    ],
    "sunday": [
        (
            load("time().weekday >= 6 && time().weekday <= 7 ? 1 : 4"),
            load("time().weekday >= 1 && time().weekday <= 5 ? 4 : 1"),
        ),
        (load("time().weekday == 0 ? 1 : 4"), load("time().weekday == 0 || time().weekday == 7 ? 1 : 4")),
        (load("time().weekday > 5 ? 1 : 4"), load("time().weekday > 5 || time().weekday < 1 ? 1 : 4")),
        (load("time().weekday"), load("time().hour")),
        (load("!(time().weekday < 6) ? 1 : 4"), load("!(time().weekday < 6) ? 4 : 4")),
        (load("max(1, time().weekday)"), load("time().weekday == 0 ? 7 : time().weekday")),
        (
            load("time().weekday >= 6 && time().hour < 9 ? 1 : 4"),
            load("time().weekday >= 1 && time().hour < 9 && time().weekday <= 5 ? 1 : 4"),
        ),
        (
            load("time().hour < 9 || time().weekday == 7 ? 1 : 4"),
            load("time().hour < 9 || time().weekday == 3 ? 1 : 4"),
        ),
        (load("time().hour < 9 ? time().weekday : 4"), load("time().hour < 9 ? time().weekday == 1 : 4")),
        (load("2 + (time().weekday >= 6) * 3"), load("2 + (time().weekday == 6) * 3")),
        (load("time().weekday + time().hour"), load("time().day + time().hour")),
        (
            "wd = time().weekday; late = wd > 5; $TargetDedicatedNodes = late ? 1 : 4;",
            "wd = time().weekday; late = wd > 5; unused = late; $TargetDedicatedNodes = 4;",
        ),
    ],
    "short-window": [
        (guarded("1", "p < 40", "180 * TimeInterval_Second"), guarded("1", "p < 40", FIVE)),
        (
            load("avg($PendingTasks.GetSample(TimeInterval_Minute, 1))"),
            load("avg($PendingTasks.GetSample(1 * TimeInterval_Minute, 6 * TimeInterval_Minute, 1))"),
        ),
        (
            load("avg($PendingTasks.GetSample(time() + -2 * TimeInterval_Minute, 1))"),
            load("avg($PendingTasks.GetSample(time() + -9 * TimeInterval_Minute, 1))"),
        ),
        (
            load("avg($PendingTasks.GetSample(59 * TimeInterval_Second, 120 * TimeInterval_Second, 1))"),
            load("avg($PendingTasks.GetSample(60 * TimeInterval_Second, 120 * TimeInterval_Second, 1))"),
        ),
    ],
    "unattainable-percentage": [
        (
            load(f"avg($PendingTasks.GetSample({FIVE}, 101))"),
            load(f"avg($PendingTasks.GetSample({FIVE}, 100))"),
        ),
        (
            load(f"avg($PendingTasks.GetSample(time() + {FIVE}, 1))"),
            load("avg($PendingTasks.GetSample(TimeInterval_Minute, 1))"),
        ),
    ],
    "undocumented-function": [
        (load("ceil($CurrentDedicatedNodes / 3)"), load("$CurrentDedicatedNodes / 3")),
        (load("round(1.5)"), load("lg(8)")),
        (load("floor(1.5)"), load("log(8)")),
    ],
    "unreachable": [
        ("$TargetDedicatedNodes = 1; stop(); x = 1;", "$TargetDedicatedNodes = 1; stop();"),
    ],
}
TASKS = "max(0, $PendingTasks.GetSample(1))"


def codes(text: str) -> set[str]:
    """List the codes of all findings."""
    return {finding.code for finding in Review.of(text.replace("{}", TASKS)).findings}


@pytest.mark.parametrize(
    ("code", "doubtful", "fine"),
    [
        pytest.param(code, *pair, id=f"{code}-{number}")
        for code, pairs in CASES.items()
        for number, pair in enumerate(pairs)
    ],
)
def test_a_warning_is_given_where_it_is_deserved_only(code, doubtful, fine) -> None:
    """Of two nearly equal formulas, one has the problem and the other has not."""
    assert code in codes(doubtful)
    assert code not in codes(fine)


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (THREE, "a window of 180 s is at most 67 % full if samples come 60 s late"),
        ("60 * TimeInterval_Second", "a window of 60 s holds no sample if samples come 60 s late"),
        ("0 * TimeInterval_Second", "a window of 0 s never holds a sample"),
        (
            "0.5 * TimeInterval_Minute, 2 * TimeInterval_Minute",
            "a window from 120 s to 30 s ago is at most 67 % full if samples come 60 s late",
        ),
    ],
)
def test_the_fullness_of_a_window_is_told_with_the_lag_it_depends_on(window, message) -> None:
    """Live pools have had complete windows of three minutes, so only what holds without lag is certain."""
    text = f"$TargetDedicatedNodes = $PendingTasks.GetSamplePercent({window}) > 0 ? 1 : 0;"
    assert [one.message for one in Review.of(text).findings if one.code == "short-window"] == [message]


def test_every_warning_has_cases_and_a_reason() -> None:
    """Each warning explains itself and is tested."""
    assert set(CASES) == set(WHY)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("spot", [0, 30, 50, 100])
@pytest.mark.parametrize("least", [0, 1, 8])
def test_the_formulas_we_write_are_clean(family, spot, least) -> None:
    """What the lab offers passes its own review."""
    settled = family.settled({"min": least, "spot": spot, "slots": 2, "keep_warm": 20})
    assert Review.of(family.formula(settled)).findings == ()


@pytest.mark.parametrize(
    ("text", "code", "place", "detail"),
    [
        pytest.param(
            "$TargetDedicatedNodes = 1 +;",
            "AutoScalingFormulaSyntaxError",
            (1, 28),
            "a value is expected",
            id="syntax",
        ),
        pytest.param(
            "\n $TargetDedicated = foo;",
            "AutoScalingFormulaSyntaxError",
            (2, 21),
            "unknown variable foo",
            id="name",
        ),
        pytest.param(
            f"x = 1;{' ' * 8192}",
            "AutoScalingFormulaTooLong",
            (1, 8193),
            "at most 8192 characters",
            id="length",
        ),
        pytest.param(
            "x = time() - TimeInterval_Day;", "evaluation", (1, 12), "add -1 * the interval", id="operator"
        ),
        pytest.param("x = 1 / 0;", "evaluation", (1, 7), "division by zero", id="division"),
        pytest.param(
            'x = 1; x = max("a", 1);',
            "evaluation",
            (1, 12),
            "a value of the list is a double or doubleVec",
            id="list",
        ),
        pytest.param(
            "$TargetDedicated = $PendingTasks.GetSample(1);",
            "evaluation",
            (1, 1),
            "is a double, not a doubleVec",
            id="target",
        ),
        pytest.param(
            "$NodeDeallocationOption = 1;",
            "evaluation",
            (1, 1),
            "deallocation option, not a double",
            id="option",
        ),
        pytest.param("x = time() ? 1 : 2;", "evaluation", (1, 12), "a condition is a double", id="condition"),
        pytest.param(
            "x = $PendingTasks.GetSamplePercent(5);", "evaluation", (1, 35), "a window is bounded", id="bound"
        ),
        pytest.param(
            "x = $PendingTasks.GetSample(5, 60);",
            "evaluation",
            (1, 28),
            "a count of samples stands alone",
            id="count",
        ),
        pytest.param(
            "y = 1; x = y.hour;", "evaluation", (1, 14), "is a timestamp, not a double", id="member"
        ),
        pytest.param("x = -time();", "evaluation", (1, 5), "- timestamp is not defined", id="prefix"),
        pytest.param('x = time("soon");', "evaluation", (1, 5), "neither in W3C-DTF", id="date"),
        pytest.param("x = ln(0);", "evaluation", (1, 5), "a number above 0", id="logarithm"),
        pytest.param(
            "x = val(1, 0);", "evaluation", (1, 5), "the first argument is a doubleVec", id="element"
        ),
    ],
)
def test_an_error_is_told_with_its_place(text, code, place, detail) -> None:
    """What the service refuses, or can never evaluate, is an error with a caret."""
    (error,) = Review.of(text).errors
    assert (error.code, error.severity) == (code, Severity.ERROR)
    assert error.place is not None
    assert (error.place.line, error.place.column) == place
    assert detail in error.message


def test_one_mistake_is_told_once() -> None:
    """An expression with a faulty part is not reported as well."""
    review = Review.of("x = time() * 2; y = x + 1; z = max(y, 1) - y; $TargetDedicatedNodes = z ? y : x;")
    assert len(review.errors) == 1
    assert review.warnings == ()


@pytest.mark.parametrize(
    ("interval", "is_fine"),
    [("4m59s", False), ("5m", True), ("168h", True), ("169h", False)],
)
def test_the_evaluation_interval_has_bounds(interval, is_fine) -> None:
    """The service accepts 5 minutes to 168 hours."""
    review = Review.of("$TargetDedicatedNodes = 1;", interval=parse_span(interval))
    assert (review.errors == ()) is is_fine


def test_findings_come_in_the_order_of_the_text() -> None:
    """People read from the top."""
    review = Review.of("a = 1;\nb = $PendingTasks;\n$TargetDedicatedNodes = b;", interval=timedelta(0))
    lines = [0 if finding.place is None else finding.place.line for finding in review.findings]
    assert lines == sorted(lines) == [0, 1, 2, 3, 3]
