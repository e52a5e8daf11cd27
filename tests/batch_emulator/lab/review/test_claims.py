"""What the review calls certain, checked against evaluations of random formulas with any lag of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given

from azure_batch_emulator.autoscale import EvaluationError, Formula
from azure_batch_emulator.autoscale.evaluator import Evaluator
from azure_batch_emulator.autoscale.samples import LAG
from azure_batch_emulator.autoscale.scope import Scope
from azure_batch_emulator.autoscale.source import Source
from azure_batch_emulator.autoscale.tree import SampleCall
from azure_batch_lab.review.inference import Inference
from tests.batch_emulator.lab.review.formulas import FORMULAS, surroundings

if TYPE_CHECKING:
    from azure_batch_emulator.autoscale import Surroundings
    from azure_batch_emulator.autoscale.tree import Expression
    from azure_batch_emulator.autoscale.values import Value
    from azure_batch_lab.review.fact import Fact


class Witness(Evaluator):
    """Records the value of every expression."""

    def __init__(self, source: Source, scope: Scope) -> None:
        super().__init__(source, scope)
        self.seen: list[tuple[Expression, Value]] = []

    def value(self, node: Expression) -> Value:
        """Evaluate, and record the value."""
        value = super().value(node)
        self.seen.append((node, value))
        return value


def contradicts(fact: Fact, value: Value) -> bool:
    """Whether the review called a value impossible."""
    if not fact.kinds:
        return False
    if type(value) not in fact.kinds or (value == () and not fact.may_be_empty):
        return True
    numbers = value if isinstance(value, tuple) else (value,) if isinstance(value, float) else ()
    # An average of equal numbers may be off by a bit.
    slack = [1e-9 * max(1.0, abs(number)) for number in numbers]
    return any(
        not fact.low - some <= number <= fact.high + some for number, some in zip(numbers, slack, strict=True)
    )


def check(inference: Inference, text: str, around: Surroundings) -> None:
    """Review and evaluate a formula, and compare the claims about each expression with its value."""
    formula = Formula.parse(text)
    inference.run(formula.script)
    witness = Witness(Source(text), Scope(around))
    try:
        witness.run(formula.script)
        is_over = True
    except EvaluationError:
        is_over = False
    hopeless = {at for at, code, _ in inference.remarks.warnings if code == "unattainable-percentage"}
    doomed = [value for node, value in witness.seen if not inference.found(node).kinds]
    # Nothing fails on a vector of nothing: dividing it by 0 is an error all the same, as it seldom is one.
    assert not is_over or not doomed or doomed[0] == ()
    for node, value in witness.seen:
        fact = inference.found(node)
        assert not contradicts(fact, value), (node, value, fact)
        assert not (isinstance(node, SampleCall) and node.at in hopeless), node


@given(FORMULAS, surroundings())
def test_what_is_certain_is_true_however_late_samples_come(text: str, around: Surroundings) -> None:
    """What is "always" so is, no window is fuller than its bound, and nothing hopeless succeeds."""
    check(Inference(), text, around)


@given(FORMULAS, surroundings(least_lag=LAG.seconds))
def test_what_is_certain_of_late_samples_is_true_of_later_ones(text: str, around: Surroundings) -> None:
    """A claim for samples that come 60 s late also holds if they come later."""
    check(Inference(lag=LAG), text, around)
