"""Compiles expressions of the query to DuckDB's SQL, with the type of each known beforehand.

A node of the tree that has no entry in the tables below is refused. ``datetime`` is a BIGINT of ticks in
DuckDB, so that no digit is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from sqlglot import exp

from ingest.stream_analytics.data_type import DataType, is_bigint
from ingest.stream_analytics.language.vocabulary import refused
from ingest.stream_analytics.ticks import UNITS, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.stream_analytics.errors import QueryRefused

_BIGINT, _FLOAT, _TEXT, _DATETIME, _BIT = (
    DataType.BIGINT,
    DataType.FLOAT,
    DataType.TEXT,
    DataType.DATETIME,
    DataType.BIT,
)
NUMBERS = {_BIGINT, _FLOAT}
_ARITHMETIC: dict[type[exp.Expression], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_AGGREGATES = (exp.Avg, exp.Sum, exp.Min, exp.Max, exp.Count)


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression in DuckDB's SQL.

    :param type: None for NULL, which is of any type
    """

    sql: str
    type: DataType | None


class Names(Protocol):
    """What the names in a SELECT mean."""

    @property
    def text(self) -> str:
        """Text of the query."""

    @property
    def timestamp(self) -> str:
        """SQL of ``System.Timestamp()``."""

    def column(self, node: exp.Column) -> Typed:
        """Return a column that has a type, or refuse it."""

    def converted(self, node: exp.Column, to: DataType, *, tries: bool) -> Typed | None:
        """Return a conversion of a column whose values have types of their own; None for any other column."""

    def condition(self, node: exp.Expression) -> str:
        """Compile a condition."""

    def key(self, node: exp.Expression) -> Typed | None:
        """Return the grouping key that an expression is, if it is one."""

    @property
    def grouped(self) -> bool:
        """Whether columns may be used as keys or in aggregates only."""

    def inside_aggregate(self) -> Names:
        """Return what the names mean there."""


def refusal(node: exp.Expression, text: str, problem: str) -> QueryRefused:
    """Make the error for a node, at the first place that is known of it or of its parts."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    above = node.parent
    while not starts and above is not None:
        starts = [part.meta["start"] for part in above.walk() if "start" in part.meta]
        above = above.parent
    return refused(problem, text, min(starts, default=0))


def value(node: exp.Expression, names: Names) -> Typed:
    """Compile an expression that has a value.

    :raises QueryRefused: for what is not run here, or has the wrong type
    """
    if (key := names.key(node)) is not None:
        return key
    if is_timestamp(node):
        return Typed(names.timestamp, _DATETIME)
    if isinstance(node, _AGGREGATES):
        return _aggregate(node, names)
    compiler = _VALUES.get(type(node))
    if compiler is None:
        raise refusal(node, names.text, f"{node.key.upper()} is not run here")
    return compiler(node, names)


def is_timestamp(node: exp.Expression) -> bool:
    """Whether a node is ``System.Timestamp()``, or the same without brackets."""
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous):
        return f"{node.this.name}.{node.expression.name}".upper() == "SYSTEM.TIMESTAMP"
    return isinstance(node, exp.Column) and f"{node.table}.{node.name}".upper() == "SYSTEM.TIMESTAMP"


def text_literal(text: str) -> str:
    """Write a text as a literal of DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def name_literal(name: str) -> str:
    """Write a name as DuckDB takes any."""
    return '"' + name.replace('"', '""') + '"'


def _same_type(node: exp.Expression, names: Names, parts: Sequence[Typed]) -> DataType | None:
    types = {part.type for part in parts} - {None}
    if len(types) > 1:
        found = " and ".join(sorted(str(kind) for kind in types))
        raise refusal(node, names.text, f"the results are {found}: cast them to one type")
    return next(iter(types), None)


def _of(node: exp.Expression, names: Names, *types: DataType) -> Typed:
    part = value(node, names)
    if part.type is not None and part.type not in types:
        raise refusal(node, names.text, f"this is {part.type}, not {' or '.join(types)}: cast it")
    return part


def _literal(node: exp.Literal, names: Names) -> Typed:
    if node.is_string:
        return Typed(text_literal(node.this), _TEXT)
    if str(node.this).isdigit() and is_bigint(int(node.this)):
        return Typed(f"CAST({node.this} AS BIGINT)", _BIGINT)
    try:
        return Typed(f"CAST({text_literal(repr(float(node.this)))} AS DOUBLE)", _FLOAT)
    except ValueError:
        raise refusal(node, names.text, f"{node.this} is not a number that is read here") from None


def _arithmetic(node: exp.Expression, names: Names) -> Typed:
    parts = [_of(part, names, _BIGINT, _FLOAT) for part in (node.this, node.expression)]
    kind = _FLOAT if _FLOAT in {part.type for part in parts} else _BIGINT
    return Typed(f"({parts[0].sql} {_ARITHMETIC[type(node)]} {parts[1].sql})", kind)


def _case(node: exp.Case, names: Names) -> Typed:
    default = node.args.get("default")
    if default is None:
        raise refusal(node, names.text, "CASE needs an ELSE")
    given = node.this
    tests = [
        names.condition(branch.this if given is None else exp.EQ(this=given.copy(), expression=branch.this))
        for branch in node.args["ifs"]
    ]
    results = [
        value(part, names) for part in (*(branch.args["true"] for branch in node.args["ifs"]), default)
    ]
    kind = _same_type(node, names, results)
    branches = " ".join(
        f"WHEN {test} THEN {result.sql}" for test, result in zip(tests, results, strict=False)
    )
    return Typed(f"CASE {branches} ELSE {results[-1].sql} END", kind)


def _cast(node: exp.Cast, names: Names) -> Typed:
    to = type_of(node.to)
    if to is None:
        raise refusal(node, names.text, f"{node.to.sql('tsql').lower()} is not a type that is run here")
    if isinstance(node.this, exp.Column) and names.key(node.this) is None and to in {_TEXT, _FLOAT}:
        found = names.converted(node.this, to, tries=isinstance(node, exp.TryCast))
        if found is not None:
            return found
    part = value(node.this, names)
    if part.type in {None, to}:
        return Typed(part.sql, to)
    if (part.type, to) not in _CASTS:
        raise refusal(
            node, names.text, f"{part.type} is not cast to {to} here: the digits are not documented"
        )
    return Typed(_CASTS[part.type, to].format(part.sql), to)


_CASTS = {
    (_BIGINT, _TEXT): "CAST({0} AS VARCHAR)",
    (_BIGINT, _FLOAT): "CAST({0} AS DOUBLE)",
    (_DATETIME, _TEXT): (
        "(strftime(make_timestamp(({0} - (({0} % 10) + 10) % 10) // 10), '%Y-%m-%dT%H:%M:%S.%f')"
        " || CAST((({0} % 10) + 10) % 10 AS VARCHAR) || 'Z')"
    ),
}


def _concat(node: exp.Concat, names: Names) -> Typed:
    parts = [_of(part, names, _TEXT).sql for part in node.expressions]
    return Typed(f"concat({', '.join(parts)})", _TEXT)


def _coalesce(node: exp.Coalesce, names: Names) -> Typed:
    parts = [value(part, names) for part in (node.this, *node.expressions)]
    return Typed(f"coalesce({', '.join(part.sql for part in parts)})", _same_type(node, names, parts))


def _replace(node: exp.Replace, names: Names) -> Typed:
    parts = [_of(node.args[name], names, _TEXT).sql for name in ("this", "expression", "replacement")]
    return Typed(f"replace({', '.join(parts)})", _TEXT)


def _substring(node: exp.Substring, names: Names) -> Typed:
    start, length = node.args.get("start"), node.args.get("length")
    if not (_is_count(start) and _is_count(length)) or start.this == "0":
        raise refusal(node, names.text, "SUBSTRING takes a start from 1 and a length, both as numbers")
    return Typed(f"substring({_of(node.this, names, _TEXT).sql}, {start.this}, {length.this})", _TEXT)


def _is_count(node: object) -> TypeGuard[exp.Literal]:
    return isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit()


def _case_of_letters(node: exp.Upper | exp.Lower, names: Names) -> Typed:
    return Typed(f"{node.key}({_of(node.this, names, _TEXT).sql})", _TEXT)


def _unit(node: exp.Expression, names: Names) -> int:
    unit = unit_of(node.args["unit"].name)
    if unit is None:
        raise refusal(node, names.text, f"{node.args['unit'].name} is not a unit of time that is run here")
    return UNITS[unit]


def _dateadd(node: exp.DateAdd, names: Names) -> Typed:
    unit = _unit(node, names)
    moment = _of(_unwrapped(node.this), names, _DATETIME)
    number = _of(node.expression, names, _BIGINT)
    return Typed(f"({moment.sql} + {number.sql} * {unit})", _DATETIME)


def _datediff(node: exp.DateDiff, names: Names) -> Typed:
    """Count the boundaries between two moments: https://learn.microsoft.com/stream-analytics-query/datediff-azure-stream-analytics."""
    unit = _unit(node, names)
    end, start = (_of(_unwrapped(part), names, _DATETIME).sql for part in (node.this, node.expression))
    whole = "(({0} - (({0} % {1}) + {1}) % {1}) // {1})"
    return Typed(f"({whole.format(end, unit)} - {whole.format(start, unit)})", _BIGINT)


def _unwrapped(node: exp.Expression) -> exp.Expression:
    """Return the argument as it was written, without the conversion that sqlglot wraps it in."""
    return node.this if isinstance(node, exp.TimeStrToTime | exp.TsOrDsToTimestamp) else node


def _aggregate(node: exp.Expression, names: Names) -> Typed:
    if not names.grouped:
        raise refusal(node, names.text, f"{node.key.upper()} needs a GROUP BY with a window")
    inside, word = names.inside_aggregate(), node.key
    if isinstance(node, exp.Count):
        return _count(node, inside)
    numbers = (_FLOAT,) if isinstance(node, exp.Avg) else (_BIGINT, _FLOAT)
    moments = (_DATETIME,) if isinstance(node, exp.Min | exp.Max) else ()
    part = _of(node.this, inside, *numbers, *moments)
    sql = f"{word}({part.sql})"
    return Typed(f"CAST({sql} AS BIGINT)" if part.type is _BIGINT else sql, part.type)


def _count(node: exp.Count, inside: Names) -> Typed:
    if isinstance(node.this, exp.Star):
        return Typed("count(*)", _BIGINT)
    distinct = isinstance(node.this, exp.Distinct)
    parts = node.this.expressions if distinct else [node.this]
    if len(parts) != 1:
        raise refusal(node, inside.text, "COUNT takes one expression")
    return Typed(f"count({'DISTINCT ' if distinct else ''}{value(parts[0], inside).sql})", _BIGINT)


def type_of(node: exp.DataType) -> DataType | None:
    """Return the type that ``CAST`` or ``CREATE TABLE`` names; None if it is not run here."""
    names = {
        exp.DType.BIGINT: _BIGINT,
        exp.DType.FLOAT: _FLOAT,
        exp.DType.DOUBLE: _FLOAT,
        exp.DType.DATETIME: _DATETIME,
        exp.DType.BIT: _BIT,
        exp.DType.BOOLEAN: _BIT,
    }
    if node.this is exp.DType.NVARCHAR:
        return _TEXT if [part.name.upper() for part in node.expressions] == ["MAX"] else None
    return None if node.expressions else names.get(node.this)


_VALUES: dict[type[exp.Expression], Callable[[Any, Any], Typed]] = {
    exp.Column: lambda node, names: names.column(node),
    exp.Literal: _literal,
    exp.Null: lambda _node, _names: Typed("NULL", None),
    exp.Paren: lambda node, names: value(node.this, names),
    exp.Neg: lambda node, names: Typed(
        f"(-{(part := _of(node.this, names, _BIGINT, _FLOAT)).sql})", part.type
    ),
    exp.Abs: lambda node, names: Typed(
        f"abs({(part := _of(node.this, names, _BIGINT, _FLOAT)).sql})", part.type
    ),
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    exp.Case: _case,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Concat: _concat,
    exp.Coalesce: _coalesce,
    exp.Replace: _replace,
    exp.Substring: _substring,
    exp.Upper: _case_of_letters,
    exp.Lower: _case_of_letters,
    exp.DateAdd: _dateadd,
    exp.DateDiff: _datediff,
}
