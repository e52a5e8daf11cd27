"""Events out of a file, for trying a query: a JSON object per line, as an event hub would give it.

``{"partition": "0", "sequence": 7, "enqueued": "2018-08-29T02:10:01Z", "body": {"TS": ...}}``
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest.stream_analytics.errors import JobFailed
from ingest.stream_analytics.events.event_source import Batch, Event, Position
from ingest.stream_analytics.ticks import read_ticks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BATCH = 500


@dataclass(frozen=True, slots=True)
class EventFile:
    """Events out of a file, in its order.

    :param partitions: of the event hub that the file stands for
    """

    path: Path
    partitions: tuple[str, ...]

    def batches(self, after: Mapping[str, Position]) -> Iterator[Batch]:
        """Yield the events after a position.

        :raises JobFailed: if the file is missing, or a line is not an event
        """
        events: list[Event] = []
        try:
            with self.path.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    event = self._event(number, line)
                    known = after.get(event.partition)
                    if known is None or event.sequence > known.sequence:
                        events.append(event)
                    if len(events) == _BATCH:
                        yield Batch(events)
                        events = []
        except OSError as error:
            raise JobFailed(f"the events cannot be read: {error}") from error
        yield Batch(events)

    def _event(self, number: int, line: str) -> Event:
        try:
            found: dict[str, Any] = json.loads(line)
            enqueued = read_ticks(found["enqueued"])
            body = found["body"]
            text = body if isinstance(body, str) else json.dumps(body)
            event = Event(str(found["partition"]), int(found["sequence"]), "", enqueued or 0, text.encode())
        except (ValueError, TypeError, KeyError) as error:
            raise JobFailed(f"line {number} of {self.path} is not an event: {error!r}") from error
        if enqueued is None or event.partition not in self.partitions:
            raise JobFailed(f"line {number} of {self.path} has no time of arrival, or an unknown partition")
        return event
