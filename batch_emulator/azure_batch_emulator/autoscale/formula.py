"""A formula: read once, evaluated as often as wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.checker import check
from azure_batch_emulator.autoscale.errors import TOO_LONG, FormulaSyntaxError
from azure_batch_emulator.autoscale.evaluator import evaluate
from azure_batch_emulator.autoscale.parser import parse
from azure_batch_emulator.autoscale.scope import Scope
from azure_batch_emulator.autoscale.source import Source
from azure_batch_emulator.autoscale.trace import explain

if TYPE_CHECKING:
    from azure_batch_emulator.autoscale.scope import Evaluation, Surroundings
    from azure_batch_emulator.autoscale.trace import Explanation
    from azure_batch_emulator.autoscale.tree import Script

LONGEST_FORMULA = 8192
"""Characters."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A text that was found to be a formula."""

    text: str
    script: Script = field(repr=False)
    """The text as a tree."""

    @classmethod
    def parse(cls, text: str) -> Formula:
        """Read a formula and check all that can be checked without samples.

        :raises FormulaSyntaxError: if it is too long, cannot be read, or uses a name nobody knows
        """
        if len(text) > LONGEST_FORMULA:
            place = Source(text).place(LONGEST_FORMULA)
            detail = f"a formula has at most {LONGEST_FORMULA} characters, not {len(text)}"
            raise FormulaSyntaxError(TOO_LONG, detail, place)
        source = Source(text)
        script = parse(source)
        check(script, source)
        return cls(text, script)

    def evaluate(self, surroundings: Surroundings) -> Evaluation:
        """Tell what the formula wants in these surroundings.

        :raises EvaluationError: if it has no answer; the pool is to stay as it is
        """
        scope = Scope(surroundings)
        evaluate(self.script, Source(self.text), scope)
        return scope.outcome()

    def explain(self, surroundings: Surroundings) -> Explanation:
        """Evaluate it and tell how it came to its answer, or to its error."""
        return explain(self.script, Source(self.text), Scope(surroundings))
