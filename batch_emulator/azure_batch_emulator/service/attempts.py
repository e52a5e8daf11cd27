"""One attempt of a task on a node: begun, ended early, ended."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.moments import UNLIMITED, parse_duration
from azure_batch_emulator.records.nodes import RecentTask
from azure_batch_emulator.records.states import NodeState
from azure_batch_emulator.records.tasks import Execution, Place
from azure_batch_emulator.runner.interface import Ended, Fetching, Later, Phase
from azure_batch_emulator.service import orders
from azure_batch_emulator.service.effects import Puller
from azure_batch_emulator.service.runs import Run, Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.runner.interface import Container, Order
    from azure_batch_emulator.service.engine import Engine


class Attempts:
    """All attempts that occupy a node."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._runs: dict[int, Run] = {}
        self._fetches: dict[int, Callable[[Ended], None]] = {}

    def start(self, pool: Pool, node: Node, job: Job, task: Task) -> None:
        """Assign a ready task to a node and order its command."""
        engine = self._engine
        run = Run(engine.next_number(), pool, node, engine.now, job, task)
        self._runs[run.id] = run
        task.execution.forget_outcome()
        task.execution.started = engine.now
        task.place = Place(pool.id, node.id, orders.task_directory(job, task))
        task.run_id = run.id
        job.tasks.move(task, "assign", now=engine.now, etag=engine.next_etag())
        self._seat(run, task.slots)
        self._limit(run, task)
        self._begin(orders.for_task(engine, run.id, pool, node, job=job, task=task))

    def start_node(self, pool: Pool, node: Node) -> None:
        """Order a pool's start task on a node."""
        run = Run(self._engine.next_number(), pool, node, self._engine.now)
        self._runs[run.id] = run
        node.start_task = node.start_task or Execution()
        node.start_task.forget_outcome()
        node.start_task.started = self._engine.now
        node.start_task_run = run.id
        self._begin(orders.for_start_task(self._engine, run.id, pool, node))

    def fetch(self, images: tuple[Container, ...], then: Callable[[Ended], None]) -> None:
        """Have images pulled, if the runner can; say how it went."""
        runner, number = self._engine.runner, self._engine.next_number()
        if images and isinstance(runner, Fetching):
            self._fetches[number] = then
            self._engine.once_kept(partial(runner.fetch, number, images))
        else:
            then(Ended(number, None))

    def stop(self, run_id: int, why: Stop) -> None:
        """End an attempt early; the first reason stands, except that a deletion overrules it."""
        run = self._runs.get(run_id)
        if run is None or (run.stop is not None and why is not Stop.FORGOTTEN):
            return
        run.stop = why
        if run.job is not None and run.task is not None and why is not Stop.FORGOTTEN:
            run.task.stop = why
            run.job.tasks.note(run.task)
        grace = timedelta() if why is Stop.NODE_LOST else self._engine.settings.stop_grace
        upload = why is Stop.TIMED_OUT
        self._engine.once_kept(partial(self._engine.runner.stop, run_id, grace=grace, upload=upload))

    def stop_task(self, task: Task, why: Stop) -> None:
        """End the present attempt of a task, if there is one."""
        if task.run_id is not None:
            self.stop(task.run_id, why)

    def relimit(self, task: Task) -> None:
        """Apply changed constraints to a task that is running."""
        run = self._runs.get(task.run_id or 0)
        if run is not None and run.deadline is not None:
            run.deadline.cancel()
            run.deadline = None
        if run is not None:
            self._limit(run, task)

    def stop_node(self, node: Node, why: Stop) -> None:
        """End all attempts on a node."""
        for run_id in [*node.runs, *([node.start_task_run] if node.start_task_run else [])]:
            self.stop(run_id, why)

    def abandon(self) -> None:
        """End every attempt at once; nobody wants to know how."""
        for run_id in self._runs:
            stop = partial(self._engine.runner.stop, run_id, grace=timedelta(), upload=False)
            self._engine.once_kept(stop)
        self._runs.clear()

    def hear(self, report: Ended | Later) -> None:
        """Take a report of the runner."""
        run = self._runs.get(report.run_id)
        if not isinstance(report, Later):
            self._ended(report)
        elif run is not None:
            moment = max(run.started + report.span, self._engine.now)
            self._engine.agenda.at(moment, report.go_on)

    def _ended(self, ended: Ended) -> None:
        """Free the slots, then judge."""
        if ended.run_id in self._fetches:
            self._fetches.pop(ended.run_id)(ended)
            return
        run = self._runs.pop(ended.run_id, None)
        if run is None:
            return
        if run.deadline is not None:
            run.deadline.cancel()
        if run.task is None or run.job is None:
            if run.node.start_task_run == run.id:  # else the node has begun anew already
                run.node.start_task_run = None
            self._engine.nodes.start_task_ended(run.pool, run.node, run.stop, ended)
            return
        run.task.run_id = run.task.stop = None
        run.task.execution.container = ended.container
        if ended.lost and run.stop is None:
            run.stop = Stop.NODE_LOST
        if run.stop is not Stop.FORGOTTEN:
            self._engine.endings.judge(run.job, run.task, ended, stop=run.stop)
        run.node.tasks_succeeded += run.task.succeeded
        self._unseat(run)
        self._engine.jobs.attempt_ended(run.job)

    def _begin(self, order: Order) -> None:
        engine, image = self._engine, order.container and order.container.image
        failure = order.refusal or (engine.faults.pull_failure(image, Puller.TASK) if image else None)
        if failure is None:
            engine.once_kept(partial(engine.runner.start, order))
        else:
            engine.report(Ended(order.run_id, None, failure, Phase.BEFORE))

    def _limit(self, run: Run, task: Task) -> None:
        limit = parse_duration(task.spec["constraints"]["maxWallClockTime"])
        if limit < UNLIMITED and task.execution.started is not None:
            moment = max(task.execution.started + limit, self._engine.now)
            run.deadline = self._engine.agenda.at(moment, partial(self.stop, run.id, Stop.TIMED_OUT))

    def _seat(self, run: Run, slots: int) -> None:
        node, task, job = run.node, run.task, run.job
        node.runs[run.id] = slots
        node.tasks_run += 1
        if task is not None and job is not None:
            node.recent.append(RecentTask(job.id, task.id))
        if node.state is NodeState.IDLE:
            node.move("busy", now=self._engine.now)
        run.pool.seats.update(node)

    def _unseat(self, run: Run) -> None:
        node = run.node
        node.runs.pop(run.id, None)
        if not node.runs and node.state is NodeState.RUNNING:
            node.move("free", now=self._engine.now)
            if not node.accepts_tasks:
                node.move("disable", now=self._engine.now)
        run.pool.seats.update(node)
        self._engine.scheduling.look_at(run.pool.id)
        if not node.runs:
            self._engine.nodes.emptied(run.pool, node)
