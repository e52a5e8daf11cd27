"""Finds what clients name; what is not there is refused with the service's 404."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.errors import ApiError

if TYPE_CHECKING:
    from azure_batch_emulator.records.account import Account
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.schedules import Schedule
    from azure_batch_emulator.records.tasks import Task


class Lookup:
    """Finds the records of an account by id."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def pool(self, pool_id: str) -> Pool:
        """Find a pool.

        :raises ApiError: if there is none
        """
        pool = self._account.pools.get(pool_id.lower())
        if pool is None:
            raise ApiError.missing("Pool")
        return pool

    def node(self, pool_id: str, node_id: str) -> tuple[Pool, Node]:
        """Find a node.

        :raises ApiError: if the pool or the node does not exist
        """
        pool = self.pool(pool_id)
        node = pool.nodes.get(node_id) or pool.nodes.get(node_id.lower())
        if node is None:
            raise ApiError.missing("Node")
        return pool, node

    def job(self, job_id: str) -> Job:
        """Find a job.

        :raises ApiError: if there is none
        """
        job = self._account.jobs.get(job_id.lower())
        if job is None:
            raise ApiError.missing("Job")
        return job

    def task(self, job_id: str, task_id: str) -> tuple[Job, Task]:
        """Find a task.

        :raises ApiError: if the job or the task does not exist
        """
        job = self.job(job_id)
        task = job.tasks.get(task_id)
        if task is None:
            raise ApiError.missing("Task")
        return job, task

    def schedule(self, schedule_id: str) -> Schedule:
        """Find a job schedule.

        :raises ApiError: if there is none
        """
        schedule = self._account.schedules.get(schedule_id.lower())
        if schedule is None:
            raise ApiError(404, "JobScheduleNotFound", "The specified job schedule does not exist.")
        return schedule
