"""The one object that changes records. Time is an argument: ``advance(to=now)`` does all that is due.

Not thread-safe: one thread drives it. Runners report from any thread into a queue that ``advance``
empties. Every entry point ends with ``settle``, which starts whatever can start.
"""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Protocol

from azure_batch_emulator.agenda import Agenda
from azure_batch_emulator.records.account import Account
from azure_batch_emulator.service.allocation import Allocation
from azure_batch_emulator.service.attempts import Attempts
from azure_batch_emulator.service.autoscaling import Autoscaling
from azure_batch_emulator.service.endings import Endings
from azure_batch_emulator.service.files import Files
from azure_batch_emulator.service.jobs import Jobs
from azure_batch_emulator.service.nodes import Nodes
from azure_batch_emulator.service.pools import Pools
from azure_batch_emulator.service.scheduling import Scheduling
from azure_batch_emulator.service.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from azure_batch_emulator.agenda import Entry
    from azure_batch_emulator.runner.interface import Ended, Runner
    from azure_batch_emulator.settings import Settings


class Stamped(Protocol):
    """A record that knows when it was last written."""

    modified: datetime
    etag: int


class Engine:
    """Account, agenda and the services around them."""

    def __init__(self, settings: Settings, runner: Runner, *, now: datetime, url: str = "") -> None:
        self.settings = settings
        self.runner = runner
        self.now = now
        self.url = url
        """Where tasks find the service; known once it listens."""
        self.account = Account()
        self.agenda = Agenda()
        self.wake: Callable[[], None] = lambda: None
        """Called, from any thread, when ``advance`` should run soon."""
        self._etags = count(int(now.timestamp() * 1_000_000))
        self._numbers = count(1)
        self._reports: deque[Ended] = deque()
        self.pools = Pools(self)
        self.allocation = Allocation(self)
        self.nodes = Nodes(self)
        self.jobs = Jobs(self)
        self.tasks = Tasks(self)
        self.attempts = Attempts(self)
        self.endings = Endings(self)
        self.scheduling = Scheduling(self)
        self.autoscaling = Autoscaling(self)
        self.files = Files(self)
        runner.listen(self._report)

    def advance(self, *, to: datetime) -> None:
        """Do everything that is due by ``to``, each thing at its own moment."""
        while True:
            self._take_reports()
            self.scheduling.settle()
            entry = self.agenda.pop(until=to)
            if entry is None:
                break
            self.now = max(self.now, entry.when)
            if entry.action is not None:
                entry.action()
        self.now = max(self.now, to)

    def settle(self) -> None:
        """Start what can start after a change."""
        self.scheduling.settle()
        self.wake()

    def after(self, span: timedelta, action: Callable[[], None]) -> Entry:
        """Note something to do later."""
        return self.agenda.at(self.now + span, action)

    def next_etag(self) -> int:
        """Make a version that differs from all before."""
        return next(self._etags)

    def next_number(self) -> int:
        """Make a number that grows: for pools, jobs and attempts."""
        return next(self._numbers)

    def touch(self, record: Stamped) -> None:
        """Note that a record was written now."""
        record.modified = self.now
        record.etag = self.next_etag()

    def _report(self, ended: Ended) -> None:
        self._reports.append(ended)
        self.wake()

    def _take_reports(self) -> None:
        while self._reports:
            self.attempts.ended(self._reports.popleft())
