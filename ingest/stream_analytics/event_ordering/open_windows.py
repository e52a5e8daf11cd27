"""Events of windows that are not closed yet, in memory. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.stream_analytics.data_type import Scalar
    from ingest.stream_analytics.event_ordering.windows import Window


class Placed(NamedTuple):
    """An event in time.

    :param stream: timeline that closes its windows
    :param time: its ``System.Timestamp()``, in ticks
    :param values: its columns
    """

    stream: str
    time: int
    values: tuple[Scalar, ...]


class InWindow(NamedTuple):
    """An event in a window that closes.

    :param end: of the window, in ticks
    :param first: whether it is the event's first window
    """

    end: int
    first: bool
    event: Placed


@dataclass(slots=True)
class OpenWindows:
    """The open windows of one output."""

    window: Window
    streams: dict[str, dict[int, list[Placed]]] = field(default_factory=dict)
    waiting: int = 0
    """Events whose first window is open."""

    def add(self, event: Placed, closed: int | None = None) -> None:
        """Add an event to its windows.

        :param closed: watermark up to which windows have closed already, for an event that is read again from
            state
        """
        ends = self.window.ends(event.time)
        windows = self.streams.setdefault(event.stream, {})
        for place, end in enumerate(ends):
            if closed is None or end >= closed:
                windows.setdefault(end, []).append(event)
                self.waiting += place == 0

    def close(self, stream: str, watermark: int) -> Iterator[InWindow]:
        """Take the events of windows that end before a watermark.

        At the watermark itself an event may still come, adjusted to it or in time, and a window includes its
        end.
        """
        windows = self.streams.get(stream, {})
        for end in sorted(end for end in windows if end < watermark):
            for event in windows.pop(end):
                first = self.window.ends(event.time)[0] == end
                self.waiting -= first
                yield InWindow(end, first, event)
        if not windows:
            self.streams.pop(stream, None)

    def events(self) -> Iterator[Placed]:
        """Yield every event that waits, once."""
        seen: set[int] = set()
        for windows in self.streams.values():
            for events in windows.values():
                for event in events:
                    if id(event) not in seen:
                        seen.add(id(event))
                        yield event
