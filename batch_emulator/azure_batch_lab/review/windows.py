"""What can be told of a window of samples: how long it is, and how full it can get."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.errors import Fault
from azure_batch_emulator.autoscale.samples import PERIOD
from azure_batch_emulator.autoscale.times import TICKS_PER_SECOND, Interval, Timestamp
from azure_batch_emulator.autoscale.values import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from azure_batch_lab.review.fact import Fact

FULL = 100.0
"""Per cent."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window up to the present, or between two moments of the past."""

    near: float | None
    """Seconds from now back to its newer bound; None if they are not known."""
    far: float | None
    """The same to its older bound."""

    @classmethod
    def of(cls, bounds: Sequence[Fact]) -> Window:
        """Make it of one bound or two, in any order.

        :raises Fault: if one can be no bound
        """
        back = [_back(bound) for bound in bounds]
        if len(back) == 1:
            back.append(0.0)
        known = sorted(seconds for seconds in back if seconds is not None)
        return cls(known[0], known[1]) if len(known) == len(back) else cls(None, None)

    def __str__(self) -> str:
        if self.near is None or self.far is None:
            return "a window"
        if self.near <= 0:
            return f"a window of {self.far:g} s"
        return f"a window from {self.far:g} s to {self.near:g} s ago"

    def most_percent(self, lag: timedelta) -> float:
        """Tell how full it can get, 0 to 100, if samples are so late or later."""
        if self.near is None or self.far is None:
            return FULL
        visible = self.far - max(self.near, lag.total_seconds())
        if visible <= 0:
            return 0.0
        samples = math.ceil(visible / PERIOD.total_seconds())
        return min(FULL, 100 * samples * PERIOD.total_seconds() / (self.far - self.near))


def _back(bound: Fact) -> float | None:
    if bound.kinds and not bound.kinds & {Timestamp, Interval}:
        names = " or ".join(sorted(map(kind_of, bound.kinds)))
        raise Fault(f"a window is bounded by a timestamp or a timeinterval, not a {names}")
    if bound.span is None or len(bound.kinds) != 1:
        return None
    seconds = bound.span.ticks / TICKS_PER_SECOND
    return seconds if Interval in bound.kinds else -seconds
