"""Compiles conditions of the query to DuckDB's SQL: of WHERE, HAVING, ON and CASE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from ingest.stream_analytics.language.expressions import NUMBERS, Names, Typed, refusal, value

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPARED: dict[type[exp.Expression], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}


def condition(node: exp.Expression, names: Names) -> str:
    """Compile a condition, which is true or false and never NULL.

    "Comparison operators return false when either or both arguments are NULL":
    https://learn.microsoft.com/stream-analytics-query/where-azure-stream-analytics

    :raises QueryRefused: for what is not run here, or has the wrong type
    """
    text = names.text
    if isinstance(node, exp.Paren):
        return f"({condition(node.this, names)})"
    if isinstance(node, exp.And | exp.Or):
        return f"({condition(node.this, names)} {node.key.upper()} {condition(node.expression, names)})"
    if isinstance(node, exp.Not) and isinstance(node.this, exp.Is):
        return f"(NOT {condition(node.this, names)})"
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return f"({value(node.this, names).sql} IS NULL)"
    found = _test(node, names)
    if found is not None:
        return f"COALESCE({found}, FALSE)"
    if isinstance(node, exp.Not):
        raise refusal(
            node, names.text, "NOT is run in IS NOT NULL alone: of NULL it has no documented result"
        )
    raise refusal(node, text, f"{node.key.upper()} is not a condition that is run here")


def comparison(node: exp.Expression, names: Names) -> str:
    """Compile a comparison, NULL if a side is NULL.

    :raises QueryRefused: if its sides have types that are not compared
    """
    parts = [value(node.this, names), value(node.expression, names)]
    _comparable(node, names, parts)
    return f"({parts[0].sql} {_COMPARED[type(node)]} {parts[1].sql})"


def _test(node: exp.Expression, names: Names) -> str | None:
    """Compile what is NULL if a part is NULL; None for any other node."""
    if type(node) in _COMPARED:
        return comparison(node, names)
    if isinstance(node, exp.Between):
        parts = [value(node.args[name], names) for name in ("this", "low", "high")]
        _comparable(node, names, parts)
        return "{} BETWEEN {} AND {}".format(*(part.sql for part in parts))
    if isinstance(node, exp.In) and node.expressions:
        parts = [value(part, names) for part in (node.this, *node.expressions)]
        _comparable(node, names, parts)
        return f"{parts[0].sql} IN ({', '.join(part.sql for part in parts[1:])})"
    return None


def _comparable(node: exp.Expression, names: Names, parts: Sequence[Typed]) -> None:
    types = {part.type for part in parts} - {None}
    if len(types) > 1 and not types <= NUMBERS:
        found = " and ".join(sorted(str(kind) for kind in types))
        raise refusal(node, names.text, f"{found} are compared: cast one of them")
