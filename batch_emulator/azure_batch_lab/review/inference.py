"""From a tree to what can be told of its values, with what is wrong or doubtful on the way.

Every expression is visited once, with what conditions around it tell. Nothing is evaluated.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from azure_batch_emulator.autoscale.errors import Fault
from azure_batch_emulator.autoscale.names import (
    ALIASES,
    DEALLOCATION_OPTION,
    FULL_NAMES,
    OLD_NAMES,
    SERVICE,
    TASK_METRICS,
    WRITABLE,
    look_alike,
)
from azure_batch_emulator.autoscale.times import Timestamp
from azure_batch_emulator.autoscale.tree import (
    LEVEL_OF,
    Call,
    Chain,
    Choice,
    Member,
    Name,
    Number,
    Prefix,
    SampleCall,
    Stop,
    Text,
)
from azure_batch_emulator.autoscale.values import Deallocation
from azure_batch_lab.review import fact as facts
from azure_batch_lab.review import sundays
from azure_batch_lab.review.advice import NO_LAG
from azure_batch_lab.review.arithmetic import linked, prefixed
from azure_batch_lab.review.calls import (
    AGGREGATES,
    PICKS,
    called,
    is_empty_for_all_we_know,
    require,
)
from azure_batch_lab.review.expressions import check_dates, start, terms
from azure_batch_lab.review.fact import UNKNOWN, Fact
from azure_batch_lab.review.refinement import told
from azure_batch_lab.review.remarks import Remarks
from azure_batch_lab.review.sampling import Sampling
from azure_batch_lab.review.vocabulary import LARGEST, MEMBERS, UNDOCUMENTED, WORDS, bare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import timedelta

    from azure_batch_emulator.autoscale.tree import Assignment, Expression, Link, Script
    from azure_batch_lab.review.sundays import Pair


@dataclass(frozen=True, slots=True)
class Known:
    """A variable that was assigned."""

    assignment: Assignment
    fact: Fact


_COMPARISONS = frozenset({"<", "<=", "==", ">=", ">", "!="})


class Inference:
    """Visits the statements of one formula."""

    def __init__(self, *, present: tuple[float, float] = (0, LARGEST), lag: timedelta = NO_LAG) -> None:
        """Begin.

        :param present: bounds of the nodes that the pool has, and has as its targets
        :param lag: how late samples are at least
        """
        self._present = facts.double(*present)
        self.remarks = Remarks()
        self.variables: dict[str, Known] = {}
        """What is assigned at the end, by name as written."""
        self.unread: list[Assignment] = []
        """Assignments that nothing has read; of targets too."""
        self.unreachable: list[int] = []
        """Offsets of statements behind a stop()."""
        self.counted: dict[str, int] = {}
        """Sample variables whose values are read, and where first."""
        self.literals: set[float] = set()
        """Numbers that are written out."""
        self._asked: frozenset[str] = frozenset()
        self._compared: set[int] = set()
        """Expressions that stand beside a sign of comparison, by identity."""
        self._facts: dict[int, Fact] = {}
        """What was found about expressions, by identity."""
        self._sampling = Sampling(self.remarks, lag=lag)

    def run(self, script: Script) -> None:
        """Visit all statements up to the first ``stop()``."""
        stopped = False
        for statement in script.statements:
            if stopped:
                self.unreachable.append(statement.at)
            elif isinstance(statement, Stop):
                stopped = True
            else:
                self._assign(statement)

    def target(self, full: str) -> Known | None:
        """Find what a target, or the deallocation option, was set to; None if it was not."""
        alias = ALIASES.get(full, full)
        return self.variables.get(full) or self.variables.get(alias)

    def _assign(self, assignment: Assignment) -> None:
        name, fact = assignment.name, self._visit(assignment.value)
        kinds = {Deallocation} if name == DEALLOCATION_OPTION else {float} if name in WRITABLE else fact.kinds
        try:
            require(fact, set(kinds), name)
        except Fault as fault:
            fact = self.remarks.wrong(assignment.at, fault.detail)
        if name in WRITABLE:
            self._sunday(assignment.at, fact)
        meant = look_alike(name, SERVICE) if name.startswith("$") and name not in SERVICE else None
        if meant:
            self.remarks.warn(assignment.at, "look-alike", f"{name} is not {meant}")
        self.variables[name] = Known(assignment, fact)
        self.unread.append(assignment)

    def _visit(self, node: Expression) -> Fact:
        fact = self._facts[id(node)] = self._visits[type(node)](self, node)
        return fact

    def found(self, node: Expression) -> Fact:
        """Tell what was found about an expression of the script; nothing if it was not visited."""
        return self._facts.get(id(node), UNKNOWN)

    @contextmanager
    def _blaming(self, at: int) -> Iterator[None]:
        try:
            yield
        except Fault as fault:
            self.remarks.wrong(at, fault.detail)

    def _number(self, node: Number) -> Fact:
        self.literals.add(node.value)
        return facts.double(node.value, node.value, None if node.value.is_integer() else node.at)

    def _text(self, _node: Text) -> Fact:
        return Fact(frozenset({str}))

    def _name(self, node: Name) -> Fact:
        full = FULL_NAMES.get(node.name, node.name)
        if full in WORDS:
            if full == Deallocation.RETAINED_DATA.value:
                self.remarks.warn(node.at, "retained-data", f"{full} is going out of use")
            return WORDS[full]
        known = self.target(full) if full in WRITABLE else self.variables.get(full)
        if known is not None:
            self.unread = [one for one in self.unread if one is not known.assignment]
            return known.fact
        if full in TASK_METRICS:
            self.remarks.warn(node.at, "bare-metric", f"{full} is read without GetSample")
        self._count(full, node.at)
        return bare(full, present=self._present)

    def _call(self, node: Call) -> Fact:
        if node.function in UNDOCUMENTED:
            self.remarks.warn(node.at, "undocumented-function", f"{node.function}() is not documented")
        arguments = [self._visit(argument) for argument in node.arguments]
        for argument in arguments:
            self._sunday(node.at, argument)
        if node.function == "min":
            self._sampling.least(node.at, arguments, is_compared=id(node) in self._compared)
        if node.function in AGGREGATES and is_empty_for_all_we_know(arguments):
            self._sampling.lacking(arguments)
        if node.function in PICKS:
            self._sampling.lacking(arguments[:1])
        with self._blaming(node.at):
            if node.function == "time":
                check_dates(node.arguments)
            return called(node.function, arguments, node.at)
        return UNKNOWN

    def _sample_call(self, node: SampleCall) -> Fact:
        arguments = [self._visit(argument) for argument in node.arguments]
        if node.method == "GetSample":
            self._count(node.variable, node.at)
        with self._blaming(node.opened):
            return self._sampling.method(node, arguments, self._asked)
        return UNKNOWN

    def _count(self, name: str, at: int) -> None:
        self.counted.setdefault(OLD_NAMES.get(name, name), at)
        if name in OLD_NAMES:
            self.remarks.warn(at, "old-name", f"{name} is called {OLD_NAMES[name]} today")

    def _sunday(self, at: int, fact: Fact) -> None:
        if sundays.matters(fact):
            self.remarks.warn(at, "sunday", "this depends on whether the weekday of a Sunday is 0 or 7")

    def _member(self, node: Member) -> Fact:
        of = self._visit(node.of)
        with self._blaming(node.at):
            require(of, {Timestamp}, f"what .{node.member} is asked of")
            return MEMBERS[node.member]
        return UNKNOWN

    def _prefix(self, node: Prefix) -> Fact:
        operand = self._visit(node.operand)
        with self._blaming(node.at):
            return prefixed(node.operator, operand)
        return UNKNOWN

    def _chain(self, node: Chain) -> Fact:
        if LEVEL_OF[node.links[0].operator] <= LEVEL_OF["&&"]:
            return self._logic(node)
        if node.links[0].operator in _COMPARISONS:
            self._compared |= {id(node.first), *(id(link.operand) for link in node.links)}
        fact = self._visit(node.first)
        for number, link in enumerate(node.links):
            right = self._visit(link.operand)
            rounds_up = not number and self._rounds_up(node.first, link, right)
            left, fact = fact, UNKNOWN
            with self._blaming(link.at):
                fact = linked(left, link, right, rounds_up=rounds_up)
            if not sundays.is_known(fact):
                self._sunday(link.at, left)
                self._sunday(link.at, right)
                fact = replace(fact, sundays=None)
        return fact

    def _rounds_up(self, dividend: Expression, link: Link, divisor: Fact) -> bool:
        """Tell whether a division is ``(x + divisor - 1) / divisor``, which cut off is x rounded up."""
        number = divisor.constant
        if link.operator != "/" or number is None or not isinstance(dividend, Chain):
            return False
        offset, others = 0.0, 0
        for sign, term in terms(dividend):
            value = self.found(term).constant
            others += value is None
            offset += 0.0 if value is None else sign * value
        return others > 0 and offset == number - 1

    def _logic(self, node: Chain) -> Fact:
        sign = node.links[0].operator
        left, parts = self._condition(node.first, node.links[0].at), [node.first]
        conditions = [left]
        for link in node.links:
            with self._knowing(parts, holds=sign == "&&"), self._asking(left):
                right = self._condition(link.operand, link.at)
            both = {left.sure, right.sure}
            decisive = sign == "||"
            holds = decisive if decisive in both else None if None in both else not decisive
            left = facts.truth(holds).asking(left, right)
            parts.append(link.operand)
            conditions.append(right)
        return replace(left, sundays=sundays.joined(conditions, decisive=sign == "||"))

    def _condition(self, node: Expression, at: int) -> Fact:
        """Visit what has to be a yes or a no; one that never changes is told, once."""
        before = self.remarks.warned("constant-condition")
        fact = self._visit(node)
        with self._blaming(at):
            require(fact, {float}, "a condition")
        if fact.sure is not None and self.remarks.warned("constant-condition") == before:
            says = "always" if fact.sure else "never"
            self.remarks.warn(start(node), "constant-condition", f"this condition {says} holds")
        return fact

    def _choice(self, node: Choice) -> Fact:
        values: list[Fact] = []
        branches: list[tuple[Fact, Fact]] = []
        asks: list[Fact] = []
        denied: list[Expression] = []
        reached = True
        for case in node.cases:
            with self._knowing(denied, holds=False), self._asking(*asks):
                condition = self._condition(case.condition, case.at)
                asks.append(condition)
                with self._knowing([case.condition], holds=True), self._asking(condition):
                    value = self._visit(case.value)
            branches.append((condition, value))
            if reached and condition.sure is not False:
                values.append(value)
            reached = reached and condition.sure is not True
            denied.append(case.condition)
        with self._knowing(denied, holds=False), self._asking(*asks):
            otherwise = self._visit(node.otherwise)
        chosen = facts.either([*values, otherwise] if reached else values).asking(*asks)
        return replace(chosen, sundays=self._on_sundays(node, branches, otherwise))

    def _on_sundays(self, node: Choice, branches: list[tuple[Fact, Fact]], otherwise: Fact) -> Pair | None:
        if all(fact.sundays is None for fact in (*(one for pair in branches for one in pair), otherwise)):
            return None
        first, second = sundays.chosen(branches, otherwise)
        if first is not None and first == second:
            return first, second
        decisive = [condition for condition, _ in branches]
        for case, condition in zip(node.cases, decisive, strict=True):
            self._sunday(start(case.condition), condition)
        if first is None or second is None:
            for value in (*(value for _, value in branches), otherwise):
                self._sunday(start(node), value)
            return None
        return None if any(map(sundays.matters, decisive)) else (first, second)

    @contextmanager
    def _asking(self, *conditions: Fact) -> Iterator[None]:
        before = self._asked
        self._asked = before.union(*(condition.asks for condition in conditions))
        yield
        self._asked = before

    @contextmanager
    def _knowing(self, conditions: Iterable[Expression], *, holds: bool) -> Iterator[None]:
        before = self.variables
        self.variables = dict(before)
        for condition in conditions:
            for name, low, high in told(condition, holds=holds, value=self.found):
                known = self.variables.get(name)
                if known is not None and known.fact.kinds == {float}:
                    self.variables[name] = replace(known, fact=known.fact.within(low, high))
        yield
        self.variables = before

    _visits: ClassVar[Mapping[type, Callable[[Inference, Any], Fact]]] = {
        Number: _number,
        Text: _text,
        Name: _name,
        Call: _call,
        SampleCall: _sample_call,
        Member: _member,
        Prefix: _prefix,
        Chain: _chain,
        Choice: _choice,
    }
