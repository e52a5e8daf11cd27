"""Takes events in: decodes them, gives each its time, and counts those that go no further. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.stream_analytics.data_type import NotConvertible
from ingest.stream_analytics.event_ordering.open_windows import Placed
from ingest.stream_analytics.event_ordering.timeline import Placing
from ingest.stream_analytics.events.deserialization import Undecodable, rows_of
from ingest.stream_analytics.events.event_source import Position
from ingest.stream_analytics.language.input_columns import ENQUEUED, PARTITION_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ingest.stream_analytics.event_ordering.timeline import Timelines
    from ingest.stream_analytics.events.event_source import Event
    from ingest.stream_analytics.language.plan import Plan
    from ingest.stream_analytics.state import JobState

_DROPPED = {Placing.EARLY_DROPPED, Placing.LATE_DROPPED, Placing.ORDER_DROPPED}


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes events in for a plan."""

    plan: Plan
    timelines: Timelines

    def take(self, event: Event, state: JobState) -> Iterator[Placed]:
        """Yield the rows of an event that go into windows.

        :raises JobFailed: if a CAST of the query has no result: the job would stop
        """
        before = state.positions.get(event.partition)
        if before is not None and event.sequence <= before.sequence:
            state.counts.read += 1
            state.counts.repeated += 1
            return
        try:
            rows = rows_of(event.body)
        except Undecodable:
            state.counts.read += 1
            state.counts.undecodable += 1
            rows = []
        for row in rows:
            state.counts.read += 1
            placed = self._row(row, event, state)
            if placed is not None:
                yield placed
        state.positions[event.partition] = Position(event.sequence, event.offset)

    def _row(self, row: Mapping[str, object], event: Event, state: JobState) -> Placed | None:
        counts = state.counts
        metadata = {PARTITION_ID: int(event.partition), ENQUEUED: event.enqueued}
        try:
            values = tuple(column.read(row, metadata) for column in self.plan.columns)
        except NotConvertible:
            counts.undecodable += 1
            return None
        time = event.enqueued if self.plan.event_time is None else self.plan.event_time.of(row)
        if time is None:
            counts.without_time += 1
            return None
        key = "" if self.plan.substreams is None else self.plan.substreams.key_of(row)
        if key is None:
            counts.without_key += 1
            return None
        placing, time = self.timelines.place(event.partition, key, time, event.enqueued)
        counts.placed[placing] += 1
        if placing in _DROPPED:
            return None
        return Placed(self.timelines.stream(event.partition, key), time, values)
