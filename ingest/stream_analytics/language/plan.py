"""What a query does, ready to be executed: the result of reading it once, when the job starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.stream_analytics.errors import JobRefused
from ingest.stream_analytics.language.event_time import EventTime, Substreams, read_event_time
from ingest.stream_analytics.language.expressions import name_literal, refusal
from ingest.stream_analytics.language.input_columns import METADATA, PARTITION_ID, InputColumn, InputColumns
from ingest.stream_analytics.language.query import read_query
from ingest.stream_analytics.language.selects import Compiled, Kind, Relation, compile_select
from ingest.stream_analytics.language.vocabulary import refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlglot import exp

    from ingest.stream_analytics.data_type import DataType
    from ingest.stream_analytics.event_ordering.windows import Window
    from ingest.stream_analytics.language.query import Query
    from ingest.stream_analytics.language.timestamp_clause import TimestampClause

EVENTS = "events"
"""DuckDB's table with the events of the windows that close."""


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """What one SELECT ... INTO computes from the events of closed windows.

    :param sql: its rows, with ``__ts`` as their last column
    :param counted: number of the events that reach their first window
    :param columns: names and types, without ``__ts``
    """

    name: str
    window: Window
    sql: str
    counted: str
    columns: tuple[tuple[str, DataType], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a query does.

    :param input: name of the input with the events
    :param event_time: None for the time of arrival
    :param substreams: None for one timeline of all events
    :param columns: what is taken from events
    :param references: columns that are taken from reference data, by the name of its input
    """

    input: str
    event_time: EventTime | None
    substreams: Substreams | None
    columns: tuple[InputColumn, ...]
    references: Mapping[str, frozenset[str]]
    outputs: tuple[OutputPlan, ...]


def plan_of(text: str, *, streams: Iterable[str], references: Iterable[str], outputs: Iterable[str]) -> Plan:
    """Plan a query.

    :param streams: inputs with events, of the job
    :param references: inputs with reference data
    :param outputs: its outputs
    :raises QueryRefused: for what is not run here, with its place
    :raises JobRefused: if the job has no input with events, or several
    """
    query = read_query(text)
    names = [*streams]
    if len(names) != 1:
        raise JobRefused(f"a job has one input with events here, not {len(names)}")
    inputs = InputColumns()
    known = _inputs(query, names[0], references, inputs)
    compiled: dict[str, Compiled] = {}
    for name, step in query.steps:
        if name.lower() in known:
            raise refusal(step, text, f"the name {name} is taken")
        compiled[name.lower()] = found = compile_select(step, known, inputs, text)
        kind = Kind.WINDOWED if found.windowed else Kind.STEP
        known[name.lower()] = Relation(kind, _table(name), found.columns)
    planned = tuple(_output(select, known, compiled, inputs, text) for select in query.outputs)
    _check_outputs(query, planned, outputs)
    event_time, substreams = _times(query, names[0])
    _check_keys(query, substreams)
    used = inputs.references
    return Plan(
        names[0],
        event_time,
        substreams,
        tuple(inputs.columns.values()),
        {name: frozenset(used[_table(name)]) for name in references if _table(name) in used},
        planned,
    )


def reference_table(name: str) -> str:
    """Return the name of reference data in DuckDB."""
    return _table(name)


def _table(name: str) -> str:
    return name_literal(f"_{name.lower()}")


def _inputs(
    query: Query, stream: str, references: Iterable[str], inputs: InputColumns
) -> dict[str, Relation]:
    declared = query.tables.get(stream.lower(), {})
    columns = {name.lower(): (inputs.declare(name, kind), kind) for name, kind in declared.items()}
    for name, kind in METADATA.items():
        columns.setdefault(name.lower(), (inputs.metadata(name, kind), kind))
    known = {stream.lower(): Relation(Kind.INPUT, EVENTS, columns, open=not declared)}
    for name in references:
        known[name.lower()] = Relation(Kind.REFERENCE, _table(name), open=True)
    for name in query.tables:
        if name != stream.lower():
            raise refusal(
                query.outputs[0], query.text, f"CREATE TABLE is run for an input with events, not {name}"
            )
    return known


def _output(
    select: exp.Select,
    known: Mapping[str, Relation],
    steps: Mapping[str, Compiled],
    inputs: InputColumns,
    text: str,
) -> OutputPlan:
    into = select.args.get("into")
    found = compile_select(select, known, inputs, text)
    chain = _chain(select, steps)
    windows = [step for step in (*(steps[name] for name in chain), found) if step.window is not None]
    if len(windows) != 1 or windows[0].window is None:
        raise refusal(select, text, "a SELECT without a window between input and output is not run here")
    before = [name for name in chain if steps[name].window is None and not steps[name].windowed]
    return OutputPlan(
        into.this.name if into else "output",
        windows[0].window,
        f"{_with(chain, steps)} {found.sql} ORDER BY ALL",
        f"{_with(before, steps)} {windows[0].counted}",
        tuple(found.columns.values()),
    )


def _chain(select: exp.Select, steps: Mapping[str, Compiled]) -> Sequence[str]:
    """List the steps in the order of their definition, up to the last one that a SELECT needs."""
    needed: list[str] = []
    name = select.args["from_"].this.name.lower()
    while name in steps:
        needed.insert(0, name)
        name = steps[name].source
    return needed


def _with(names: Sequence[str], steps: Mapping[str, Compiled]) -> str:
    listed = ", ".join(f"{_table(name)} AS ({steps[name].sql})" for name in names)
    return f"WITH {listed}" if listed else ""


def _times(query: Query, stream: str) -> tuple[EventTime | None, Substreams | None]:
    """Return the one ``TIMESTAMP BY`` of all SELECTs from the input with events."""
    found: list[tuple[EventTime | None, Substreams | None]] = []
    for select in [*(step for _, step in query.steps), *query.outputs]:
        source, clause = select.args["from_"].this, query.timestamps.get(id(select))
        if source.name.lower() != stream.lower():
            if clause is not None:
                raise refused("this stands after an input, not after a step", query.text, clause.start)
            continue
        times = (
            (None, None)
            if clause is None
            else _clause(clause, (source.alias or source.name).lower(), query.text)
        )
        if found and found[0] != times:
            raise refusal(select, query.text, f"{stream} is read with two different times")
        found.append(times)
    return found[0] if found else (None, None)


def _clause(clause: TimestampClause, alias: str, text: str) -> tuple[EventTime | None, Substreams | None]:
    time = None if clause.tree is None else read_event_time(clause.tree, alias, text)
    return time, Substreams(clause.over) if clause.over is not None else None


def _check_keys(query: Query, substreams: Substreams | None) -> None:
    """Refuse to aggregate over several substreams, which have no common time.

    https://learn.microsoft.com/stream-analytics-query/timestamp-by-azure-stream-analytics, limitation 4
    """
    if substreams is None:
        return
    wanted = {column.lower() for column in (*substreams.columns, PARTITION_ID)}
    for select in [*(step for _, step in query.steps), *query.outputs]:
        group = select.args.get("group")
        if group is not None and (missing := wanted - {part.name.lower() for part in group.expressions}):
            raise refusal(group, query.text, f"{', '.join(sorted(missing))} of OVER has to be in GROUP BY")


def _check_outputs(query: Query, planned: Sequence[OutputPlan], outputs: Iterable[str]) -> None:
    known = {name.lower() for name in outputs}
    names = [output.name.lower() for output in planned]
    for select, name in zip(query.outputs, names, strict=True):
        if name not in known:
            raise refusal(select.args.get("into") or select, query.text, f"the job has no output {name}")
        if names.count(name) > 1:
            raise refusal(select.args.get("into") or select, query.text, f"two SELECTs write to {name}")
