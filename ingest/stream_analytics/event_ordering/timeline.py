"""When an event counts as having happened, and how far time has come: the event ordering policies.

Pure, without a clock.

https://learn.microsoft.com/azure/stream-analytics/stream-analytics-time-handling
https://learn.microsoft.com/azure/stream-analytics/event-ordering
https://learn.microsoft.com/stream-analytics-query/time-skew-policies-azure-stream-analytics

Late arrival is judged first, then order. A partition has a watermark of its own; windows close by the lowest.
The pages contradict each other once: see "what the documentation leaves open" in
``docs/stream-analytics.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ingest.stream_analytics.ticks import TICKS_PER_SECOND

EARLY_TOLERANCE = 300 * TICKS_PER_SECOND
"""Fixed: events that are more than five minutes ahead of their arrival are dropped."""


class Placing(StrEnum):
    """What the policies did with an event."""

    ON_TIME = "on time"
    LATE_ADJUSTED = "adjusted, late"
    ORDER_ADJUSTED = "adjusted, out of order"
    LATE_DROPPED = "dropped, late"
    ORDER_DROPPED = "dropped, out of order"
    EARLY_DROPPED = "dropped, early"


@dataclass(frozen=True, slots=True)
class EventOrdering:
    """Policies of a job; all lengths in ticks.

    :param out_of_order: how far behind the latest event an event may be
    :param late: how long after its time an event may arrive; None for any time
    :param drop: whether other events are dropped; else their time is adjusted
    """

    out_of_order: int = 0
    late: int | None = 5 * TICKS_PER_SECOND
    drop: bool = False


@dataclass(slots=True)
class Timeline:
    """Time of one partition; all moments in ticks.

    :param largest: latest time of an event so far
    :param watermark: no event will have an earlier time; None before the first event
    :param arrived: when the last event arrived at the hub
    """

    largest: int | None = None
    watermark: int | None = None
    arrived: int | None = None

    def place(self, time: int, arrival: int, ordering: EventOrdering) -> tuple[Placing, int]:
        """Give an event its ``System.Timestamp()``, and let time progress.

        :param time: of the event, by ``TIMESTAMP BY``
        :param arrival: when the hub got it
        :return: what was done, and the time; of no meaning if the event was dropped
        """
        self.arrived = arrival
        if time - arrival > EARLY_TOLERANCE:
            return Placing.EARLY_DROPPED, time
        placing = Placing.ON_TIME
        if ordering.late is not None and arrival - time > ordering.late:
            if ordering.drop:
                return Placing.LATE_DROPPED, time
            placing, time = Placing.LATE_ADJUSTED, arrival - ordering.late
        if self.watermark is not None and time < self.watermark:
            if ordering.drop:
                return Placing.ORDER_DROPPED, time
            placing, time = Placing.ORDER_ADJUSTED, self.watermark
        self._see(time, ordering)
        return placing, time

    def wait(self, estimated_arrival: int, ordering: EventOrdering) -> None:
        """Let time progress without an event, to the late arrival tolerance before the estimated arrival."""
        if ordering.late is not None:
            self._advance(estimated_arrival - ordering.late)

    def _see(self, time: int, ordering: EventOrdering) -> None:
        self.largest = time if self.largest is None else max(self.largest, time)
        self._advance(self.largest - ordering.out_of_order)

    def _advance(self, to: int) -> None:
        self.watermark = to if self.watermark is None else max(self.watermark, to)


@dataclass(slots=True)
class Timelines:
    """Time of all partitions, or with ``TIMESTAMP BY ... OVER`` of every substream.

    A substream has a timeline of its own. Only the late arrival tolerance holds them together: none may be
    further behind the partition's time of arrival.

    :param partitions: all of the event hub
    :param separate: whether there are substreams
    """

    ordering: EventOrdering
    partitions: tuple[str, ...]
    separate: bool = False
    lines: dict[str, Timeline] = field(default_factory=dict)
    """By partition; of substreams by partition and key, see :meth:`stream`."""
    floors: dict[str, int] = field(default_factory=dict)
    """With substreams: the earliest time that a partition still takes."""

    def stream(self, partition: str, key: str) -> str:
        """Return the name of the timeline that closes an event's windows; without substreams there is one."""
        return f"{partition} {key}" if self.separate else ""

    def place(self, partition: str, key: str, time: int, arrival: int) -> tuple[Placing, int]:
        """Give an event its time; see :meth:`Timeline.place`."""
        if not self.separate:
            return self.lines.setdefault(partition, Timeline()).place(time, arrival, self.ordering)
        self.wait(partition, arrival)
        line = self.lines.setdefault(
            self.stream(partition, key), Timeline(watermark=self.floors.get(partition))
        )
        if (floor := self.floors.get(partition)) is not None:
            line.watermark = floor if line.watermark is None else max(line.watermark, floor)
        return line.place(time, arrival, self.ordering)

    def wait(self, partition: str, estimated_arrival: int) -> None:
        """Let a partition's time progress without an event; see :meth:`Timeline.wait`."""
        if not self.separate:
            self.lines.setdefault(partition, Timeline()).wait(estimated_arrival, self.ordering)
        elif self.ordering.late is not None:
            floor = estimated_arrival - self.ordering.late
            self.floors[partition] = max(self.floors.get(partition, floor), floor)

    def watermark(self, stream: str) -> int | None:
        """Return the watermark that closes windows; None while nothing may close.

        :param stream: from :meth:`stream`
        """
        if self.separate:
            marks = [self.floors.get(stream.partition(" ")[0]), self.lines.get(stream, Timeline()).watermark]
            return max((mark for mark in marks if mark is not None), default=None)
        lines = [
            self.lines[partition].watermark if partition in self.lines else None
            for partition in self.partitions
        ]
        known = [mark for mark in lines if mark is not None]
        return min(known) if known and len(known) == len(lines) else None

    def forget(self, stream: str) -> None:
        """Forget a substream that is not ahead of its partition's floor: a new one would begin the same."""
        line, floor = self.lines.get(stream), self.floors.get(stream.partition(" ")[0])
        if self.separate and line is not None and floor is not None and (line.watermark or floor) <= floor:
            del self.lines[stream]
