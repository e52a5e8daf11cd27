"""What happens in one part of the engine and sets something off in another.

A service publishes these to the core and need not know who listens. What each sets off, and in which
order, is one table: ``Engine._wire``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened."""


@dataclass(frozen=True, slots=True)
class SchedulingDue(Event):
    """A pool has new room or new work."""

    pool_id: str
