"""The one object that changes records. Time is an argument: ``advance(to=now)`` does all that is due.

Not thread-safe: one thread drives it. Runners report from any thread into a queue that ``advance``
empties. Every entry point ends with ``settle``, which starts whatever can start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.records.account import Account
from azure_batch_emulator.service.allocation import Allocation
from azure_batch_emulator.service.attempts import Attempts
from azure_batch_emulator.service.auto_pools import AutoPools
from azure_batch_emulator.service.autoscaling import Autoscaling
from azure_batch_emulator.service.core import EngineCore
from azure_batch_emulator.service.endings import Endings
from azure_batch_emulator.service.events import (
    FilesDiscarded,
    JobEnded,
    JobProgressed,
    NodeAllocated,
    NodeEmptied,
    NodeRestarted,
    NodeUp,
    NodeWiped,
    PoolEmptied,
    SchedulingDue,
    TaskCompleted,
)
from azure_batch_emulator.service.faults import Faults
from azure_batch_emulator.service.files import Files
from azure_batch_emulator.service.gangs import Gangs
from azure_batch_emulator.service.jobs import Jobs
from azure_batch_emulator.service.lookup import Lookup
from azure_batch_emulator.service.node_access import NodeAccess
from azure_batch_emulator.service.node_faults import NodeFaults
from azure_batch_emulator.service.node_operations import NodeOperations
from azure_batch_emulator.service.nodes import Nodes
from azure_batch_emulator.service.pools import Pools
from azure_batch_emulator.service.preparations import Preparations
from azure_batch_emulator.service.quotas import Quotas
from azure_batch_emulator.service.schedules import Schedules
from azure_batch_emulator.service.scheduling import Scheduling
from azure_batch_emulator.service.task_attempts import TaskAttempts
from azure_batch_emulator.service.tasks import Tasks

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.runner.interface import Runner
    from azure_batch_emulator.settings import Settings


class Engine(EngineCore):
    """The core and the services around it."""

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
        super().__init__(settings, account or Account(), now=now, url=url)
        self.runner = runner
        self.lookup = Lookup(self.account)
        self.faults = Faults()
        self.files = Files(self, runner)
        self.attempts = Attempts(self, runner, self.faults)
        self.quotas = Quotas(self)
        self.preparations = Preparations(self, self.attempts)
        self.nodes = Nodes(self, runner, self.faults, self.attempts)
        self.node_operations = NodeOperations(self, runner, self.attempts, self.nodes)
        self.node_access = NodeAccess(self)
        self.allocation = Allocation(
            self,
            runner=runner,
            faults=self.faults,
            attempts=self.attempts,
            files=self.files,
            nodes=self.nodes,
        )
        self.node_faults = NodeFaults(self, self.lookup, self.nodes, self.node_operations)
        self.autoscaling = Autoscaling(self, self.faults, self.allocation)
        self.pools = Pools(self, self.lookup, self.allocation, self.autoscaling)
        self.auto_pools = AutoPools(self, self.pools)
        self.endings = Endings(self, self.files)
        self.task_attempts = TaskAttempts(self, self.attempts, self.preparations, self.endings)
        self.gangs = Gangs(self, self.attempts, self.preparations, self.task_attempts)
        self.scheduling = Scheduling(self, self.task_attempts, self.gangs)
        self.tasks = Tasks(self, self.files, self.endings, self.task_attempts)
        self.jobs = Jobs(
            self,
            files=self.files,
            preparations=self.preparations,
            auto_pools=self.auto_pools,
            endings=self.endings,
            task_attempts=self.task_attempts,
            tasks=self.tasks,
        )
        self.schedules = Schedules(self, self.auto_pools, self.jobs)
        runner.listen(self.attempts.report)
        self._wire()

    def advance(self, *, to: datetime) -> None:
        """Do everything that is due by ``to``, each thing at its own moment."""
        while True:
            self.attempts.take_reports()
            self.scheduling.settle()
            entry = self.agenda.pop(until=to)
            if entry is None and self.attempts.has_reports:
                continue  # an attempt ended in the moment it was to start
            if entry is None:
                break
            self.now = max(self.now, entry.when)
            if entry.action is not None:
                entry.action()
        self.now = max(self.now, to)
        self.keep()

    def settle(self) -> None:
        """Start what can start after a change."""
        self.scheduling.settle()
        self.keep()
        self.wake()

    def _wire(self) -> None:
        """Say what follows from what; of several things the order counts."""
        self.subscribe(SchedulingDue, self.scheduling.look_at)
        self.subscribe(NodeAllocated, self.allocation.node_allocated)
        self.subscribe(NodeUp, self.preparations.node_up)
        self.subscribe(NodeRestarted, self.preparations.node_restarted)
        self.subscribe(NodeWiped, self.preparations.node_wiped)
        self.subscribe(
            NodeEmptied,
            self.allocation.node_emptied,
            self.node_operations.node_emptied,
            self.nodes.node_emptied,
        )
        self.subscribe(PoolEmptied, self.pools.emptied)
        self.subscribe(FilesDiscarded, self.allocation.files_discarded)
        self.subscribe(TaskCompleted, self.jobs.task_completed)
        self.subscribe(JobProgressed, self.jobs.progressed)
        self.subscribe(JobEnded, self.auto_pools.job_ended, self.schedules.job_ended)
