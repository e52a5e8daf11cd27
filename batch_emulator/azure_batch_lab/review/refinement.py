"""What a condition tells of the variables in it: ``load > 9 ? 9 : load`` is at most 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.tree import Chain, Name, Prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure_batch_emulator.autoscale.tree import Expression
    from azure_batch_lab.review.fact import Fact

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
_DENIED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "!=": "=="}


def told(
    condition: Expression, *, holds: bool, value: Callable[[Expression], Fact]
) -> Iterator[tuple[str, float, float]]:
    """List names with the range they have where a condition holds, or where it does not.

    :param value: tells what is known of an expression, without any side effect
    """
    match condition:
        case Prefix("!", operand):
            yield from told(operand, holds=not holds, value=value)
        case Chain(first, links) if all(link.operator == ("&&" if holds else "||") for link in links):
            for part in (first, *(link.operand for link in links)):
                yield from told(part, holds=holds, value=value)
        case Chain(first, (link,)):
            sign = link.operator if holds else _DENIED.get(link.operator)
            if sign in _TURNED:
                yield from _compared(first, sign, value(link.operand))
                yield from _compared(link.operand, _TURNED[sign], value(first))


def _compared(node: Expression, sign: str, other: Fact) -> Iterator[tuple[str, float, float]]:
    if not isinstance(node, Name) or other.kinds != {float}:
        return
    low = other.low if sign in {">", ">=", "=="} else float("-inf")
    high = other.high if sign in {"<", "<=", "=="} else float("inf")
    yield node.name, low, high
