"""Attempts of tasks: assigned to a node, begun when it is prepared, judged when they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.records.states import TaskState
from azure_batch_emulator.records.tasks import Place
from azure_batch_emulator.service import orders
from azure_batch_emulator.service.runs import Run, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.runner.interface import Ended
    from azure_batch_emulator.service.engine import Engine


class TaskAttempts:
    """What becomes of tasks that have a node."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, pool: Pool, node: Node, job: Job, task: Task) -> Run:
        """Make an attempt of a task; it runs the command as soon as its node is prepared."""
        run = self._engine.attempts.take(pool, node, self._ended, job)
        run.task, run.go = task, self._run
        return run

    def start(self, run: Run, job: Job, task: Task, *, slots: int) -> None:
        """Assign a ready task to the node of its attempt.

        :param slots: how many of the node's slots it takes
        """
        task.execution.forget_outcome()
        task.place = Place(run.pool.id, run.node.id, orders.task_directory(job, task.id))
        task.run_id = run.id
        self._engine.attempts.seat(run, slots)
        self._engine.preparations.admit(run)
        if task.state is TaskState.ACTIVE:
            job.tasks.move(task, "prepare", now=self._engine.now, etag=self._engine.next_etag())

    def call_running(self, run: Run) -> None:
        """Call a task running, before anything of it is done."""
        engine, job, task = self._engine, run.job, run.task
        if job is not None and task is not None:
            event = "assign" if task.state is TaskState.ACTIVE else "prepared"
            task.execution.started = engine.now
            job.tasks.move(task, event, now=engine.now, etag=engine.next_etag())
            engine.attempts.limit(run, task.wall_clock, since=engine.now)

    def command(self, run: Run, environment: Mapping[str, str] | None = None) -> None:
        """Order the command of a task that is running.

        :param environment: of this attempt alone
        """
        if run.job is not None and run.task is not None and run.stop is None:
            order = orders.for_task(self._engine, run, run.job, run.task, environment or {})
            self._engine.attempts.begin(run, order)

    def stop(self, task: Task, why: Stop) -> None:
        """End the present attempt of a task, if there is one."""
        if task.run_id is not None:
            self._engine.attempts.stop(task.run_id, why)

    def relimit(self, task: Task) -> None:
        """Apply changed constraints to a task that is running."""
        run = self._engine.attempts.find(task.run_id)
        if run is not None and task.state is TaskState.RUNNING:
            self._engine.attempts.limit(run, task.wall_clock, since=task.execution.started)

    def _run(self, run: Run) -> None:
        self.call_running(run)
        self.command(run)

    def _ended(self, run: Run, ended: Ended) -> None:
        job, task = run.job, run.task
        if job is None or task is None:
            return
        task.run_id = task.stop = None
        task.execution.container = ended.container
        if ended.lost and run.stop is None:
            run.stop = Stop.NODE_LOST
        if run.stop is not Stop.FORGOTTEN:
            self._engine.endings.judge(job, task, ended, stop=run.stop)
        run.node.tasks_succeeded += task.succeeded
        if run.gang is not None:
            self._engine.gangs.dissolve(run.gang)
