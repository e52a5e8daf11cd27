"""Compiles one SELECT to DuckDB's SQL, and says which names it leaves for the next.

Beside its own columns every relation carries hidden ones: ``__ts``, the event's ``System.Timestamp()``, and
up to the window ``__end``, the end of the window, ``__id``, the event, and ``__first``, whether this is its
first window.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlglot import exp

from ingest.stream_analytics.data_type import DataType
from ingest.stream_analytics.language.conditions import comparison, condition
from ingest.stream_analytics.language.expressions import (
    Typed,
    is_timestamp,
    name_literal,
    refusal,
    value,
)
from ingest.stream_analytics.language.input_columns import PROCESSED
from ingest.stream_analytics.language.window_clause import is_window, read_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.stream_analytics.event_ordering.windows import Window
    from ingest.stream_analytics.language.input_columns import InputColumns


class Kind(StrEnum):
    """What a name in FROM or JOIN is."""

    INPUT = "input"
    REFERENCE = "reference"
    STEP = "step"
    WINDOWED = "step after a window"


@dataclass(frozen=True, slots=True)
class Relation:
    """What can be selected from.

    :param table: its name in DuckDB
    :param columns: names as written and types, by the names in small letters
    :param open: whether it may have further columns: of no type in an input, of text in reference data
    """

    kind: Kind
    table: str
    columns: Mapping[str, tuple[str, DataType]] = field(default_factory=dict)
    open: bool = False


@dataclass(frozen=True, slots=True)
class Compiled:
    """A SELECT in DuckDB's SQL.

    :param source: what it selects from, in small letters
    :param counted: SQL that counts the events which reach its window; empty without one
    """

    source: str
    sql: str
    columns: Mapping[str, tuple[str, DataType]]
    window: Window | None
    counted: str
    windowed: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean in one SELECT; see :class:`~ingest.stream_analytics.language.expressions.Names`."""

    text: str
    relations: Mapping[str, Relation]
    inputs: InputColumns
    timestamp: str
    grouped: bool = False
    keys: Mapping[str, Typed] = field(default_factory=dict)

    def key(self, node: exp.Expression) -> Typed | None:
        """Return the grouping key that an expression is, if it is one."""
        return self.keys.get(_form(node)) if self.keys else None

    def condition(self, node: exp.Expression) -> str:
        """Compile a condition.

        :raises QueryRefused: for what is not run here
        """
        return condition(node, self)

    def inside_aggregate(self) -> Scope:
        """Return the same names, free to be used."""
        return replace(self, grouped=False, keys={})

    def column(self, node: exp.Column) -> Typed:
        """Return a column that has a type.

        :raises QueryRefused: if it is unknown, ambiguous, without a type, or neither key nor in an aggregate
        """
        alias, relation = self._owner(node)
        found = relation.columns.get(node.name.lower())
        if found is None and relation.kind is Kind.REFERENCE:
            found = (self.inputs.reference(relation.table, node.name), DataType.TEXT)
        if found is None:
            raise refusal(
                node, self.text, f"{node.name} has no type: cast it, or declare it with CREATE TABLE"
            )
        if self.grouped:
            raise refusal(node, self.text, f"{node.name} is neither in GROUP BY nor in an aggregate")
        return Typed(f"{name_literal(alias)}.{name_literal(found[0])}", found[1])

    def converted(self, node: exp.Column, to: DataType, *, tries: bool) -> Typed | None:
        """Return a conversion of a column of an input that has no type; None for any other.

        :raises QueryRefused: as :meth:`column`
        """
        alias, relation = self._owner(node)
        if relation.kind is not Kind.INPUT or node.name.lower() in relation.columns:
            return None
        if self.grouped:
            raise refusal(node, self.text, f"{node.name} is neither in GROUP BY nor in an aggregate")
        return Typed(f"{name_literal(alias)}.{self.inputs.cast(node.name, to, tries=tries)}", to)

    def _owner(self, node: exp.Column) -> tuple[str, Relation]:
        if node.args.get("db"):
            raise refusal(node, self.text, "fields within fields are not run here")
        if node.table:
            relation = self.relations.get(node.table.lower())
            if relation is None:
                problem = f"{node.table} is not selected from; fields within fields are not run here"
                raise refusal(node, self.text, problem)
            self._known(node, relation)
            return node.table.lower(), relation
        if len(self.relations) > 1:
            raise refusal(
                node, self.text, f"{node.name} needs the name of its input before it: there are two"
            )
        ((alias, relation),) = self.relations.items()
        self._known(node, relation)
        return alias, relation

    def _known(self, node: exp.Column, relation: Relation) -> None:
        if relation.kind is Kind.INPUT and node.name.lower() == PROCESSED.lower():
            raise refusal(
                node, self.text, f"{PROCESSED} is not run here: it differs whenever events are read again"
            )
        if not relation.open and node.name.lower() not in relation.columns:
            raise refusal(node, self.text, f"there is no column {node.name}")


def compile_select(
    select: exp.Select, known: Mapping[str, Relation], inputs: InputColumns, text: str
) -> Compiled:
    """Compile a SELECT.

    :param known: inputs and steps by their names in small letters
    :raises QueryRefused: for what is not run here
    """
    source = select.args.get("from_")
    if source is None:
        raise refusal(select, text, "SELECT needs a FROM")
    alias, main = _relation(source.this, known, text)
    if main.kind is Kind.REFERENCE:
        raise refusal(source, text, "reference data is joined, not selected from")
    scope = Scope(text, {alias: main}, inputs, f"{name_literal(alias)}.__ts")
    tables = f"{main.table} AS {name_literal(alias)}"
    for join in select.args.get("joins") or ():
        scope, joined = _join(join, scope, known)
        tables += joined
    where = select.args.get("where")
    clause = f" WHERE {condition(where.this, scope)}" if where else ""
    if select.args.get("group"):
        return _grouped(select, scope, main, f"FROM {tables}{clause}", alias)
    if select.args.get("having"):
        raise refusal(select.args["having"], text, "HAVING needs a GROUP BY with a window")
    columns, listed = _list(select, scope)
    hidden = ("__ts",) if main.kind is Kind.WINDOWED else ("__ts", "__end", "__id", "__first")
    carried = ", ".join(f"{name_literal(alias)}.{name}" for name in hidden)
    windowed = main.kind is Kind.WINDOWED
    name = source.this.name.lower()
    sql = f"SELECT {listed}, {carried} FROM {tables}{clause}"  # noqa: S608 - names are quoted, values are literals
    return Compiled(name, sql, columns, None, "", windowed)


def _grouped(select: exp.Select, scope: Scope, main: Relation, rest: str, alias: str) -> Compiled:
    group = select.args["group"]
    if main.kind is Kind.WINDOWED:
        raise refusal(group, scope.text, "a window over the results of a window is not run here")
    windows = [part for part in group.expressions if is_window(part)]
    snapshots = [part for part in group.expressions if is_timestamp(part)]
    if snapshots or len(windows) != 1:
        raise refusal((snapshots or [group])[0], scope.text, "GROUP BY needs one tumbling or hopping window")
    keys = {_form(part): value(part, scope) for part in group.expressions if part is not windows[0]}
    end = f"{name_literal(alias)}.__end"
    inner = replace(scope, grouped=True, keys=keys, timestamp=end)
    columns, listed = _list(select, inner)
    having = select.args.get("having")
    kept = f" HAVING {condition(having.this, inner)}" if having else ""
    by = ", ".join([end, *(key.sql for key in keys.values())])
    return Compiled(
        select.args["from_"].this.name.lower(),
        f"SELECT {listed}, {end} AS __ts {rest} GROUP BY {by}{kept}",
        columns,
        read_window(windows[0], scope.text),
        "SELECT count(DISTINCT CASE WHEN {0}.__first THEN {0}.__id END) {1}".format(
            name_literal(alias), rest
        ),
        windowed=True,
    )


def _list(select: exp.Select, scope: Scope) -> tuple[dict[str, tuple[str, DataType]], str]:
    columns: dict[str, tuple[str, DataType]] = {}
    parts = []
    for node in select.expressions:
        if isinstance(node, exp.Star) and len(scope.relations) == 1 and not scope.grouped:
            ((alias, relation),) = scope.relations.items()
            if relation.open:
                raise refusal(node, scope.text, "SELECT * needs CREATE TABLE for the input")
            columns |= relation.columns
            parts += [f"{name_literal(alias)}.{name_literal(name)}" for name, _ in relation.columns.values()]
            continue
        plain = isinstance(node, exp.Column) and not is_timestamp(node)
        name, typed = node.alias or (node.name if plain else ""), value(node.unalias(), scope)
        if not name:
            raise refusal(node, scope.text, "an expression needs a name: AS name")
        if typed.type is None:
            raise refusal(node, scope.text, f"{name} is always NULL")
        if name.lower() in columns or name.startswith("__"):
            raise refusal(node, scope.text, f"the name {name} is taken")
        columns[name.lower()] = (name, typed.type)
        parts.append(f"{typed.sql} AS {name_literal(name)}")
    return columns, ", ".join(parts)


def _relation(node: exp.Expression, known: Mapping[str, Relation], text: str) -> tuple[str, Relation]:
    odd = [name for name, part in node.args.items() if part and name not in {"this", "alias"}]
    if not isinstance(node, exp.Table) or odd or not isinstance(node.this, exp.Identifier):
        raise refusal(node, text, "FROM takes the name of an input or of a step")
    if node.args.get("alias") and node.args["alias"].columns:
        raise refusal(node, text, "names of columns after an alias are not run here")
    relation = known.get(node.name.lower())
    if relation is None:
        raise refusal(node, text, f"{node.name} is neither an input of the job nor an earlier step")
    return (node.alias or node.name).lower(), relation


def _join(join: exp.Join, scope: Scope, known: Mapping[str, Relation]) -> tuple[Scope, str]:
    """Compile a join of reference data: https://learn.microsoft.com/stream-analytics-query/reference-data-join-azure-stream-analytics."""
    text = scope.text
    alias, relation = _relation(join.this, known, text)
    kind = f"{join.side} {join.kind}".strip()
    if relation.kind is not Kind.REFERENCE or kind not in {"", "INNER", "LEFT", "LEFT OUTER"}:
        raise refusal(join, text, "only reference data is joined here, with JOIN or LEFT JOIN")
    if join.args.get("on") is None or alias in scope.relations:
        raise refusal(join, text, "a join needs ON, and a name of its own")
    inner = replace(scope, relations={**scope.relations, alias: relation})
    tests = [_equality(part, inner) for part in _conjuncts(join.args["on"])]
    word = "LEFT JOIN" if kind.startswith("LEFT") else "JOIN"
    return inner, f" {word} {relation.table} AS {name_literal(alias)} ON {' AND '.join(tests)}"


def _conjuncts(node: exp.Expression) -> Sequence[exp.Expression]:
    if isinstance(node, exp.Paren):
        return _conjuncts(node.this)
    if isinstance(node, exp.And):
        return [*_conjuncts(node.this), *_conjuncts(node.expression)]
    return [node]


def _equality(node: exp.Expression, scope: Scope) -> str:
    if not isinstance(node, exp.EQ):
        raise refusal(node, scope.text, "ON takes equalities joined by AND")
    return comparison(node, scope)


def _form(node: exp.Expression) -> str:
    """Write a node so that the same expression always reads the same, whatever the case of its letters."""
    plain = node.this if isinstance(node, exp.Paren) else node
    return plain.sql("tsql", comments=False, normalize=True)
