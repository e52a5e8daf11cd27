"""The columns that a query takes from events and from reference data, and how it converts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from ingest.stream_analytics.data_type import DataType, NotConvertible, Scalar, cast, declared
from ingest.stream_analytics.errors import JobFailed

if TYPE_CHECKING:
    from collections.abc import Mapping


PARTITION_ID = "PartitionId"
ENQUEUED = "EventEnqueuedUtcTime"
METADATA = {PARTITION_ID: DataType.BIGINT, ENQUEUED: DataType.DATETIME}
"""Columns that an input from an event hub has beside those of its events, unless CREATE TABLE declares one of
that name. The third one, when the event was processed, is refused: no later run would give the same result.
https://learn.microsoft.com/azure/stream-analytics/stream-analytics-define-inputs"""
PROCESSED = "EventProcessedUtcTime"


class Conversion(StrEnum):
    """How the value in an event becomes the column's."""

    DECLARED = "CREATE TABLE"
    CAST = "CAST"
    TRY_CAST = "TRY_CAST"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class InputColumn:
    """A column of the table of events.

    :param name: in the event
    :param table_name: in DuckDB
    """

    name: str
    type: DataType
    conversion: Conversion
    table_name: str

    def read(self, row: Mapping[str, object], metadata: Mapping[str, int]) -> Scalar:
        """Take the column from an event; a column it has not is NULL.

        :param metadata: values of the columns of METADATA
        :raises NotConvertible: if ``CREATE TABLE`` declares another type
        :raises JobFailed: if ``CAST`` has no result: the job would stop
        """
        value = field_of(row, self.name)
        if self.conversion is Conversion.METADATA:
            return metadata[self.name]
        if self.conversion is Conversion.DECLARED:
            return declared(value, self.type)
        try:
            return cast(value, self.type)
        except NotConvertible as error:
            if self.conversion is Conversion.TRY_CAST:
                return None
            raise JobFailed(f"CAST of {self.name} failed: {error}; TRY_CAST would give NULL") from error


@dataclass(slots=True)
class InputColumns:
    """Collects them while the query is compiled."""

    columns: dict[tuple[str, DataType, Conversion], InputColumn] = field(default_factory=dict)
    references: dict[str, set[str]] = field(default_factory=dict)
    """Columns of reference data in small letters, by its table."""

    def declare(self, name: str, of: DataType) -> str:
        """Add a column of ``CREATE TABLE``; return its name in DuckDB."""
        return self._add(name, of, Conversion.DECLARED)

    def metadata(self, name: str, of: DataType) -> str:
        """Add a column of METADATA; return its name in DuckDB."""
        return self._add(name, of, Conversion.METADATA)

    def cast(self, name: str, to: DataType, *, tries: bool) -> str:
        """Add a conversion; return its name in DuckDB."""
        return self._add(name, to, Conversion.TRY_CAST if tries else Conversion.CAST)

    def reference(self, table: str, name: str) -> str:
        """Add a column of reference data; return its name in DuckDB."""
        self.references.setdefault(table, set()).add(name.lower())
        return name.lower()

    def _add(self, name: str, kind: DataType, conversion: Conversion) -> str:
        own = name if conversion in {Conversion.DECLARED, Conversion.METADATA} else f"__c{len(self.columns)}"
        column = InputColumn(name, kind, conversion, own)
        return self.columns.setdefault((name.lower(), kind, conversion), column).table_name


def field_of(row: Mapping[str, object], name: str) -> object:
    """Return a field of an event: of this very name, or else regardless of case; None if it has neither."""
    if name in row:
        return row[name]
    lower = name.lower()
    return next((value for key, value in row.items() if key.lower() == lower), None)
