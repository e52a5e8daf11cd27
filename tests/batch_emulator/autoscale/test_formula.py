"""The package as users see it: what it guarantees for every formula."""

from __future__ import annotations

import ast
import pickle
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import azure_batch_emulator.autoscale
from azure_batch_emulator.autoscale import (
    EvaluationError,
    Formula,
    FormulaSyntaxError,
    SampleSeries,
    Surroundings,
)

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
AROUND = Surroundings(now=NOW)
LIMIT = 8192


def dedicated(text: str, around: Surroundings = AROUND) -> int:
    """Return the target that a formula gives."""
    return Formula.parse(text).evaluate(around).target_dedicated


def test_formula_is_evaluated_again_without_memory() -> None:
    """Variables do not survive from one evaluation to the next."""
    formula = Formula.parse("a = $TargetDedicatedNodes; $TargetDedicatedNodes = a + 1;")
    assert [formula.evaluate(AROUND).target_dedicated for _ in range(2)] == [1, 1]
    assert formula.evaluate(replace(AROUND, target_dedicated=7)).target_dedicated == 8


def test_same_moment_gives_the_same_random_number() -> None:
    """An evaluation is a pure function of its inputs, random numbers included."""
    formula = Formula.parse("$TargetDedicatedNodes = rand() * 1000000;")
    later = replace(AROUND, now=NOW + timedelta(seconds=1))
    assert formula.evaluate(AROUND) == formula.evaluate(AROUND) != formula.evaluate(later)


def test_series_may_grow_between_evaluations() -> None:
    """The same formula sees samples that were added since."""
    series, formula = (
        SampleSeries(),
        Formula.parse("$TargetDedicatedNodes = max($PendingTasks.GetSample(1));"),
    )
    around = replace(AROUND, samples={"$PendingTasks": series})
    assert formula.evaluate(around).target_dedicated == 0
    series.append(NOW - timedelta(minutes=1), 5)
    assert formula.evaluate(around).target_dedicated == 5


def test_integers_are_taken_for_numbers() -> None:
    """A count may be an int."""
    assert (
        dedicated(
            "$TargetDedicatedNodes = $TaskSlotsPerNode / 2;",
            replace(AROUND, numbers={"$TaskSlotsPerNode": 4}),
        )
        == 2
    )


def test_number_that_is_none_is_an_evaluation_error() -> None:
    """Infinity in the inputs is an error at the place that reads it."""
    around = replace(AROUND, numbers={"$CurrentDedicatedNodes": float("inf")})
    with pytest.raises(EvaluationError) as failure:
        dedicated("a = 1 + $CurrentDedicatedNodes;", around)
    assert failure.value.column == 9


def test_present_option_is_kept() -> None:
    """An option that no statement assigns keeps its value."""
    evaluation = Formula.parse("a = 1;").evaluate(replace(AROUND, deallocation_option="retaineddata"))
    assert evaluation.deallocation_option == "retaineddata"


@pytest.mark.parametrize(
    "wrong",
    [
        {"now": NOW.replace(tzinfo=None)},
        {"now": NOW.astimezone(timezone(timedelta(hours=1)))},
        {"now": NOW, "deallocation_option": "reboot"},
    ],
    ids=["without zone", "not UTC", "no option"],
)
def test_senseless_surroundings_are_refused(wrong: dict[str, object]) -> None:
    """Inputs that no evaluation could use are a caller's mistake."""
    with pytest.raises(ValueError, match=r"UTC|reboot"):
        Surroundings(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_formula_survives_pickling() -> None:
    """A parsed formula can be stored with its pool."""
    formula = Formula.parse("$TargetDedicatedNodes = max(1, 2) > 1 ? 3 : -4;")
    again = pickle.loads(pickle.dumps(formula))  # noqa: S301 - our own bytes
    assert again == formula
    assert again.evaluate(AROUND) == formula.evaluate(AROUND)


@pytest.mark.parametrize("piece", ["a", "(", "1+", "// ", "\n", ";", '"', "\x00", "é", "a = 1;"])
def test_text_of_64_kib_is_refused_unread(piece: str) -> None:
    """A text over the limit is refused for its length, whatever it contains."""
    with pytest.raises(FormulaSyntaxError) as failure:
        Formula.parse(piece * (65536 // len(piece)))
    assert failure.value.code == "AutoScalingFormulaTooLong"


DEEP = {
    "parentheses": "a = " + "(" * 4000 + "1" + ")" * 4000,
    "parentheses not closed": "a = " + "(" * 8000,
    "signs": "a = " + "-" * 8000 + "1",
    "nots": "a = " + "!" * 8000 + "1",
    "calls": "a = " + "max(" * 1600 + "1" + ")" * 1600,
    "methods": "a = " + "$PendingTasks.GetSample(" * 340,
    "choices within": "a = " + "1?" * 2000 + "1" + ":1" * 2000,
    "every level": "a = " + "0||1&&1==1<1+1*(" * 400 + "1" + ")" * 400,
    "sums on the right": "a = " + "1+(" * 2000 + "1" + ")" * 2000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_deep_nesting_is_a_syntax_error(text: str) -> None:
    """Nesting that would exhaust Python's stack is refused with its place."""
    with pytest.raises(FormulaSyntaxError) as failure:
        Formula.parse(text)
    assert "nested too deeply" in failure.value.detail
    assert 1 < failure.value.column < 2600


WIDE = {
    "sum": ("1" + "+1" * 4000, 4001),
    "difference": ("8000" + "-1" * 4000, 4000),
    "or": ("0" + "||0" * 2500 + "||1", 1),
    "choices in a row": ("0?1:" * 2000 + "5", 5),
    "arguments": ("len(1" + ",1" * 4000 + ")", 4001),
    "groups side by side": ("(1)" + "+(1)" * 2000, 2001),
    "comments": ("1" + "//\n" * 2700, 1),
}


@pytest.mark.parametrize(("expression", "target"), WIDE.values(), ids=WIDE.keys())
def test_width_is_not_depth(expression: str, target: int) -> None:
    """Any number of terms side by side is evaluated, up to the size limit of a formula."""
    text = f"$TargetDedicatedNodes = {expression}"
    assert len(text) <= LIMIT
    assert dedicated(text) == target


DEEPEST = {
    "parentheses": "(" * 49 + "3" + ")" * 49,
    "signs": "-" * 98 + "3",
    "calls": "max(1," * 49 + "3" + ")" * 49,
    "choices": "0?1:(1?" * 30 + "3" + ":2)" * 30,
}


@pytest.mark.parametrize("expression", DEEPEST.values(), ids=DEEPEST.keys())
def test_allowed_depth_needs_little_stack(expression: str) -> None:
    """The deepest allowed formula leaves the caller more than half of Python's stack."""
    limit, depth = sys.getrecursionlimit(), _depth()
    sys.setrecursionlimit(depth + 480)
    try:
        assert dedicated(f"$TargetDedicatedNodes = {expression}") == 3
    finally:
        sys.setrecursionlimit(limit)


def _depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


def test_vector_cannot_be_doubled_for_ever() -> None:
    """A hundred statements that each double a vector end in an error before memory runs out."""
    with pytest.raises(EvaluationError, match="more than 10,000 values"):
        dedicated("v = vec(1, 1);" + "v = vec(v, v, v, v, v, v, v, v, v, v);" * 99)


def test_package_is_pure() -> None:
    """It imports only side-effect-free parts of the standard library, and nothing else of the emulator."""
    folder = Path(azure_batch_emulator.autoscale.__file__).parent
    imported = {name for path in folder.glob("*.py") for name in _imports(path)}
    outside = {name for name in imported if not name.startswith("azure_batch_emulator.autoscale")}
    assert outside <= {
        "__future__",
        "bisect",
        "collections.abc",
        "contextlib",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "html",
        "math",
        "operator",
        "random",
        "re",
        "typing",
        "unicodedata",
    }


def test_package_reads_no_clock() -> None:
    """No module asks the computer for the time."""
    folder = Path(azure_batch_emulator.autoscale.__file__).parent
    for path in folder.glob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        called = {
            node.func.attr
            for node in nodes
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not called & {"now", "utcnow", "today"}, path.name


def _imports(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
