"""Reads the text of a query: its tables, steps and outputs, as sqlglot's trees.

``TIMESTAMP BY x OVER y PARTITION BY PartitionId`` is all that the T-SQL of sqlglot lacks: it is cut out,
keeping every place, and read on its own in ``timestamp_clause.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import ParseError, TokenError

from ingest.stream_analytics.language.expressions import refusal, type_of
from ingest.stream_analytics.language.timestamp_clause import TimestampClause, find_clauses, outside
from ingest.stream_analytics.language.vocabulary import check, refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.stream_analytics.data_type import DataType

_PARTS = {"expressions", "from_", "joins", "where", "group", "having", "into", "with_"}


@dataclass(frozen=True, slots=True)
class Query:
    """A query.

    :param text: all of it, for the places in messages
    :param tables: columns that ``CREATE TABLE`` declares, by the input's name in small letters
    :param steps: name and SELECT of each step, in order
    :param outputs: SELECTs that write to an output
    :param timestamps: ``TIMESTAMP BY`` and what belongs to it, by the ``id()`` of its SELECT
    """

    text: str
    tables: Mapping[str, Mapping[str, DataType]]
    steps: Sequence[tuple[str, exp.Select]]
    outputs: Sequence[exp.Select]
    timestamps: Mapping[int, TimestampClause]


def read_query(text: str) -> Query:
    """Read a query.

    :raises QueryRefused: for what is not run here, with its place
    """
    try:
        tokens = TSQL().tokenize(text)
    except TokenError as error:
        raise refused(f"it is not SQL: {error}", text, 0) from error
    cuts = find_clauses(tokens, text)
    check(outside(tokens, cuts), text)
    trees = _parse(_without(text, cuts), text)
    tables, steps, outputs = {}, [], []
    for tree in trees:
        if isinstance(tree, exp.Create):
            name, columns = _declaration(tree, text)
            tables[name] = columns
        else:
            select = _select(tree, text)
            steps += _steps(select, text)
            outputs.append(select)
    if not outputs:
        raise refused("there is no SELECT", text, 0)
    return Query(text, tables, steps, outputs, _owners([*(step for _, step in steps), *outputs], cuts, text))


def _parse(readable: str, text: str) -> list[exp.Expression]:
    try:
        return [tree for tree in TSQL().parse(readable) if isinstance(tree, exp.Expression)]
    except ParseError as error:
        facts = error.errors[0]
        lines = text.splitlines(keepends=True)
        end = sum(map(len, lines[: facts["line"] - 1])) + facts["col"]
        start = max(end - len(facts["highlight"] or ""), 0)
        raise refused(f"this is not understood: {facts['description']}", text, start) from error


def _select(tree: exp.Expression, text: str) -> exp.Select:
    if not isinstance(tree, exp.Select):
        raise refusal(tree, text, f"{tree.key.upper()} is not run here")
    for name, part in tree.args.items():
        if part and name not in _PARTS:
            raise refusal(tree, text, f"{name.strip('_').upper()} is not run here")
    return tree


def _steps(select: exp.Select, text: str) -> list[tuple[str, exp.Select]]:
    steps = []
    for step in select.ctes:
        if step.args["alias"].columns:
            raise refusal(step, text, "names of columns after the name of a step are not run here")
        inner = _select(step.this, text)
        if inner.args.get("into") or inner.ctes:
            raise refusal(inner, text, "a step has neither INTO nor WITH")
        steps.append((step.alias, inner))
    return steps


def _declaration(tree: exp.Create, text: str) -> tuple[str, dict[str, DataType]]:
    """Read ``CREATE TABLE``: https://learn.microsoft.com/stream-analytics-query/create-table-stream-analytics."""
    schema = tree.this
    if tree.kind != "TABLE" or not isinstance(schema, exp.Schema) or tree.expression:
        raise refusal(tree, text, "CREATE is run as CREATE TABLE name (column type, ...) alone")
    columns: dict[str, DataType] = {}
    for column in schema.expressions:
        kind = type_of(column.kind) if isinstance(column, exp.ColumnDef) and column.kind else None
        if kind is None or column.args.get("constraints"):
            raise refusal(column, text, "a column has a name and one of the types that are run here")
        if column.name.startswith("__") or column.name.lower() in {name.lower() for name in columns}:
            raise refusal(column, text, f"the name {column.name} is taken")
        columns[column.name] = kind
    return schema.this.name.lower(), columns


def _without(text: str, cuts: Sequence[TimestampClause]) -> str:
    for cut in cuts:
        blank = "".join(character if character == "\n" else " " for character in text[cut.start : cut.end])
        text = text[: cut.start] + blank + text[cut.end :]
    return text


def _owners(
    selects: Sequence[exp.Select], cuts: Sequence[TimestampClause], text: str
) -> dict[int, TimestampClause]:
    """Give each ``TIMESTAMP BY`` to the SELECT whose input stands before it."""
    places = {}
    for select in selects:
        source = select.args.get("from_")
        if source is not None:
            for part in source.walk():
                places[part.meta.get("end", -1)] = select
    owners: dict[int, TimestampClause] = {}
    for cut in cuts:
        before = [place for place in places if 0 <= place < cut.start]
        between = text[max(before, default=0) + 1 : cut.start].strip(' \t\r\n]"')
        if not before or between:
            raise refused("TIMESTAMP BY and PARTITION BY stand after the input of FROM", text, cut.start)
        owners[id(places[max(before)])] = cut
    return owners
