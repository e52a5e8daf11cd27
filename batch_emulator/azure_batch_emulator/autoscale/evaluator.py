"""Tree to value: what each expression is worth in given surroundings.

Lazy where it matters: of ``? :`` only the chosen branch is evaluated, and ``&&`` and ``||`` stop as
soon as they know. The documented idiom ``percent < 70 ? max(0, ...) : avg(X.GetSample(...))`` makes
sense in no other way.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from azure_batch_emulator.autoscale.errors import EvaluationError, Fault
from azure_batch_emulator.autoscale.functions import FUNCTIONS
from azure_batch_emulator.autoscale.methods import METHODS
from azure_batch_emulator.autoscale.operators import combined, prefixed
from azure_batch_emulator.autoscale.times import Timestamp
from azure_batch_emulator.autoscale.tree import (
    Call,
    Chain,
    Choice,
    Expression,
    Member,
    Name,
    Number,
    Prefix,
    SampleCall,
    Stop,
    Text,
)
from azure_batch_emulator.autoscale.values import double, kind, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure_batch_emulator.autoscale.scope import Scope
    from azure_batch_emulator.autoscale.source import Source
    from azure_batch_emulator.autoscale.tree import Assignment, Link, Script
    from azure_batch_emulator.autoscale.values import Value

_LAZY = {"&&": False, "||": True}
"""The lazy operators, and the answer at which each of them stops."""


def evaluate(script: Script, source: Source, scope: Scope) -> None:
    """Carry out the statements; what they assign is in the scope afterwards.

    :raises EvaluationError: at the first expression that has no value
    """
    Evaluator(source, scope).run(script)


class Evaluator:
    """Carries out statements in one scope."""

    def __init__(self, source: Source, scope: Scope) -> None:
        self._source = source
        self._scope = scope

    def run(self, script: Script) -> None:
        """Carry out the statements, up to the first ``stop()``.

        :raises EvaluationError: at the first expression that has no value
        """
        for statement in script.statements:
            if isinstance(statement, Stop):
                return
            self.assign(statement)

    def assign(self, assignment: Assignment) -> None:
        """Carry out one assignment.

        :raises EvaluationError: if its expression has no value, or the name does not take it
        """
        value = self.value(assignment.value)
        with self._blaming(assignment.at):
            self._scope.assign(assignment.name, value)

    @contextmanager
    def _blaming(self, at: int) -> Iterator[None]:
        try:
            yield
        except Fault as fault:
            raise EvaluationError(fault.code, fault.detail, self._source.place(at)) from None

    def value(self, node: Expression) -> Value:
        """Tell what an expression is worth.

        :raises EvaluationError: if it is worth nothing
        """
        return self._visits[type(node)](self, node)

    def _literal(self, node: Number | Text) -> Value:
        return node.value

    def _name(self, node: Name) -> Value:
        with self._blaming(node.at):
            return self._scope.read(node.name)

    def _call(self, node: Call) -> Value:
        arguments = tuple(map(self.value, node.arguments))
        with self._blaming(node.at):
            return FUNCTIONS[node.function](arguments, self._scope.world)

    def _sample_call(self, node: SampleCall) -> Value:
        arguments = tuple(map(self.value, node.arguments))
        # Where the columns in messages of the live service point, as far as their formulas are known.
        with self._blaming(node.opened):
            return METHODS[node.method].body(self._scope.metric(node.variable), arguments)

    def _member(self, node: Member) -> Value:
        of = self.value(node.of)
        with self._blaming(node.at):
            if not isinstance(of, Timestamp):
                raise Fault(f"a {kind(of)} has no members")
            return of.member(node.member)

    def _prefix(self, node: Prefix) -> Value:
        value = self.value(node.operand)
        with self._blaming(node.at):
            return prefixed(node.operator, value)

    def _chain(self, node: Chain) -> Value:
        value = self.value(node.first)
        for link in node.links:
            value = self._linked(value, link)
        return value

    def _linked(self, left: Value, link: Link) -> Value:
        if link.operator in _LAZY:
            return self._lazily(left, link)
        right = self.value(link.operand)
        with self._blaming(link.at):
            return combined(left, link.operator, right)

    def _lazily(self, left: Value, link: Link) -> Value:
        known = self._holds(left, link.at)
        if known is _LAZY[link.operator]:
            return truth(holds=known)
        return truth(holds=self._holds(self.value(link.operand), link.at))

    def _choice(self, node: Choice) -> Value:
        for case in node.cases:
            if self._holds(self.value(case.condition), case.at):
                return self.value(case.value)
        return self.value(node.otherwise)

    def _holds(self, value: Value, at: int) -> bool:
        with self._blaming(at):
            return double(value, "a condition") != 0

    _visits: ClassVar[dict[type, Callable[[Evaluator, Any], Value]]] = {
        Number: _literal,
        Text: _literal,
        Name: _name,
        Call: _call,
        SampleCall: _sample_call,
        Member: _member,
        Prefix: _prefix,
        Chain: _chain,
        Choice: _choice,
    }
