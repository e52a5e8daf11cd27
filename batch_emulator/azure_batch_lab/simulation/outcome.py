"""What came of a simulation: figures, and what they cost at a price that somebody names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from azure_batch_lab.errors import BadInput

if TYPE_CHECKING:
    from azure_batch_lab.simulation.meter import Snapshot


@dataclass(frozen=True, slots=True)
class Prices:
    """What an hour of a node costs, in any currency."""

    dedicated: float
    spot: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(price) and price >= 0 for price in (self.dedicated, self.spot)):
            raise BadInput("a price is a number that is not negative")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a policy did."""

    name: str
    tasks: int
    unfinished: int
    """Tasks that were not done a day after the end."""
    rerun: int
    """Attempts beyond the first of each task."""
    dedicated_hours: float
    spot_hours: float
    busy_slot_hours: float
    slots: int
    """Of a node."""
    evictions: int
    waits: tuple[timedelta, ...]
    """From the beginning of each hour to its last task done; without hours that had none, or never were."""
    late_rounds: int
    """Hours whose tasks were never all done."""
    failed_evaluations: int
    refused_announcements: int
    snapshots: tuple[Snapshot, ...]

    @property
    def node_hours(self) -> float:
        """Tell what was paid for, of either kind."""
        return self.dedicated_hours + self.spot_hours

    @property
    def idle_share(self) -> float:
        """Tell which share of what was paid for did nothing, 0 to 1; 0 if nothing was paid for."""
        slot_hours = self.node_hours * self.slots
        return max(0.0, 1 - self.busy_slot_hours / slot_hours) if slot_hours else 0.0

    @property
    def mean_wait(self) -> timedelta | None:
        """Tell how long an hour takes on average; None if none was ever done."""
        return sum(self.waits, timedelta()) / len(self.waits) if self.waits else None

    @property
    def p95_wait(self) -> timedelta | None:
        """Tell how long the slow hours take: 95 % are done by then (nearest rank)."""
        ordered = sorted(self.waits)
        return ordered[math.ceil(0.95 * len(ordered)) - 1] if ordered else None

    def cost(self, prices: Prices) -> float:
        """Tell what it costs."""
        return self.dedicated_hours * prices.dedicated + self.spot_hours * prices.spot
