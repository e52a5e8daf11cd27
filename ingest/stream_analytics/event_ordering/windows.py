"""Tumbling and hopping windows: which of them an event is in. Pure.

A window is exclusive of its start and inclusive of its end, and is aligned to midnight:
https://learn.microsoft.com/stream-analytics-query/windowing-azure-stream-analytics
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """A tumbling window, or a hopping one.

    :param size: length in ticks
    :param hop: distance between two ends in ticks; the size, if it tumbles
    :param offset: ticks by which all windows are shifted
    """

    size: int
    hop: int
    offset: int = 0

    def ends(self, time: int) -> range:
        """List the ends of the windows that an event is in, first to last; all in ticks."""
        first = -((self.offset - time) // self.hop) * self.hop + self.offset
        return range(first, first + self.size, self.hop)
