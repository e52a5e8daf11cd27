"""Tree to text: a formula written out again with the fewest parentheses that keep its tree."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.tree import (
    LEVEL_OF,
    LEVELS,
    Assignment,
    Call,
    Chain,
    Choice,
    Member,
    Name,
    Number,
    Prefix,
    SampleCall,
    Text,
)

if TYPE_CHECKING:
    from azure_batch_emulator.autoscale.tree import Expression, Script, Statement

_CHOICE = 0
_PREFIX = len(LEVELS) + 1
_POSTFIX = _PREFIX + 1
_ATOM = _POSTFIX + 1


def written(script: Script) -> str:
    """Write a formula, a statement per line."""
    return "\n".join(f"{_statement(statement)};" for statement in script.statements)


def expressed(node: Expression) -> str:
    """Write one expression."""
    return _expression(node)


def _statement(statement: Statement) -> str:
    if isinstance(statement, Assignment):
        return f"{statement.name} = {_expression(statement.value)}"
    return "stop()"


def _expression(node: Expression, tightness: int = _CHOICE) -> str:
    text = _bare(node)
    return text if _tightness(node) >= tightness else f"({text})"


def _tightness(node: Expression) -> int:
    match node:
        case Choice():
            return _CHOICE
        case Chain():
            return LEVEL_OF[node.links[0].operator]
        case Prefix():
            return _PREFIX
        case Member() | Number():  # a point right behind a number would be taken for its own
            return _POSTFIX
        case _:
            return _ATOM


def _bare(node: Expression) -> str:
    match node:
        case Choice() | Chain() | Prefix() | Member():
            return _compound(node)
        case Call():
            return f"{node.function}({_list(node.arguments)})"
        case SampleCall():
            return f"{node.variable}.{node.method}({_list(node.arguments)})"
        case Number():
            return format(Decimal(repr(node.value)), "f").removesuffix(".0")
        case Text():
            return f'"{node.value}"'
        case Name():
            return node.name


def _compound(node: Choice | Chain | Prefix | Member) -> str:
    match node:
        case Choice():
            cases = (
                f"{_expression(case.condition, 1)} ? {_expression(case.value)} : " for case in node.cases
            )
            return "".join(cases) + _expression(node.otherwise, 1)
        case Chain():
            inner = _tightness(node) + 1
            links = (f" {link.operator} {_expression(link.operand, inner)}" for link in node.links)
            return _expression(node.first, inner) + "".join(links)
        case Prefix():
            return f"{node.operator}{_expression(node.operand, _PREFIX)}"
        case Member():
            return f"{_expression(node.of, _ATOM)}.{node.member}"


def _list(arguments: tuple[Expression, ...]) -> str:
    return ", ".join(map(_expression, arguments))
