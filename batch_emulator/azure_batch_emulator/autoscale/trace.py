"""How a formula came to its answer: every expression that was evaluated, with what it was worth.

What was not evaluated, as the other branch of ``? :``, is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.errors import EvaluationError
from azure_batch_emulator.autoscale.evaluator import Evaluator
from azure_batch_emulator.autoscale.printer import expressed
from azure_batch_emulator.autoscale.times import TIME_CONSTANTS
from azure_batch_emulator.autoscale.tree import Name, Number, Text
from azure_batch_emulator.autoscale.values import Deallocation, shown

if TYPE_CHECKING:
    from azure_batch_emulator.autoscale.scope import Evaluation, Scope
    from azure_batch_emulator.autoscale.source import Source
    from azure_batch_emulator.autoscale.tree import Assignment, Expression, Script
    from azure_batch_emulator.autoscale.values import Value


_WORDS = frozenset({*TIME_CONSTANTS, *(option.value for option in Deallocation)})


@dataclass(slots=True)
class Step:
    """An assignment or an expression: its text, what it was worth, and what that was made of."""

    text: str
    value: str | None
    """In the service's form; None where the evaluation ended in an error."""
    parts: list[Step]
    """In the order of evaluation; literals and words are left out."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An evaluation with its steps; there is an outcome or an error."""

    steps: tuple[Step, ...]
    """The assignments that were carried out."""
    evaluation: Evaluation | None
    error: EvaluationError | None


def explain(script: Script, source: Source, scope: Scope) -> Explanation:
    """Carry out the statements and note every step."""
    tracer = _Tracer(source, scope)
    try:
        tracer.run(script)
    except EvaluationError as error:
        return Explanation(tuple(tracer.steps), None, error)
    return Explanation(tuple(tracer.steps), scope.outcome(), None)


class _Tracer(Evaluator):
    def __init__(self, source: Source, scope: Scope) -> None:
        super().__init__(source, scope)
        self.steps: list[Step] = []
        self._open = self.steps
        self._whole: Expression | None = None

    def assign(self, assignment: Assignment) -> None:
        self._open = self.steps
        text = expressed(assignment.value)
        if _says_all(assignment.value):
            self._enter(assignment.name).value = text
        else:
            # Its own line tells the value of the whole expression, which has no line below it.
            self._whole = assignment.value
            self._enter(f"{assignment.name} = {text}")
        super().assign(assignment)

    def value(self, node: Expression) -> Value:
        if _says_all(node):
            return super().value(node)
        if node is self._whole:
            value = super().value(node)
            self.steps[-1].value = shown(value)
            return value
        outer = self._open
        step = self._enter(expressed(node))
        value = super().value(node)
        step.value = shown(value)
        self._open = outer
        return value

    def _enter(self, text: str) -> Step:
        step = Step(text, None, [])
        self._open.append(step)
        self._open = step.parts
        return step


def _says_all(node: Expression) -> bool:
    if isinstance(node, Name):
        return node.name in _WORDS
    return isinstance(node, Number | Text)
