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
from azure_batch_emulator.service.attempts.attempt import Attempt
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
        self._attempts: dict[int, Attempt] = {}
        self._reports: deque[Ended | ResumeAfter] = deque()
        self._fetches: dict[int, Callable[[Ended], None]] = {}

    def take(
        self, pool: Pool, node: Node, then: Callable[[Attempt, Ended], None], job: Job | None = None
    ) -> Attempt:
        """Make an attempt that nothing is known of yet but its place.

        :param then: draws the consequences of its end
        """
        attempt = Attempt(self._core.next_number(), pool, node, self._core.now, then, job)
        self._attempts[attempt.id] = attempt
        return attempt

    def find(self, attempt_id: int | None) -> Attempt | None:
        """Find an attempt that has not ended."""
        return None if attempt_id is None else self._attempts.get(attempt_id)

    def start_aside(
        self,
        pool: Pool,
        node: Node,
        job: Job,
        command: specs.JobCommand,
        *,
        then: Callable[[Attempt, Ended], None],
    ) -> int:
        """Start a command of a job that takes no slot of its node; return the attempt's number."""
        attempt = self.take(pool, node, then, job)
        self.occupy(attempt, 0)
        self.limit(attempt, command.wall_clock, since=self._core.now)
        self.begin(attempt, specs.for_command(self._core, attempt, job, command))
        return attempt.id

    def occupy(self, attempt: Attempt, slots: int) -> None:
        """Let an attempt take slots of its node."""
        node, task, job = attempt.node, attempt.task, attempt.job
        node.attempts[attempt.id] = slots
        if task is not None and job is not None:
            node.tasks_run += 1
            node.recent.append(RecentTask(job.id, task.id))
        if node.state is NodeState.IDLE:
            node.move("busy", now=self._core.now)
        attempt.pool.slot_index.update(node)

    def begin(self, attempt: Attempt, attempt_spec: AttemptSpec) -> None:
        """Hand an attempt to the runner as soon as its image is pulled."""
        image = attempt_spec.container.image if attempt_spec.container else None
        span = self._faults.pull_time([image] if image else [], Puller.TASK)
        if span:
            self._core.after(span, partial(self._pulled, attempt, attempt_spec, image))
        else:
            self._pulled(attempt, attempt_spec, image)

    def limit(self, attempt: Attempt, limit: timedelta, *, since: datetime | None) -> None:
        """End an attempt when its time is over, whatever was said of that before."""
        if attempt.deadline is not None:
            attempt.deadline.cancel()
            attempt.deadline = None
        if limit < UNLIMITED and since is not None:
            moment = max(later(since, limit), self._core.now)
            attempt.deadline = self._core.timers.at(
                moment, partial(self.stop, attempt.id, StopReason.TIMED_OUT)
            )

    def fetch(self, images: tuple[Container, ...], then: Callable[[Ended], None]) -> None:
        """Have images pulled, if the runner can; say how it went."""
        runner, number = self._runner, self._core.next_number()
        if images and isinstance(runner, Fetching):
            self._fetches[number] = then
            self._core.once_kept(partial(runner.fetch, number, images))
        else:
            then(Ended(number, None))

    def stop(self, attempt_id: int, why: StopReason) -> None:
        """End an attempt early; the first reason stands, except that a deletion overrules it."""
        attempt = self._attempts.get(attempt_id)
        if attempt is None or (attempt.stop is not None and why is not StopReason.FORGOTTEN):
            return
        attempt.stop = why
        if attempt.job is not None and attempt.task is not None and why is not StopReason.FORGOTTEN:
            attempt.task.stop = why
            attempt.job.tasks.note(attempt.task)
        if not attempt.begun:
            self.report(Ended(attempt_id, None))
            return
        grace = timedelta() if why is StopReason.NODE_LOST else self._core.settings.stop_grace
        upload = why is StopReason.TIMED_OUT
        self._core.once_kept(partial(self._runner.stop, attempt_id, grace=grace, upload=upload))

    def stop_node(self, node: Node, why: StopReason) -> None:
        """End all attempts on a node."""
        for attempt_id in [*node.attempts, *([node.start_task_attempt] if node.start_task_attempt else [])]:
            self.stop(attempt_id, why)

    def abandon(self) -> None:
        """End every attempt at once; nobody wants to know how."""
        for attempt_id in self._attempts:
            stop = partial(self._runner.stop, attempt_id, grace=timedelta(), upload=False)
            self._core.once_kept(stop)
        self._attempts.clear()

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
        attempt = self._attempts.get(report.attempt_id)
        if not isinstance(report, ResumeAfter):
            self._ended(report)
        elif attempt is not None:
            moment = max(later(attempt.started, report.span), self._core.now)
            self._core.timers.at(moment, report.resume)

    def _ended(self, ended: Ended) -> None:
        """Draw the consequences, then free the slots."""
        if ended.attempt_id in self._fetches:
            self._fetches.pop(ended.attempt_id)(ended)
            return
        attempt = self._attempts.pop(ended.attempt_id, None)
        if attempt is None:
            return
        if attempt.deadline is not None:
            attempt.deadline.cancel()
        attempt.then(attempt, ended)
        if attempt.id in attempt.node.attempts:
            self._vacate(attempt)
        if attempt.job is not None:
            self._core.publish(JobProgressed(attempt.job))

    def _pulled(self, attempt: Attempt, attempt_spec: AttemptSpec, image: str | None) -> None:
        core = self._core
        if attempt.stop is not None or attempt.id not in self._attempts:
            return  # ended while its image was on its way
        attempt.begun, attempt.started = True, core.now
        failure = attempt_spec.refusal or (self._faults.pull_failure(image, Puller.TASK) if image else None)
        if failure is None:
            core.once_kept(partial(self._runner.start, attempt_spec))
        else:
            self.report(Ended(attempt_spec.attempt_id, None, failure, Phase.BEFORE))

    def _vacate(self, attempt: Attempt) -> None:
        node = attempt.node
        node.attempts.pop(attempt.id, None)
        if not node.attempts and node.state is NodeState.RUNNING:
            node.move("free", now=self._core.now)
            if not node.accepts_tasks:
                node.move("disable", now=self._core.now)
        attempt.pool.slot_index.update(node)
        self._core.publish(SchedulingDue(attempt.pool.id))
        if not node.attempts:
            self._core.publish(NodeEmptied(attempt.pool, node))
