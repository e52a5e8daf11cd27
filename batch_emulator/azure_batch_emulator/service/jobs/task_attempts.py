"""Attempts of tasks: assigned to a node, begun when it is prepared, judged when they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.records.states import TaskState
from azure_batch_emulator.records.tasks import NodeInfo, StopReason
from azure_batch_emulator.service.attempts import directories, specs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.runner.interface import Ended
    from azure_batch_emulator.service.attempts.attempt import Attempt
    from azure_batch_emulator.service.attempts.attempts import Attempts
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.jobs.completion import Completion
    from azure_batch_emulator.service.jobs.preparations import Preparations


class TaskAttempts:
    """What becomes of tasks that have a node."""

    def __init__(
        self, core: EngineCore, attempts: Attempts, preparations: Preparations, completion: Completion
    ) -> None:
        self._core = core
        self._attempts = attempts
        self._preparations = preparations
        self._completion = completion

    def take(self, pool: Pool, node: Node, job: Job, task: Task) -> Attempt:
        """Make an attempt of a task; it runs the command as soon as its node is prepared."""
        attempt = self._attempts.take(pool, node, self.ended, job)
        attempt.task, attempt.go = task, self._run
        return attempt

    def start(self, attempt: Attempt, job: Job, task: Task, *, slots: int) -> None:
        """Assign a ready task to the node of its attempt.

        :param slots: how many of the node's slots it takes
        """
        task.execution.forget_outcome()
        task.node_info = NodeInfo(attempt.pool.id, attempt.node.id, directories.task_directory(job, task.id))
        task.attempt_id = attempt.id
        self._attempts.occupy(attempt, slots)
        self._preparations.admit(attempt)
        if task.state is TaskState.ACTIVE:
            job.tasks.move(task, "prepare", now=self._core.now, etag=self._core.next_etag())

    def call_running(self, attempt: Attempt) -> None:
        """Call a task running, before anything of it is done."""
        core, job, task = self._core, attempt.job, attempt.task
        if job is not None and task is not None:
            event = "assign" if task.state is TaskState.ACTIVE else "prepared"
            task.execution.started = core.now
            job.tasks.move(task, event, now=core.now, etag=core.next_etag())
            self._attempts.limit(attempt, task.wall_clock, since=core.now)

    def command(self, attempt: Attempt, environment: Mapping[str, str] | None = None) -> None:
        """Start the command of a task that is running.

        :param environment: of this attempt alone
        """
        if attempt.job is not None and attempt.task is not None and attempt.stop is None:
            attempt_spec = specs.for_task(self._core, attempt, attempt.job, attempt.task, environment or {})
            self._attempts.begin(attempt, attempt_spec)

    def stop(self, task: Task, why: StopReason) -> None:
        """End the present attempt of a task, if there is one."""
        if task.attempt_id is not None:
            self._attempts.stop(task.attempt_id, why)

    def relimit(self, task: Task) -> None:
        """Apply changed constraints to a task that is running."""
        attempt = self._attempts.find(task.attempt_id)
        if attempt is not None and task.state is TaskState.RUNNING:
            self._attempts.limit(attempt, task.wall_clock, since=task.execution.started)

    def ended(self, attempt: Attempt, ended: Ended) -> None:
        """Draw the consequences of an attempt's end for its task."""
        job, task = attempt.job, attempt.task
        if job is None or task is None:
            return
        task.attempt_id = task.stop = None
        task.execution.container = ended.container
        if ended.lost and attempt.stop is None:
            attempt.stop = StopReason.NODE_LOST
        if attempt.stop is not StopReason.FORGOTTEN:
            self._completion.judge(job, task, ended, stop=attempt.stop)
        attempt.node.tasks_succeeded += task.succeeded

    def _run(self, attempt: Attempt) -> None:
        self.call_running(attempt)
        self.command(attempt)
