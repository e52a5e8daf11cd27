"""What can be read off an expression without knowing what its names stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.times import parse_timestamp
from azure_batch_emulator.autoscale.tree import Chain, Choice, Member, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from azure_batch_emulator.autoscale.tree import Expression


def start(node: Expression) -> int:
    """Tell the offset at which an expression begins, parentheses apart."""
    match node:
        case Chain():
            return start(node.first)
        case Choice():
            return start(node.cases[0].condition)
        case Member():
            return start(node.of)
        case _:
            return node.at


def terms(node: Expression) -> Iterator[tuple[int, Expression]]:
    """List the terms of a sum, with their signs."""
    if not isinstance(node, Chain) or node.links[0].operator not in {"+", "-"}:
        yield 1, node
        return
    yield from terms(node.first)
    for link in node.links:
        sign = 1 if link.operator == "+" else -1
        yield from ((sign * inner, term) for inner, term in terms(link.operand))


def check_dates(arguments: Iterable[Expression]) -> None:
    """Check the dates that are written out.

    :raises Fault: at the first that cannot be read
    """
    for argument in arguments:
        if isinstance(argument, Text) and argument.value:
            parse_timestamp(argument.value)
