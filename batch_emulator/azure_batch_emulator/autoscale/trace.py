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

    def assign(self, assignment: Assignment) -> None:
        step = self._enter(assignment.name)
        super().assign(assignment)
        self._open = self.steps
        # The variable has the value of its expression, which need not be written twice.
        if step.parts and step.parts[-1].text == expressed(assignment.value):
            whole = step.parts.pop()
            step.text, step.value = f"{assignment.name} = {whole.text}", whole.value
            step.parts = whole.parts
        else:
            step.value = expressed(assignment.value)

    def value(self, node: Expression) -> Value:
        if _says_all(node):
            return super().value(node)
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
