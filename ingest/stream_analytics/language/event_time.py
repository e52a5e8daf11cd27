"""``TIMESTAMP BY``: the time of an event, out of the event.

https://learn.microsoft.com/stream-analytics-query/timestamp-by-azure-stream-analytics
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from ingest.stream_analytics.language.expressions import refusal
from ingest.stream_analytics.language.input_columns import field_of
from ingest.stream_analytics.ticks import UNITS, read_ticks, unit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_EARLIEST, _LATEST = read_ticks("0001-01-02T00:00:00Z") or 0, read_ticks("9999-12-30T00:00:00Z") or 0


@dataclass(frozen=True, slots=True)
class EventTime:
    """Where an event has its time: as text in ISO 8601, or as a count of units since a moment.

    :param column: field of the event
    :param unit: ticks of a unit; 0 for text
    :param since: ticks of the moment
    """

    column: str
    unit: int = 0
    since: int = 0

    def of(self, row: Mapping[str, object]) -> int | None:
        """Return the time of an event in ticks; None if it has none: the event is then dropped."""
        value = field_of(row, self.column)
        if not self.unit:
            return read_ticks(value) if isinstance(value, str) else None
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        ticks = self.since + value * self.unit
        return ticks if _EARLIEST < ticks < _LATEST else None


@dataclass(frozen=True, slots=True)
class Substreams:
    """What ``OVER`` names: each value of these fields, and each partition, has a timeline of its own.

    :param columns: fields of the event, without ``PartitionId``
    """

    columns: tuple[str, ...]

    def key_of(self, row: Mapping[str, object]) -> str | None:
        """Return the key of an event; None if one of its fields is NULL: the event is then dropped."""
        values = [field_of(row, column) for column in self.columns]
        return None if None in values else json.dumps(values)


def read_event_time(node: exp.Expression, alias: str, text: str) -> EventTime:
    """Read what stands after ``TIMESTAMP BY``: a column, or ``DATEADD(unit, column, 'moment')``.

    :param alias: name of the input in the SELECT
    :raises QueryRefused: for any other expression
    """
    if isinstance(node, exp.Column):
        return EventTime(_column(node, alias, text))
    if isinstance(node, exp.DateAdd) and isinstance(node.expression, exp.Column):
        literals = [part for part in node.this.find_all(exp.Literal) if part.is_string]
        since = read_ticks(literals[0].this) if len(literals) == 1 else None
        unit = unit_of(node.args["unit"].name)
        if since is not None and unit is not None:
            return EventTime(_column(node.expression, alias, text), UNITS[unit], since)
    raise refusal(node, text, "TIMESTAMP BY takes a column, or DATEADD(unit, column, 'moment')")


def _column(node: exp.Column, alias: str, text: str) -> str:
    if node.args.get("db") or node.table.lower() not in {"", alias}:
        raise refusal(node, text, "TIMESTAMP BY takes a column of the event itself")
    return str(node.name)
