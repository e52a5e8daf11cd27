"""Attempts, whatever of: they take their place on a node, begin, are ended early, end."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.moments import UNLIMITED, later
from azure_batch_emulator.records.nodes import RecentTask
from azure_batch_emulator.records.states import NodeState
from azure_batch_emulator.records.tasks import StopReason
from azure_batch_emulator.runner.interface import Ended, Fetching, Phase, ResumeAfter
from azure_batch_emulator.service.attempts import specs
from azure_batch_emulator.service.attempts.runs import Run
from azure_batch_emulator.service.events import JobProgressed, NodeEmptied, SchedulingDue
from azure_batch_emulator.service.faults.effects import Puller

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.runner.interface import AttemptSpec, Container, Runner
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.faults.faults import Faults


class Attempts:
    """All attempts that occupy a node."""

    def __init__(self, core: EngineCore, runner: Runner, faults: Faults) -> None:
        self._core = core
        self._runner = runner
        self._faults = faults
        self._runs: dict[int, Run] = {}
        self._reports: deque[Ended | ResumeAfter] = deque()
        self._fetches: dict[int, Callable[[Ended], None]] = {}

    def take(self, pool: Pool, node: Node, then: Callable[[Run, Ended], None], job: Job | None = None) -> Run:
        """Make an attempt that nothing is known of yet but its place.

        :param then: draws the consequences of its end
        """
        run = Run(self._core.next_number(), pool, node, self._core.now, then, job)
        self._runs[run.id] = run
        return run

    def find(self, run_id: int | None) -> Run | None:
        """Find an attempt that has not ended."""
        return None if run_id is None else self._runs.get(run_id)

    def start_aside(
        self,
        pool: Pool,
        node: Node,
        job: Job,
        command: specs.JobCommand,
        *,
        then: Callable[[Run, Ended], None],
    ) -> int:
        """Start a command of a job that takes no slot of its node; return the attempt's number."""
        run = self.take(pool, node, then, job)
        self.occupy(run, 0)
        self.limit(run, command.wall_clock, since=self._core.now)
        self.begin(run, specs.for_command(self._core, run, job, command))
        return run.id

    def occupy(self, run: Run, slots: int) -> None:
        """Let an attempt take slots of its node."""
        node, task, job = run.node, run.task, run.job
        node.runs[run.id] = slots
        if task is not None and job is not None:
            node.tasks_run += 1
            node.recent.append(RecentTask(job.id, task.id))
        if node.state is NodeState.IDLE:
            node.move("busy", now=self._core.now)
        run.pool.slot_index.update(node)

    def begin(self, run: Run, attempt: AttemptSpec) -> None:
        """Hand an attempt to the runner as soon as its image is pulled."""
        image = attempt.container.image if attempt.container else None
        span = self._faults.pull_time([image] if image else [], Puller.TASK)
        if span:
            self._core.after(span, partial(self._pulled, run, attempt, image))
        else:
            self._pulled(run, attempt, image)

    def limit(self, run: Run, limit: timedelta, *, since: datetime | None) -> None:
        """End an attempt when its time is over, whatever was said of that before."""
        if run.deadline is not None:
            run.deadline.cancel()
            run.deadline = None
        if limit < UNLIMITED and since is not None:
            moment = max(later(since, limit), self._core.now)
            run.deadline = self._core.timers.at(moment, partial(self.stop, run.id, StopReason.TIMED_OUT))

    def fetch(self, images: tuple[Container, ...], then: Callable[[Ended], None]) -> None:
        """Have images pulled, if the runner can; say how it went."""
        runner, number = self._runner, self._core.next_number()
        if images and isinstance(runner, Fetching):
            self._fetches[number] = then
            self._core.once_kept(partial(runner.fetch, number, images))
        else:
            then(Ended(number, None))

    def stop(self, run_id: int, why: StopReason) -> None:
        """End an attempt early; the first reason stands, except that a deletion overrules it."""
        run = self._runs.get(run_id)
        if run is None or (run.stop is not None and why is not StopReason.FORGOTTEN):
            return
        run.stop = why
        if run.job is not None and run.task is not None and why is not StopReason.FORGOTTEN:
            run.task.stop = why
            run.job.tasks.note(run.task)
        if not run.begun:
            self.report(Ended(run_id, None))
            return
        grace = timedelta() if why is StopReason.NODE_LOST else self._core.settings.stop_grace
        upload = why is StopReason.TIMED_OUT
        self._core.once_kept(partial(self._runner.stop, run_id, grace=grace, upload=upload))

    def stop_node(self, node: Node, why: StopReason) -> None:
        """End all attempts on a node."""
        for run_id in [*node.runs, *([node.start_task_run] if node.start_task_run else [])]:
            self.stop(run_id, why)

    def abandon(self) -> None:
        """End every attempt at once; nobody wants to know how."""
        for run_id in self._runs:
            stop = partial(self._runner.stop, run_id, grace=timedelta(), upload=False)
            self._core.once_kept(stop)
        self._runs.clear()

    def report(self, report: Ended | ResumeAfter) -> None:
        """Queue word of an attempt, from any thread; ``take_reports`` handles it."""
        self._reports.append(report)
        self._core.wake()

    @property
    def has_reports(self) -> bool:
        """Tell whether reports are waiting."""
        return bool(self._reports)

    def take_reports(self) -> None:
        """Handle all reports that have come."""
        while self._reports:
            self._hear(self._reports.popleft())

    def _hear(self, report: Ended | ResumeAfter) -> None:
        run = self._runs.get(report.run_id)
        if not isinstance(report, ResumeAfter):
            self._ended(report)
        elif run is not None:
            moment = max(later(run.started, report.span), self._core.now)
            self._core.timers.at(moment, report.resume)

    def _ended(self, ended: Ended) -> None:
        """Draw the consequences, then free the slots."""
        if ended.run_id in self._fetches:
            self._fetches.pop(ended.run_id)(ended)
            return
        run = self._runs.pop(ended.run_id, None)
        if run is None:
            return
        if run.deadline is not None:
            run.deadline.cancel()
        run.then(run, ended)
        if run.id in run.node.runs:
            self._vacate(run)
        if run.job is not None:
            self._core.publish(JobProgressed(run.job))

    def _pulled(self, run: Run, attempt: AttemptSpec, image: str | None) -> None:
        core = self._core
        if run.stop is not None or run.id not in self._runs:
            return  # ended while its image was on its way
        run.begun, run.started = True, core.now
        failure = attempt.refusal or (self._faults.pull_failure(image, Puller.TASK) if image else None)
        if failure is None:
            core.once_kept(partial(self._runner.start, attempt))
        else:
            self.report(Ended(attempt.run_id, None, failure, Phase.BEFORE))

    def _vacate(self, run: Run) -> None:
        node = run.node
        node.runs.pop(run.id, None)
        if not node.runs and node.state is NodeState.RUNNING:
            node.move("free", now=self._core.now)
            if not node.accepts_tasks:
                node.move("disable", now=self._core.now)
        run.pool.slot_index.update(node)
        self._core.publish(SchedulingDue(run.pool.id))
        if not node.runs:
            self._core.publish(NodeEmptied(run.pool, node))
