"""Copies of a DAG run in Airflow's database: a long history that nobody has had to run.

A copy has every row that the run left in the tables that grow, with ids of its own and earlier times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

if TYPE_CHECKING:
    from datetime import timedelta

    import psycopg2.extensions

TABLES: dict[str, LiteralString] = {
    "dag_run": "t.dag_id = %(dag)s and t.run_id = %(run)s",
    "dag_run_note": "t.dag_run_id = (select id from dag_run where dag_id = %(dag)s and run_id = %(run)s)",
    "task_instance": "t.dag_id = %(dag)s and t.run_id = %(run)s",
    "task_instance_history": "t.dag_id = %(dag)s and t.run_id = %(run)s",
    "rendered_task_instance_fields": "t.dag_id = %(dag)s and t.run_id = %(run)s",
    "xcom": "t.dag_id = %(dag)s and t.run_id = %(run)s",
    "log": "t.dag_id = %(dag)s and t.run_id = %(run)s",
    "asset_event": "t.source_dag_id = %(dag)s and t.source_run_id = %(run)s",
}
"""Tables with rows of a run, each after those that it refers to, and which rows are the run's."""
_RENDERED_RUNS = 30
"""So many runs of a task keep their rendered fields, unless Airflow is told otherwise."""
_RUN: LiteralString = "'copy__' || g || '__' || %(run)s"


@dataclass(frozen=True, slots=True)
class CopiedRuns:
    """A DAG run, and copies of it.

    :param every: time between a copy and the one before
    """

    dag_id: str
    run_id: str
    every: timedelta

    def write(self, cursor: psycopg2.extensions.cursor, count: int) -> None:
        """Add so many copies, each earlier than the one before."""
        for table, is_of_run in TABLES.items():
            number = min(count, _RENDERED_RUNS) if table.startswith("rendered") else count
            asked = {"dag": self.dag_id, "run": self.run_id, "count": number, "every": self.every}
            values = dict(_values(cursor, table))
            cursor.execute(
                f"insert into {table} ({', '.join(values)}) "  # noqa: S608  all names are the schema's
                f"select {', '.join(values.values())} from {table} as t "
                "cross join generate_series(1, %(count)s) as g "
                f"left join dag_run as copy on copy.dag_id = %(dag)s and copy.run_id = {_RUN} "
                f"where {is_of_run}",
                asked,
            )


def _values(cursor: psycopg2.extensions.cursor, table: str) -> list[tuple[str, str]]:
    """Return the columns of a copied row, and what is in them; numbers of rows are left to the database."""
    cursor.execute(
        "select column_name, data_type from information_schema.columns where table_name = %s", (table,)
    )
    return [
        (name, _value(table, name, kind))
        for name, kind in cursor.fetchall()
        if (name, kind) not in {("id", "integer"), ("id", "bigint")}
    ]


def _value(table: str, name: str, kind: str) -> str:
    if name in {"run_id", "source_run_id"}:
        return _RUN
    if name == "dag_run_id":
        return "copy.id"
    if kind == "uuid" and name in {"id", "task_instance_id"}:
        return "gen_random_uuid()"
    if (table, name) == ("dag_run", "logical_date"):
        return "t.run_after - g * %(every)s"  # a run that was asked for has none
    if (table, name) == ("dag_run", "run_type"):
        return "'scheduled'"
    return f"t.{name} - g * %(every)s" if kind.startswith("timestamp") else f't."{name}"'
