"""Which task goes to which node, and when it is time to look.

Only pools marked as changed are looked at. Within one, jobs with something ready are taken by
priority, then age; within a job, the oldest task that fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.service.engine import Engine


class Scheduling:
    """Fills free slots with ready tasks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changed: set[str] = set()

    def look_at(self, pool_id: str) -> None:
        """Note that a pool has new room or new work."""
        self._changed.add(pool_id.lower())

    def settle(self) -> None:
        """Look at every pool that changed, until nothing more can start."""
        while self._changed:
            pool = self._engine.account.pools.get(self._changed.pop())
            if pool is not None:
                self._fill(pool)

    def _fill(self, pool: Pool) -> None:
        if not pool.seats.widest:
            return
        hungry = [job for job in self._engine.account.jobs_of(pool) if job.may_start]
        for job in sorted(hungry, key=lambda job: (-job.priority, job.number)):
            self._feed(pool, job)
            if not pool.seats.widest:
                return

    def _feed(self, pool: Pool, job: Job) -> None:
        while job.may_start:
            task = job.tasks.ready.oldest(slots=pool.seats.widest)
            node = None if task is None else _choose(pool, task)
            if task is None or node is None:
                return
            self._engine.attempts.start(pool, node, job, task)


def _choose(pool: Pool, task: Task) -> Node | None:
    affinity = str((task.spec.get("affinityInfo") or {}).get("affinityId", ""))
    wanted = pool.seats.get(affinity.removeprefix("TVM:"), slots=task.slots) if affinity else None
    return wanted or pool.seats.find(slots=task.slots, pack=pool.packs)
