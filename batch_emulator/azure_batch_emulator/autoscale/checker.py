"""Whether the names of a tree are known, assigned before they are read, and called as they can be.

Everything here can be told without a single sample, so it is told when the formula is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from azure_batch_emulator.autoscale.errors import SYNTAX_ERROR, FormulaSyntaxError
from azure_batch_emulator.autoscale.functions import FUNCTIONS
from azure_batch_emulator.autoscale.methods import METHODS
from azure_batch_emulator.autoscale.names import (
    READABLE_BARE,
    RESOURCE_METRICS,
    SAMPLED,
    SERVICE,
    WRITABLE,
    look_alike,
)
from azure_batch_emulator.autoscale.times import MEMBERS, TIME_CONSTANTS
from azure_batch_emulator.autoscale.tree import (
    Assignment,
    Call,
    Chain,
    Choice,
    Expression,
    Member,
    Name,
    Prefix,
    SampleCall,
)
from azure_batch_emulator.autoscale.values import Deallocation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from azure_batch_emulator.autoscale.source import Source
    from azure_batch_emulator.autoscale.tree import Script

_WORDS = frozenset({*(option.value for option in Deallocation), *TIME_CONSTANTS})


def check(script: Script, source: Source) -> None:
    """Check a formula.

    :raises FormulaSyntaxError: at the first name that is not known or used as it cannot be
    """
    _Checker(script, source).run()


class _Checker:
    def __init__(self, script: Script, source: Source) -> None:
        self._source = source
        self._assignments = [one for one in script.statements if isinstance(one, Assignment)]
        self._readable: set[str] = {*WRITABLE, *READABLE_BARE, *_WORDS}

    def run(self) -> None:
        for assignment in self._assignments:
            self._target(assignment)
            self._expression(assignment.value)
            self._readable.add(assignment.name)

    def _wrong(self, detail: str, at: int) -> FormulaSyntaxError:
        return FormulaSyntaxError(SYNTAX_ERROR, detail, self._source.place(at))

    def _unknown(self, what: str, name: str, known: Iterable[str], at: int) -> FormulaSyntaxError:
        meant = look_alike(name, known)
        hint = f"; did you mean {meant}? Case counts, and so does the $" if meant else ""
        return self._wrong(f"unknown {what} {name}{hint}", at)

    def _target(self, assignment: Assignment) -> None:
        name, at = assignment.name, assignment.at
        if name in WRITABLE:
            return
        if name in SERVICE or name in _WORDS:
            raise self._wrong(f"{name} cannot be assigned", at)
        # One's own variables may begin with $, as documented, even if they look like the service's. What
        # looks like a target is refused: nobody means an assignment without any effect on the pool.
        meant = look_alike(name, WRITABLE) if name.startswith("$") else None
        if meant:
            raise self._wrong(f"{name} is not {meant}: names are case-sensitive", at)

    def _expression(self, node: Expression) -> None:
        check = self._checks.get(type(node))
        if check is not None:
            check(self, node)
        for part in _parts(node):
            self._expression(part)

    def _name(self, node: Name) -> None:
        name = node.name
        if name in self._readable:
            return
        if name in RESOURCE_METRICS:
            raise self._wrong(f"{name} has samples only: read it with GetSample", node.at)
        if any(name == assignment.name for assignment in self._assignments):
            raise self._wrong(f"{name} is read before it is assigned", node.at)
        raise self._unknown("variable", name, self._readable | SERVICE, node.at)

    def _call(self, node: Call) -> None:
        if node.function == "stop":
            raise self._wrong("stop() is a statement of its own", node.at)
        function = FUNCTIONS.get(node.function)
        if function is None:
            raise self._unknown("function", node.function, FUNCTIONS, node.at)
        self._count(node.function, len(node.arguments), function.least, function.most, node.at)

    def _sample_call(self, node: SampleCall) -> None:
        if node.variable not in SAMPLED:
            if node.variable in self._readable:
                raise self._wrong(f"{node.variable} has no samples", node.at)
            raise self._unknown("variable", node.variable, SERVICE, node.at)
        method = METHODS.get(node.method)
        if method is None:
            raise self._unknown("method", node.method, METHODS, node.named)
        self._count(node.method, len(node.arguments), method.least, method.most, node.named)

    def _count(self, name: str, given: int, least: int, most: int | None, at: int) -> None:
        if given >= least and (most is None or given <= most):
            return
        bounds = f"{least}" if least == most else f"{least} to {most}" if most else f"at least {least}"
        noun = "argument" if bounds.endswith("1") else "arguments"
        raise self._wrong(f"{name} takes {bounds} {noun}, not {given}", at)

    def _member(self, node: Member) -> None:
        if node.member not in MEMBERS:
            raise self._unknown("member", node.member, MEMBERS, node.at)

    _checks: ClassVar[dict[type, Callable[[_Checker, Any], None]]] = {
        Name: _name,
        Call: _call,
        SampleCall: _sample_call,
        Member: _member,
    }


def _parts(node: Expression) -> tuple[Expression, ...]:
    match node:
        case Call() | SampleCall():
            return node.arguments
        case Member():
            return (node.of,)
        case Prefix():
            return (node.operand,)
        case Chain():
            return (node.first, *(link.operand for link in node.links))
        case Choice():
            branches = (part for case in node.cases for part in (case.condition, case.value))
            return (*branches, node.otherwise)
        case _:
            return ()
