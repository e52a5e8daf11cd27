"""How a formula got its result: recording the steps changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from azure_batch_emulator.autoscale import Formula, Surroundings

AROUND = Surroundings(now=datetime(2026, 3, 4, 10, tzinfo=UTC), numbers={"$CurrentDedicatedNodes": 5.0})


def test_an_explanation_comes_to_what_the_evaluation_does() -> None:
    """It gives the same targets and the same result string."""
    formula = Formula.parse("a = $CurrentDedicatedNodes / 2 + rand(); $TargetDedicatedNodes = a > 1 ? 7 : a;")
    explanation = formula.explain(AROUND)
    assert explanation.evaluation == formula.evaluate(AROUND)
    assert explanation.error is None


def test_steps_hold_what_was_evaluated_in_its_order() -> None:
    """Short-circuited operands and branches not taken leave no step."""
    (step,) = Formula.parse("a = 1 > 2 && time().hour > 3 ? 4 + 5 : 6 * 7;").explain(AROUND).steps
    assert (step.text, step.value) == ("a = 1 > 2 && time().hour > 3 ? 4 + 5 : 6 * 7", "42")
    assert [part.text for part in step.parts] == ["1 > 2 && time().hour > 3", "6 * 7"]
    assert [part.text for part in step.parts[0].parts] == ["1 > 2"]


def test_an_error_ends_the_steps_where_it_happened() -> None:
    """The failed expression has no value, and later ones are missing."""
    explanation = Formula.parse("a = 2; b = (a + 1) / (a - 2); c = 1;").explain(AROUND)
    assert [(step.text, step.value) for step in explanation.steps] == [
        ("a", "2"),
        ("b = (a + 1) / (a - 2)", None),
    ]
    assert [part.value for part in explanation.steps[1].parts] == ["3", "0"]
    assert explanation.evaluation is None
    assert explanation.error is not None
    assert explanation.error.detail == "division by zero"


def test_a_value_that_its_name_does_not_take_is_an_error_of_the_last_step() -> None:
    """The expression has a value that its target refuses."""
    explanation = Formula.parse("$TargetDedicatedNodes = time() + TimeInterval_Day;").explain(AROUND)
    assert explanation.steps[0].value == "2026-03-05T10:00:00.000Z"
    assert explanation.error is not None
    assert "is a double, not a timestamp" in explanation.error.detail


def test_statements_behind_a_stop_leave_no_step() -> None:
    """Words and literals are shown by name."""
    explanation = Formula.parse("$NodeDeallocationOption = taskcompletion; stop(); a = 1;").explain(AROUND)
    assert [(step.text, step.value, step.parts) for step in explanation.steps] == [
        ("$NodeDeallocationOption", "taskcompletion", [])
    ]
