"""The one object that changes records. Time is an argument: ``advance(to=now)`` does all that is due.

Not thread-safe: one thread drives it. Runners report from any thread into a queue that ``advance``
empties. Every entry point ends with ``settle``, which starts whatever can start.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from azure_batch_emulator.agenda import Agenda
from azure_batch_emulator.moments import later
from azure_batch_emulator.records.account import Account
from azure_batch_emulator.service.allocation import Allocation
from azure_batch_emulator.service.attempts import Attempts
from azure_batch_emulator.service.auto_pools import AutoPools
from azure_batch_emulator.service.autoscaling import Autoscaling
from azure_batch_emulator.service.endings import Endings
from azure_batch_emulator.service.faults import Faults
from azure_batch_emulator.service.files import Files
from azure_batch_emulator.service.gangs import Gangs
from azure_batch_emulator.service.jobs import Jobs
from azure_batch_emulator.service.node_access import NodeAccess
from azure_batch_emulator.service.node_operations import NodeOperations
from azure_batch_emulator.service.nodes import Nodes
from azure_batch_emulator.service.pools import Pools
from azure_batch_emulator.service.preparations import Preparations
from azure_batch_emulator.service.schedules import Schedules
from azure_batch_emulator.service.scheduling import Scheduling
from azure_batch_emulator.service.task_attempts import TaskAttempts
from azure_batch_emulator.service.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from azure_batch_emulator.agenda import Entry
    from azure_batch_emulator.runner.interface import Ended, Later, Runner
    from azure_batch_emulator.settings import Settings


class Stamped(Protocol):
    """A record that knows when it was last written."""

    modified: datetime
    etag: int


class Engine:
    """Account, agenda and the services around them."""

    def __init__(
        self,
        settings: Settings,
        runner: Runner,
        *,
        now: datetime,
        url: str = "",
        account: Account | None = None,
    ) -> None:
        """Begin with an empty account, or go on with one that was kept (see ``recovery``)."""
        self.settings = settings
        self.runner = runner
        self.account = account or Account()
        self.now = max(now, self.account.now or now)
        self.url = url
        """Where tasks find the service; known once it listens."""
        self.agenda = Agenda()
        self.wake: Callable[[], None] = lambda: None
        """Called, from any thread, when ``advance`` should run soon."""
        self.save: Callable[[], None] = lambda: None
        """Called after changes, before anybody is told of them; if it raises, nobody is."""
        self.account.last_etag = max(self.account.last_etag, int(self.now.timestamp() * 1_000_000))
        self._reports: deque[Ended | Later] = deque()
        self._errands: deque[Callable[[], None]] = deque()
        self.faults = Faults(self)
        self.pools = Pools(self)
        self.auto_pools = AutoPools(self)
        self.allocation = Allocation(self)
        self.nodes = Nodes(self)
        self.node_operations = NodeOperations(self)
        self.node_access = NodeAccess(self)
        self.jobs = Jobs(self)
        self.schedules = Schedules(self)
        self.tasks = Tasks(self)
        self.attempts = Attempts(self)
        self.task_attempts = TaskAttempts(self)
        self.gangs = Gangs(self)
        self.preparations = Preparations(self)
        self.endings = Endings(self)
        self.scheduling = Scheduling(self)
        self.autoscaling = Autoscaling(self)
        self.files = Files(self)
        runner.listen(self.report)

    def advance(self, *, to: datetime) -> None:
        """Do everything that is due by ``to``, each thing at its own moment."""
        while True:
            self._take_reports()
            self.scheduling.settle()
            entry = self.agenda.pop(until=to)
            if entry is None and self._reports:
                continue  # an attempt ended in the moment it was to start
            if entry is None:
                break
            self.now = max(self.now, entry.when)
            if entry.action is not None:
                entry.action()
        self.now = max(self.now, to)
        self._keep()

    def settle(self) -> None:
        """Start what can start after a change."""
        self.scheduling.settle()
        self._keep()
        self.wake()

    def after(self, span: timedelta, action: Callable[[], None]) -> Entry:
        """Note something to do later."""
        return self.agenda.at(later(self.now, span), action)

    def next_etag(self) -> int:
        """Make a version that differs from all before."""
        self.account.last_etag += 1
        return self.account.last_etag

    def next_number(self) -> int:
        """Make a number that grows: for pools, jobs and attempts."""
        self.account.last_number += 1
        return self.account.last_number

    def touch(self, record: Stamped) -> None:
        """Note that a record was written now."""
        record.modified = self.now
        record.etag = self.next_etag()
        self.account.changes.note(record)

    def once_kept(self, errand: Callable[[], None]) -> None:
        """Leave something to be done to the world when the reason for it is kept: start, stop, remove."""
        self._errands.append(errand)

    def report(self, report: Ended | Later) -> None:
        """Take word of an attempt, from any thread; it is listened to at the next ``advance``."""
        self._reports.append(report)
        self.wake()

    def _keep(self) -> None:
        self.account.now = self.now
        self.save()
        while self._errands:
            self._errands.popleft()()

    def _take_reports(self) -> None:
        while self._reports:
            self.attempts.hear(self._reports.popleft())
