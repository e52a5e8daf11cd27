"""The composition of the engine: which parts there are, what each works with, and what follows from what.

``advance`` does all that is due by a moment: time is an argument. Not thread-safe: one thread drives it.
Runners report from any thread into a queue that ``advance`` empties. Every entry point ends with
``settle``, which starts whatever can start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.records.account import Account
from azure_batch_emulator.service.attempts.attempts import Attempts
from azure_batch_emulator.service.core import EngineCore
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
from azure_batch_emulator.service.faults.faults import Faults
from azure_batch_emulator.service.files.files import Files
from azure_batch_emulator.service.jobs.completion import Completion
from azure_batch_emulator.service.jobs.gangs import Gangs
from azure_batch_emulator.service.jobs.jobs import Jobs
from azure_batch_emulator.service.jobs.preparations import Preparations
from azure_batch_emulator.service.jobs.schedules import Schedules
from azure_batch_emulator.service.jobs.scheduling import Scheduling
from azure_batch_emulator.service.jobs.task_attempts import TaskAttempts
from azure_batch_emulator.service.jobs.tasks import Tasks
from azure_batch_emulator.service.lookup import Lookup
from azure_batch_emulator.service.nodes.access import NodeAccess
from azure_batch_emulator.service.nodes.faults import NodeFaults
from azure_batch_emulator.service.nodes.nodes import Nodes
from azure_batch_emulator.service.nodes.operations import NodeOperations
from azure_batch_emulator.service.pools.allocation import Allocation
from azure_batch_emulator.service.pools.auto_pools import AutoPools
from azure_batch_emulator.service.pools.autoscaling import Autoscaling
from azure_batch_emulator.service.pools.pools import Pools
from azure_batch_emulator.service.pools.resources import PoolResources
from azure_batch_emulator.service.quotas import Quotas

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.runner.interface import Runner
    from azure_batch_emulator.settings import Settings


class Engine:
    """The one object that changes records: the core and the services around it."""

    def __init__(
        self, settings: Settings, runner: Runner, *, now: datetime, account: Account | None = None
    ) -> None:
        """Begin with an empty account, or go on with one that was kept (see ``recovery``)."""
        self.core = core = EngineCore(settings, account or Account(), now=now)
        self.account = core.account
        self.runner = runner
        self.lookup = Lookup(core.account)
        self.faults = Faults()
        self.quotas = Quotas(core)
        self.files = Files(core, runner)
        self.attempts = Attempts(core, runner, self.faults)
        self.preparations = Preparations(core, self.attempts)
        self.nodes = Nodes(core, runner, self.faults, self.attempts)
        self.node_operations = NodeOperations(core, runner, self.attempts, self.nodes)
        self.node_faults = NodeFaults(core, self.lookup, self.nodes, self.node_operations)
        self.node_access = NodeAccess(core)
        self.allocation = Allocation(
            core,
            runner=runner,
            faults=self.faults,
            attempts=self.attempts,
            files=self.files,
            nodes=self.nodes,
        )
        self.autoscaling = Autoscaling(core, self.faults, self.allocation)
        self.pools = Pools(core, self.lookup, self.allocation, self.autoscaling)
        self.pool_resources = PoolResources(core, self.pools, self.autoscaling)
        self.auto_pools = AutoPools(core, self.pools)
        self.completion = Completion(core, self.files)
        self.task_attempts = TaskAttempts(core, self.attempts, self.preparations, self.completion)
        self.gangs = Gangs(core, self.attempts, self.preparations, self.task_attempts)
        self.scheduling = Scheduling(core, self.task_attempts, self.gangs)
        self.tasks = Tasks(core, self.files, self.completion, self.task_attempts)
        self.jobs = Jobs(
            core,
            files=self.files,
            preparations=self.preparations,
            auto_pools=self.auto_pools,
            completion=self.completion,
            task_attempts=self.task_attempts,
            tasks=self.tasks,
        )
        self.schedules = Schedules(core, self.auto_pools, self.jobs)
        self._connect()
        runner.listen(self.attempts.report)

    def _connect(self) -> None:
        """Say what follows from what; where an event sets off several things, in this order.

        Everything else is a call from a service to one that is made above it.
        """
        on = self.core.subscribe
        on(SchedulingDue, self.scheduling.look_at_pool)
        on(NodeAllocated, self.allocation.finish_resize)
        on(NodeUp, self.preparations.release_node)
        on(NodeRestarted, self.preparations.mark_stale)
        on(NodeWiped, self.preparations.mark_gone)
        on(
            NodeEmptied,
            self.allocation.let_leave,
            self.node_operations.renew_node,
            self.nodes.replace_machine,
        )
        on(FilesDiscarded, self.allocation.let_leave_soon)
        on(PoolEmptied, self.pools.drop)
        on(TaskCompleted, self.jobs.act_on_task)
        on(JobProgressed, self.jobs.look_again)
        on(JobEnded, self.auto_pools.delete_with_job, self.schedules.make_next_job)

    def advance(self, *, to: datetime) -> None:
        """Do everything that is due by ``to``, each thing at its own moment."""
        core = self.core
        while True:
            self.attempts.take_reports()
            self.scheduling.settle()
            timer = core.timers.pop(until=to)
            if timer is None and self.attempts.has_reports:
                continue  # an attempt ended in the moment it was to start
            if timer is None:
                break
            core.now = max(core.now, timer.when)
            if timer.action is not None:
                timer.action()
        core.now = max(core.now, to)
        core.keep()

    def settle(self) -> None:
        """Start what can start after a change."""
        self.scheduling.settle()
        self.core.keep()
        self.core.wake()
