"""Which task goes to which node, and when it is time to look.

Only pools marked as changed are looked at. Within one, jobs with something ready are taken by
priority, then age; within a job, the oldest task that fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.events import SchedulingDue
    from azure_batch_emulator.service.jobs.gangs import Gangs
    from azure_batch_emulator.service.jobs.task_attempts import TaskAttempts


class Scheduling:
    """Fills free slots with ready tasks."""

    def __init__(self, core: EngineCore, task_attempts: TaskAttempts, gangs: Gangs) -> None:
        self._core = core
        self._task_attempts = task_attempts
        self._gangs = gangs
        self._changed: set[str] = set()

    def look_at_pool(self, event: SchedulingDue) -> None:
        """Note that a pool has new room or new work."""
        self._changed.add(event.pool_id.lower())

    def settle(self) -> None:
        """Look at every pool that changed, until nothing more can start."""
        while self._changed:
            pool = self._core.account.pools.get(self._changed.pop())
            if pool is not None:
                self._fill(pool)

    def _fill(self, pool: Pool) -> None:
        if not pool.slot_index.most_free_slots:
            return
        with_ready_tasks = [job for job in self._core.account.jobs_of(pool) if job.may_start]
        for job in sorted(with_ready_tasks, key=lambda job: (-job.priority, job.number)):
            self._schedule(pool, job)
            if not pool.slot_index.most_free_slots:
                return

    def _schedule(self, pool: Pool, job: Job) -> None:
        while job.may_start:
            task = job.tasks.ready.oldest(slots=pool.slot_index.most_free_slots, nodes=pool.nodes_for_gangs)
            if task is None or not self._place(pool, job, task):
                return

    def _place(self, pool: Pool, job: Job, task: Task) -> bool:
        attempts = self._task_attempts
        if task.instances:
            nodes = pool.slot_index.find_several(task.instances, suits=self._demands(job, task))
            if nodes:
                self._gangs.start(pool, nodes, job, task)
            return bool(nodes)
        slots = pool.slots_per_node if job.is_exclusive(task) else task.slots
        node = self._choose(pool, job, task, slots)
        if node is not None:
            attempts.start(attempts.take(pool, node, job, task), job, task, slots=slots)
        return node is not None

    def _choose(self, pool: Pool, job: Job, task: Task, slots: int) -> Node | None:
        suits = self._demands(job, task)
        affinity = str((task.spec.get("affinityInfo") or {}).get("affinityId", ""))
        wanted = pool.slot_index.get(affinity.removeprefix("TVM:"), slots=slots) if affinity else None
        if wanted is not None and (suits is None or suits(wanted)):
            return wanted
        return pool.slot_index.find(slots=slots, pack=pool.packs, suits=suits)

    @staticmethod
    def _demands(job: Job, task: Task) -> Callable[[Node], bool] | None:
        """Tell what a node must be for a task, beside having room; None if any will do."""
        needs_dedicated = job.needs_dedicated(task)
        if not needs_dedicated and not job.preparations:
            return None
        return lambda node: not job.is_barred_from(node) and (node.is_dedicated or not needs_dedicated)
