"""Errors: facts for programs, a drawing for people."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

import pytest

from azure_batch_emulator.autoscale import (
    EvaluationError,
    Formula,
    FormulaError,
    FormulaSyntaxError,
    Surroundings,
)

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)


def the_error(text: str) -> FormulaError:
    """Return the error of a formula."""
    with pytest.raises(FormulaError) as failure:
        Formula.parse(text).evaluate(Surroundings(now=NOW))
    return failure.value


def test_tree_has_one_root() -> None:
    """Catching the root catches both kinds of errors, and nothing else."""
    assert issubclass(FormulaSyntaxError, FormulaError)
    assert issubclass(EvaluationError, FormulaError)
    assert not issubclass(EvaluationError, FormulaSyntaxError)


def test_error_carries_facts() -> None:
    """Code, place and values are attributes, so nobody needs to parse the sentence."""
    error = the_error(
        "// sized by load\n$TargetDedicatedNodes = avg($CPUPercent.GetSample(TimeInterval_Hour, 10));"
    )
    assert error.code == "InsufficientSampleData"
    assert error.message == "Autoscale evaluation failed due to insufficient sample data"
    assert (error.line, error.column) == (2, 50)
    assert error.source_line.startswith("$TargetDedicatedNodes = avg(")
    assert error.values == (
        ("Message", "Line 2, Col 50: Insufficient data from data set: $CPUPercent wanted 10%, received 0%"),
    )


def test_column_of_insufficient_data_is_the_services() -> None:
    """The column is that of the parenthesis, as in a message of the live service about such a ninth line."""
    lines = ["a = 1;"] * 8 + ["samplevecavg = avg($PendingTasks.GetSample(TimeInterval_Hour, 70));"]
    found = dict(the_error("\n".join(lines)).values)["Message"]
    assert found == "Line 9, Col 43: Insufficient data from data set: $PendingTasks wanted 70%, received 0%"


def test_error_is_drawn() -> None:
    """An error shows its sentence, its place, and its line with a caret under the column."""
    assert str(the_error("a = 1;\nb = a + foo;\nc = 2;")).splitlines() == [
        "The specified auto-scaling formula has a syntax error.",
        "Line 2, Col 9: unknown variable foo",
        "b = a + foo;",
        "        ^",
    ]


def test_caret_stays_under_its_column_behind_tabs() -> None:
    """Tabs of the line are repeated before the caret."""
    assert str(the_error("\ta =\tfoo;")).splitlines()[2:] == ["\ta =\tfoo;", "\t   \t^"]


def test_caret_at_the_end_stands_behind_the_last_character() -> None:
    """For a text that ends too early, the caret follows its last character."""
    assert str(the_error("a = 1 +")).splitlines()[2:] == ["a = 1 +", "       ^"]


def test_long_line_is_drawn_in_part() -> None:
    """Of a line of thousands of characters, only the part around the caret is shown."""
    error = the_error("a = 1" + " + 1" * 1500 + " + foo" + " + 1" * 400)
    *_, line, caret = str(error).splitlines()
    assert len(line) <= 120
    assert line[caret.index("^") :].startswith("foo")
    assert error.source_line[error.column - 1 :].startswith("foo")


@pytest.mark.parametrize(
    "text", ["a = foo;", "a = 1 / 0;", "x" * 9000], ids=["syntax", "evaluation", "length"]
)
@pytest.mark.parametrize(
    "duplicate",
    [lambda error: pickle.loads(pickle.dumps(error)), copy.copy],  # noqa: S301 - our own bytes
    ids=["pickled", "copied"],
)
def test_error_survives(text: str, duplicate: type) -> None:
    """An error that crosses processes keeps its class and all its facts."""
    error = the_error(text)
    again = duplicate(error)
    assert type(again) is type(error)
    assert (again.code, again.message, again.place, again.values, str(again)) == (
        error.code,
        error.message,
        error.place,
        error.values,
        str(error),
    )
