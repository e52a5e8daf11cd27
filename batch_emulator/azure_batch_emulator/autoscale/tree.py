"""A formula as a tree: statements made of expressions.

Operators of one level are kept side by side (``Chain``), and so are the ``? :`` of one row
(``Choice``): a sum of a thousand terms is wide, not deep. How deep a tree gets is limited by the
parser. Every node knows the offset it is to be blamed at; it does not count when trees are compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


def _offset() -> int:
    return field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A literal such as ``25`` or ``0.7``; never negative."""

    value: float
    at: int = _offset()


@dataclass(frozen=True, slots=True)
class Text:
    """A literal in double quotes."""

    value: str
    at: int = _offset()


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, a constant, or a bare word such as ``requeue``."""

    name: str
    at: int = _offset()


@dataclass(frozen=True, slots=True)
class Call:
    """``function(argument, ...)``."""

    function: str
    arguments: tuple[Expression, ...]
    at: int = _offset()


@dataclass(frozen=True, slots=True)
class SampleCall:
    """``$Variable.Method(argument, ...)``; ``opened`` is the offset of the parenthesis."""

    variable: str
    method: str
    arguments: tuple[Expression, ...]
    at: int = _offset()
    named: int = _offset()
    opened: int = _offset()


@dataclass(frozen=True, slots=True)
class Member:
    """``timestamp.hour`` and its like."""

    of: Expression
    member: str
    at: int = _offset()


@dataclass(frozen=True, slots=True)
class Prefix:
    """``-operand`` or ``!operand``."""

    operator: str
    operand: Expression
    at: int = _offset()


@dataclass(frozen=True, slots=True)
class Link:
    """An operator and what stands right of it."""

    operator: str
    operand: Expression
    at: int = _offset()


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one level, from left to right."""

    first: Expression
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """``condition ? value :``."""

    condition: Expression
    value: Expression
    at: int = _offset()


@dataclass(frozen=True, slots=True)
class Choice:
    """The value of the first case that holds, or else the last one."""

    cases: tuple[Case, ...]
    otherwise: Expression


Expression: TypeAlias = "Number | Text | Name | Call | SampleCall | Member | Prefix | Chain | Choice"


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name = value``."""

    name: str
    value: Expression
    at: int = _offset()


@dataclass(frozen=True, slots=True)
class Stop:
    """``stop()``: what was assigned so far is the outcome."""

    at: int = _offset()


Statement: TypeAlias = "Assignment | Stop"


@dataclass(frozen=True, slots=True)
class Script:
    """The statements of a formula, in order."""

    statements: tuple[Statement, ...]


LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
"""The operators between two operands, loosest first."""

LEVEL_OF = {operator: level for level, operators in enumerate(LEVELS, start=1) for operator in operators}
"""Each operator's level; from 1."""

PREFIXES = ("-", "!")
