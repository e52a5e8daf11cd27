"""Properties of every review, tried on random formulas."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from azure_batch_emulator.autoscale import (
    EvaluationError,
    Formula,
    FormulaSyntaxError,
    Surroundings,
)
from azure_batch_lab.review import Review
from azure_batch_lab.review.inference import Inference
from azure_batch_lab.review.vocabulary import LARGEST
from tests.batch_emulator.lab.review.formulas import (
    FORMULAS,
    LEAVES,
    NAMES,
    VARIABLES,
    VECTORS,
    compound,
    surroundings,
)


@given(FORMULAS, surroundings())
def test_what_is_told_of_values_is_true(text: str, around: Surroundings) -> None:
    """No value lies outside the range that the review found."""
    formula = Formula.parse(text)
    inference = Inference(present=(0, LARGEST))
    inference.run(formula.script)
    try:
        results = formula.evaluate(around).results
    except EvaluationError:
        return
    assert all("defined" not in detail and "is a " not in detail for _, detail in inference.remarks.errors)
    for name, value in (pair.split("=") for pair in results.split(";")):
        known = inference.variables.get(name)
        if known is not None and name in {"a", "b"} and known.fact.kinds:
            slack = 1e-9 * max(1.0, abs(float(value)))  # an average of equal numbers may be off by a bit
            assert known.fact.low - slack <= float(value) <= known.fact.high + slack, (name, value)
            # A division that rounds up when it is cut off counts as whole, though it is not yet.
            whole = known.fact.fraction is None and "/" not in text
            assert not whole or float(value).is_integer(), (name, value)


@given(FORMULAS, surroundings())
def test_a_formula_without_an_error_has_its_types_right(text: str, around: Surroundings) -> None:
    """It can only fail for missing samples or impossible numbers."""
    assert all("is not defined" not in finding.message for finding in Review.of(text).errors)
    assert "is not defined" not in failure(text, around)


WEEKDAY = "time().weekday"
CALENDAR = st.recursive(
    st.sampled_from([WEEKDAY, WEEKDAY, "0", "1", "5", "6", "7", "2.5", "a", "time().hour"]),
    lambda parts: st.one_of(
        st.builds(
            "({} {} {})".format,
            parts,
            st.sampled_from(["<", "<=", "==", "!=", ">", ">=", "&&", "||", "+", "*", "/"]),
            parts,
        ),
        st.builds("({} ? {} : {})".format, parts, parts, parts),
        st.builds("!{}".format, parts),
        st.builds("-{}".format, parts),
        st.builds("max({}, {})".format, parts, parts),
    ),
    max_leaves=8,
)
SUNDAY = datetime(2026, 3, 8, 10, tzinfo=UTC)


@given(CALENDAR, CALENDAR)
def test_a_formula_that_is_not_warned_of_sundays_has_one_answer_on_them(first: str, second: str) -> None:
    """Without a warning, it makes no difference whether Sunday is 0 or 7."""
    text = f"a = 1; a = {first}; $TargetDedicatedNodes = a + ({second});"
    answers = []
    for number in ("0", "7"):
        formula = Formula.parse(text.replace(WEEKDAY, number))
        try:
            answers.append(formula.evaluate(Surroundings(now=SUNDAY)).target_dedicated)
        except EvaluationError:
            return
    review = Review.of(text)
    told = any(finding.code == "sunday" for finding in review.findings)
    assert told or review.errors or answers[0] == answers[1]


def failure(text: str, around: Surroundings) -> str:
    """Tell why an evaluation fails; nothing if it does not."""
    try:
        Formula.parse(text).evaluate(around)
    except EvaluationError as error:
        return error.detail
    return ""


PIECES = [
    "a",
    "$b",
    "=",
    ";",
    "1",
    "0.5",
    "(",
    ")",
    ",",
    ".",
    "?",
    ":",
    "+",
    "-",
    "*",
    "/",
    "<",
    "!",
    "&&",
    "||",
]
WORDS = [
    "max",
    "time",
    "stop()",
    "hour",
    "$PendingTasks",
    "GetSample(",
    "TimeInterval_Day",
    "requeue",
    '"2026"',
    "\n",
    "€",
]
MIXED = st.recursive(
    st.one_of(
        LEAVES,
        VECTORS,
        st.sampled_from(['"x"', '"2026"', "requeue", "TimeInterval_Day", "time()", "TimeInterval_Year"]),
    ),
    lambda parts: st.one_of(
        compound(parts),
        st.builds("time({})".format, parts),
        st.builds("{}.GetSample({}, {})".format, st.sampled_from(VARIABLES), parts, parts),
        st.builds("{}.GetSamplePercent({})".format, st.sampled_from(VARIABLES), parts),
    ),
    max_leaves=8,
)


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from([*PIECES, *WORDS]), max_size=40).map(" ".join),
        st.lists(st.builds("{} = {}".format, NAMES, MIXED), min_size=1, max_size=4).map("; ".join),
    )
)
def test_a_review_never_fails(text: str) -> None:
    """Any text gets a review, with a syntax error if it has one, and with places inside the text."""
    review = Review.of(text)
    assert bool(syntax_error(text)) is any(one.code == syntax_error(text) for one in review.errors)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for finding in review.findings:
        assert finding.place is not None
        assert lines[finding.place.line - 1] == finding.place.source_line
        assert 1 <= finding.place.column <= len(finding.place.source_line) + 1
        assert finding.why


def syntax_error(text: str) -> str:
    """Tell the code of what the language refuses; nothing if it refuses nothing."""
    try:
        Formula.parse(text)
    except FormulaSyntaxError as error:
        return error.code
    return ""


def test_deep_formulas_are_reviewed() -> None:
    """The deepest readable formula neither exhausts the stack nor takes long."""
    for depth in range(100, 0, -1):
        text = f"a = {'(1 < ' * depth}2{' ? 3 : 4)' * depth};"
        if not syntax_error(text):
            assert Review.of(text).errors == ()
            assert Review.of(f"a = {'-' * depth}1;").errors == ()
            return
