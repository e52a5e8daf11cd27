"""The folders of tasks and nodes, as long as the node and the retention time allow."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.confined.folder import Area
from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import UNLIMITED, later, parse_duration
from azure_batch_emulator.records.states import NodeState, TaskState
from azure_batch_emulator.service.attempts import directories
from azure_batch_emulator.service.events import FilesDiscarded

if TYPE_CHECKING:
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.runner.interface import Runner
    from azure_batch_emulator.service.core import EngineCore

FOREVER = datetime.max.replace(tzinfo=UTC)


class Files:
    """Finds, lists and discards task files."""

    def __init__(self, core: EngineCore, runner: Runner) -> None:
        self._core = core
        self._runner = runner

    def folder(self, task: Task) -> Area:
        """Tell the folder of a task.

        :raises ApiError: if the task has none yet, or none any more
        """
        if task.files_gone:
            message = "The task files were cleaned up, as their retention time is over."
            raise ApiError.conflict("TaskFilesCleanedup", message)
        if task.node_info is None:
            message = "This operation is not valid for the current state of the resource."
            raise ApiError.conflict(
                "OperationInvalidForCurrentState",
                message,
                TaskState=task.state,
                Reason="the task has not run",
            )
        folder = self._present(task)
        if folder is None:
            message = "The task files are unavailable, as the node is not in the pool now."
            raise ApiError.conflict("TaskFilesUnavailable", message)
        return folder

    def node_folder(self, pool: Pool, node: Node) -> Area:
        """Tell the root folder of a node.

        :raises ApiError: if the node is no machine now
        """
        if _is_out_of_reach(node) or node.state is NodeState.CREATING:
            message = f"The files of the node cannot be reached while it is {node.state}."
            raise ApiError.conflict("OperationNotValidOnNode", message, NodeState=node.state)
        return directories.node_area(self._core.settings.data, pool.id, node.id)

    def kept_until(self, pool: Pool, node: Node) -> datetime | None:
        """Tell when the last files of completed tasks on a node may go; None if there are none."""
        moments = [
            _end_of_retention(task)
            for job in self._core.account.jobs.values()
            for task in job.tasks.walk(0)
            if task.node_info is not None
            and (task.node_info.pool_id, task.node_info.node_id) == (pool.id, node.id)
        ]
        return max((moment for moment in moments if moment and moment > self._core.now), default=None)

    def discard(self, task: Task) -> None:
        """Delete the files of a task."""
        folder = self._present(task)
        if folder is not None and task.node_info is not None:
            self._core.once_kept(partial(self._runner.remove, folder))
            pool = self._core.account.pools[task.node_info.pool_id.lower()]
            self._core.publish(FilesDiscarded(pool, pool.nodes[task.node_info.node_id]))

    def discard_job(self, job: Job) -> None:
        """Delete the files of all tasks of a job."""
        data, pools = self._core.settings.data, self._core.account.pools
        used = {
            (task.node_info.pool_id, task.node_info.node_id)
            for task in job.tasks.walk(0)
            if task.node_info is not None
        }
        prepared = {(each.pool_id, each.node_id) for each in job.preparations.values()}
        for pool_id, node_id in prepared | used:
            pool = pools.get(pool_id.lower())
            if pool is not None and node_id in pool.nodes:
                root = directories.node_root(data, pool_id, node_id)
                folder = Area(data, root / directories.job_directory(job))
                self._core.once_kept(partial(self._runner.remove, folder))
                self._core.publish(FilesDiscarded(pool, pool.nodes[node_id]))

    def expire(self, job: Job, task: Task, ended: datetime | None) -> None:
        """Delete the files of a task whose retention time is over, unless it ran again meanwhile."""
        same_end = task.state is TaskState.COMPLETED and task.execution.ended == ended
        known = self._core.account.jobs.get(job.key) is job and job.tasks.get(task.id) is task
        if same_end and known:
            task.files_gone = True
            job.tasks.note(task)
            self.discard(task)

    def _present(self, task: Task) -> Area | None:
        node_info = task.node_info
        pool = self._core.account.pools.get(node_info.pool_id.lower()) if node_info is not None else None
        node = pool.nodes.get(node_info.node_id) if pool is not None and node_info is not None else None
        if node_info is None or pool is None or node is None or _is_out_of_reach(node):
            return None
        data = self._core.settings.data
        return Area(data, directories.node_root(data, pool.id, node_info.node_id) / node_info.directory)


def _is_out_of_reach(node: Node) -> bool:
    return node.is_away or node.state is NodeState.DEALLOCATED


def _end_of_retention(task: Task) -> datetime | None:
    ended = task.execution.ended
    if task.state is not TaskState.COMPLETED or ended is None or task.files_gone:
        return None
    retention = parse_duration(task.spec["constraints"]["retentionTime"])
    return FOREVER if retention >= UNLIMITED else later(ended, retention)
