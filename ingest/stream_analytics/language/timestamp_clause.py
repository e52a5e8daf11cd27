"""Finds ``TIMESTAMP BY x OVER y PARTITION BY PartitionId`` in the words of a query.

https://learn.microsoft.com/stream-analytics-query/timestamp-by-azure-stream-analytics
https://learn.microsoft.com/stream-analytics-query/from-azure-stream-analytics
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import ParseError

from ingest.stream_analytics.language.input_columns import PARTITION_ID
from ingest.stream_analytics.language.vocabulary import check, refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import exp
    from sqlglot.tokenizer_core import Token

_AFTER = {
    "WHERE",
    "GROUP BY",
    "HAVING",
    "LEFT",
    "INNER",
    "JOIN",
    ")",
    ";",
    "OVER",
    "PARTITION BY",
    "TIMESTAMP",
}
"""What may follow an expression here."""


@dataclass(frozen=True, slots=True)
class TimestampClause:
    """What stands between an input in FROM and the next clause.

    :param start: place of its first character
    :param end: place after its last
    :param tree: the time; None without TIMESTAMP BY
    :param over: columns of OVER without PartitionId; None without OVER
    """

    start: int
    end: int
    tree: exp.Expression | None
    over: tuple[str, ...] | None


def find_clauses(tokens: Sequence[Token], text: str) -> list[TimestampClause]:
    """Find all of them.

    :raises QueryRefused: if one is not complete, or has substreams that are not of a partition
    """
    found, index = [], 0
    while index < len(tokens):
        if _begins(tokens, index):
            clause, index = _clause(tokens, index, text)
            found.append(clause)
        else:
            index += 1
    return found


def outside(tokens: Sequence[Token], clauses: Sequence[TimestampClause]) -> list[Token]:
    """Return the words that are in none of the clauses."""
    return [
        token for token in tokens if not any(clause.start <= token.start < clause.end for clause in clauses)
    ]


def _begins(tokens: Sequence[Token], index: int) -> bool:
    word = tokens[index].text.upper()
    timestamp = word == "TIMESTAMP" and index + 1 < len(tokens) and tokens[index + 1].text.upper() == "BY"
    # PARTITION BY within brackets belongs to a function that is refused by its name.
    return timestamp or (word == "PARTITION BY" and tokens[index - 1].text != "(")


def _clause(tokens: Sequence[Token], index: int, text: str) -> tuple[TimestampClause, int]:
    time: list[Token] = []
    first, over, partitioned = tokens[index], None, False
    while index < len(tokens):
        word = tokens[index].text.upper()
        if word == "PARTITION BY" and not partitioned:
            part, index = _expression(tokens, index + 1, text)
            partitioned = True
            if [token.text.upper() for token in part] != [PARTITION_ID.upper()]:
                raise refused(f"PARTITION BY takes {PARTITION_ID} here", text, part[0].start)
        elif word == "TIMESTAMP" and not time and _begins(tokens, index):
            time, index = _expression(tokens, index + 2, text)
        elif word == "OVER" and time and over is None:
            part, index = _expression(tokens, index + 1, text)
            over = _names(part, text)
        else:
            break
    if over is not None and (not partitioned or PARTITION_ID.upper() not in map(str.upper, over)):
        raise refused(
            f"OVER needs {PARTITION_ID} among its columns, and PARTITION BY {PARTITION_ID}", text, first.start
        )
    if partitioned and over is None:
        raise refused("PARTITION BY is run here with TIMESTAMP BY ... OVER alone", text, first.start)
    keys = None if over is None else tuple(name for name in over if name.upper() != PARTITION_ID.upper())
    last = tokens[index - 1]
    return TimestampClause(first.start, last.end + 1, _tree(time, text), keys), index


def _expression(tokens: Sequence[Token], first: int, text: str) -> tuple[list[Token], int]:
    depth, index = 0, first
    while index < len(tokens) and (depth or tokens[index].text.upper() not in _AFTER):
        depth += {"(": 1, ")": -1}.get(tokens[index].text, 0)
        index += 1
    if index == first:
        raise refused(f"{tokens[first - 1].text} needs a column", text, tokens[first - 1].start)
    return [*tokens[first:index]], index


def _names(tokens: Sequence[Token], text: str) -> tuple[str, ...]:
    names, commas = tokens[::2], tokens[1::2]
    if any(token.text != "," for token in commas) or not all(token.text[0].isalpha() for token in names):
        raise refused("OVER takes names of columns, separated by commas", text, tokens[0].start)
    return tuple(token.text for token in names)


def _tree(tokens: Sequence[Token], text: str) -> exp.Expression | None:
    if not tokens:
        return None
    check(tokens, text)
    start, end = tokens[0].start, tokens[-1].end + 1
    lines = text.count("\n", 0, start)
    # Read as part of a SELECT, at the same place as in the text.
    blank = "\n" * lines + " " * (start - lines - len("SELECT "))
    try:
        (tree,) = TSQL().parse(f"{blank}SELECT {text[start:end]}")
    except (ParseError, ValueError) as error:
        raise refused(
            "TIMESTAMP BY takes a column, or DATEADD(unit, column, 'moment')", text, start
        ) from error
    if tree is None or len(tree.expressions) != 1:
        raise refused("TIMESTAMP BY takes one column", text, start)
    expression: exp.Expression = tree.expressions[0]
    return expression
