"""The ground floor of the engine: its settings and records, its time, what falls due and what follows.

Imports no service. A service takes the core, and the other services that it calls.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from azure_batch_emulator.moments import later
from azure_batch_emulator.service.events import Event
from azure_batch_emulator.timers import TimerQueue

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from azure_batch_emulator.records.account import Account
    from azure_batch_emulator.settings import Settings
    from azure_batch_emulator.timers import Timer

_Event = TypeVar("_Event", bound=Event)


class Versioned(Protocol):
    """A record that knows when it was last written."""

    modified: datetime
    etag: int


class EngineCore:
    """Settings, account, clock and timers of one engine."""

    def __init__(self, settings: Settings, account: Account, *, now: datetime) -> None:
        self.settings = settings
        self.account = account
        self.now = max(now, account.now or now)
        self.url = ""
        """Where tasks find the service; known once it listens."""
        self.timers = TimerQueue()
        self.wake: Callable[[], None] = lambda: None
        """Called, from any thread, when the engine should advance soon."""
        self.save: Callable[[], None] = lambda: None
        """Called after changes, before anybody is told of them; if it raises, nobody is."""
        self.account.last_etag = max(account.last_etag, int(self.now.timestamp() * 1_000_000))
        self.listeners: dict[type[Event], tuple[Callable[[Any], None], ...]] = {}
        """What each kind of event sets off."""
        self._errands: deque[Callable[[], None]] = deque()

    def after(self, span: timedelta, action: Callable[[], None]) -> Timer:
        """Note something to do later."""
        return self.timers.at(later(self.now, span), action)

    def next_etag(self) -> int:
        """Make a version that differs from all before."""
        self.account.last_etag += 1
        return self.account.last_etag

    def next_number(self) -> int:
        """Make a number that grows: for pools, jobs and attempts."""
        self.account.last_number += 1
        return self.account.last_number

    def touch(self, record: Versioned) -> None:
        """Note that a record was written now."""
        record.modified = self.now
        record.etag = self.next_etag()
        self.account.changes.note(record)

    def subscribe(self, kind: type[_Event], *listeners: Callable[[_Event], None]) -> None:
        """Name all that an event of a kind sets off, in order."""
        self.listeners[kind] = listeners

    def publish(self, event: Event) -> None:
        """Do at once all that an event sets off."""
        for listener in self.listeners[type(event)]:
            listener(event)

    def once_kept(self, errand: Callable[[], None]) -> None:
        """Run a side effect once the changes that are its reason are saved: start, stop, remove."""
        self._errands.append(errand)

    def keep(self) -> None:
        """Save what has changed, then run the side effects that waited for it."""
        self.account.now = self.now
        self.save()
        while self._errands:
            self._errands.popleft()()
