"""One job schedule: what jobs it makes, and when the next is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import later, parse_duration, parse_moment
from azure_batch_emulator.records.states import SCHEDULE_MOVES, ScheduleState, next_state

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Timing:
    """When jobs are made."""

    not_before: datetime | None = None
    not_after: datetime | None = None
    window: timedelta | None = None
    """How late a job may be made; None for as late as the next one is due."""
    interval: timedelta | None = None
    """Between two jobs; None for one job in all."""

    @classmethod
    def of(cls, spec: dict[str, Any]) -> Timing:
        """Read the ``schedule`` of a body."""
        window, interval = spec.get("startWindow"), spec.get("recurrenceInterval")
        before, after = spec.get("doNotRunUntil"), spec.get("doNotRunAfter")
        return cls(
            parse_moment(before) if before else None,
            parse_moment(after) if after else None,
            parse_duration(window) if window else None,
            parse_duration(interval) if interval else None,
        )

    def latest(self, due: datetime, now: datetime) -> datetime | None:
        """Return the run time that counts now: the last that has come, the next one if that is lost.

        :param due: the first run time that was not used yet
        :return: None if there is none any more
        """
        if self.interval is not None and now > due:
            due += (now - due) // self.interval * self.interval
        if self.window is not None and now > later(due, self.window):
            if self.interval is None:
                return None
            due = later(due, self.interval)
        return None if self.not_after is not None and due > self.not_after else due

    def following(self, due: datetime) -> datetime | None:
        """Return the run time after one that was used."""
        return later(due, self.interval) if self.interval is not None else None


@dataclass(slots=True, eq=False)
class Schedule:
    """One job schedule; ``spec`` is the accepted body."""

    id: str
    number: int
    spec: dict[str, Any]
    created: datetime
    modified: datetime
    etag: int
    state_since: datetime
    state: ScheduleState = ScheduleState.ACTIVE
    previous_state: ScheduleState | None = None
    previous_since: datetime | None = None
    due: datetime | None = None
    """When the next job is to be made, or was to be made already; None when there is no next one."""
    jobs_made: int = 0
    recent_job: str | None = None
    auto_pool: str | None = None
    """Id of the pool that its jobs have in common."""
    ended: datetime | None = None

    @property
    def key(self) -> str:
        """Tell the id as the service compares it."""
        return self.id.lower()

    @property
    def timing(self) -> Timing:
        """Tell when jobs are made."""
        return Timing.of(self.spec.get("schedule") or {})

    @property
    def is_live(self) -> bool:
        """Tell whether it counts against the quota."""
        return self.state is not ScheduleState.COMPLETED

    def move(self, event: str, *, now: datetime, etag: int) -> None:
        """Change state by the table.

        :raises IllegalMove: if the present state does not answer to ``event``
        """
        state = next_state(SCHEDULE_MOVES, self.state, event)
        self.previous_state, self.previous_since = self.state, self.state_since
        self.state, self.state_since = state, now
        self.modified, self.etag = now, etag
