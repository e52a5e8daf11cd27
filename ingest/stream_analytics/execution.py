"""Executes a plan in DuckDB, on the events of windows that have closed."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from ingest.stream_analytics.data_type import DataType, Scalar
from ingest.stream_analytics.errors import JobFailed
from ingest.stream_analytics.language.expressions import name_literal
from ingest.stream_analytics.language.plan import EVENTS, reference_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ingest.stream_analytics.event_ordering.open_windows import InWindow
    from ingest.stream_analytics.language.plan import OutputPlan, Plan

_ARROW = {
    DataType.BIGINT: pa.int64(),
    DataType.FLOAT: pa.float64(),
    DataType.TEXT: pa.string(),
    DataType.DATETIME: pa.int64(),
    DataType.BIT: pa.bool_(),
}


class Execution:
    """A database in memory with the reference data of a job.

    :param references: bytes of each CSV file, and its delimiter, by the name of the input
    :raises JobFailed: if a file lacks a column that the query uses
    """

    def __init__(self, plan: Plan, references: Mapping[str, tuple[bytes, str]]) -> None:
        # One thread adds up in the order of the events: the same events always give the same last digit.
        self._database = duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": "false"})
        self._schema = pa.schema(
            [
                *[pa.field(column.table_name, _ARROW[column.type]) for column in plan.columns],
                *[pa.field(name, pa.int64()) for name in ("__ts", "__end", "__id")],
                pa.field("__first", pa.bool_()),
            ]
        )
        for name, columns in plan.references.items():
            self._load(name, sorted(columns), *references[name])

    def run(self, output: OutputPlan, events: Sequence[InWindow]) -> tuple[list[tuple[Scalar, ...]], int]:
        """Compute an output from the events of closed windows.

        :return: its rows, each with its ``System.Timestamp()`` last; and how many events reached their first
            window
        :raises JobFailed: if a number overflows: the job would stop
        """
        table = pa.Table.from_pylist([], self._schema) if not events else self._table(events)
        self._database.register(EVENTS, table)
        try:
            rows = self._database.execute(output.sql).fetchall()
            ((counted,),) = self._database.execute(output.counted).fetchall()
        except duckdb.Error as error:
            raise JobFailed(f"the query of {output.name} failed: {error}") from error
        finally:
            self._database.unregister(EVENTS)
        return rows, counted

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _table(self, events: Sequence[InWindow]) -> pa.Table:
        ids = {id(item.event): number for number, item in enumerate(events)}
        columns: list[Iterable[object]] = [
            *zip(*(item.event.values for item in events), strict=True),
            [item.event.time for item in events],
            [item.end for item in events],
            [ids[id(item.event)] for item in events],
            [item.first for item in events],
        ]
        return pa.table(
            [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)],
            schema=self._schema,
        )

    def _load(self, name: str, columns: Sequence[str], content: bytes, delimiter: str) -> None:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter)
        header = [title.strip().lower() for title in next(rows, [])]
        if missing := [column for column in columns if column not in header]:
            raise JobFailed(f"the reference data {name} has no column {', '.join(missing)}")
        places = [header.index(column) for column in columns]
        kept = [row for row in rows if row]
        for number, row in enumerate(kept, 2):
            if len(row) != len(header):
                raise JobFailed(
                    f"row {number} of the reference data {name} has {len(row)} fields, not {len(header)}"
                )
        table = pa.table(
            [pa.array([row[place] for row in kept], pa.string()) for place in places], names=columns
        )
        self._database.register("loaded", table)
        listed = ", ".join(map(name_literal, columns))
        self._database.execute(f"CREATE TABLE {reference_table(name)} AS SELECT {listed} FROM loaded")  # noqa: S608 - names are quoted
        self._database.unregister("loaded")
