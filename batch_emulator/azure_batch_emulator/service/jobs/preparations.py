"""Job preparation and release tasks: before a job's first task on a node, and after the job's last.

Neither takes a slot. What the service does is told by the descriptions of ``BatchJobPreparationTask``
and ``BatchJobReleaseTask`` in the client's models.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import parse_duration
from azure_batch_emulator.records.preparations import PREPARED, Preparation, PreparationState
from azure_batch_emulator.records.states import NodeState
from azure_batch_emulator.records.tasks import Execution, Result, StopReason
from azure_batch_emulator.service.attempts.conclusions import conclude, may_retry
from azure_batch_emulator.service.attempts.specs import JobCommand
from azure_batch_emulator.service.events import JobProgressed
from azure_batch_emulator.service.jobs.rules import ENDING

if TYPE_CHECKING:
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.runner.interface import Ended
    from azure_batch_emulator.service.attempts.attempt import Attempt
    from azure_batch_emulator.service.attempts.attempts import Attempts
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.events import NodeRestarted, NodeUp, NodeWiped

_UP = frozenset({NodeState.IDLE, NodeState.RUNNING, NodeState.OFFLINE})
_COMING_UP = frozenset({NodeState.STARTING, NodeState.WAITING_FOR_START_TASK, NodeState.REBOOTING})
_AGAIN = frozenset({StopReason.NODE_LOST, StopReason.REQUEUED})


class Preparations:
    """What jobs do on nodes besides their tasks."""

    def __init__(self, core: EngineCore, attempts: Attempts) -> None:
        self._core = core
        self._attempts = attempts
        self._waiting: defaultdict[int, list[Attempt]] = defaultdict(list)
        """By a preparation's number: attempts that go on when the node is prepared."""

    def admit(self, attempt: Attempt) -> None:
        """Let an attempt go on: at once if its node is prepared for the job, else when it is."""
        job, node = attempt.job, attempt.node
        spec = job.preparation_spec if job is not None else None
        if job is None or spec is None:
            _go(attempt)
            return
        preparation = self._of(job, node, attempt.pool)
        if preparation.state not in {PreparationState.READY, PreparationState.RUNNING}:
            self._prepare(attempt.pool, node, job, preparation)
        if preparation.state is PreparationState.READY or not spec["waitForSuccess"]:
            _go(attempt)
        else:
            self._waiting[preparation.number].append(attempt)

    def stop(self, job: Job) -> None:
        """End the preparations that are under way, as their job ends."""
        for preparation in job.preparations.values():
            if preparation.attempt_id is not None:
                self._attempts.stop(preparation.attempt_id, StopReason.BY_USER)

    def are_over(self, job: Job) -> bool:
        """Have the nodes of a job that ends released; tell whether that is done."""
        under_way = [self._is_under_way(job, preparation) for preparation in job.preparations.values()]
        return not any(under_way)

    def release_node(self, event: NodeUp) -> None:
        """Go on with jobs that waited for a node to be released."""
        self._look_at_ending_jobs(event.pool)

    def mark_stale(self, event: NodeRestarted) -> None:
        """Note that a node restarts with what is on its disk."""
        for job, preparation in self._on(event.pool, event.node):
            self._restarted(job, preparation)

    def mark_gone(self, event: NodeWiped) -> None:
        """Note that a node has lost what was on its disk, or is gone."""
        for _, preparation in self._on(event.pool, event.node):
            preparation.state = PreparationState.GONE
            self._core.account.changes.note(preparation)
        self._look_at_ending_jobs(event.pool)

    def resume(self, job: Job) -> None:
        """Go on with the nodes of a job that was kept; each of them has restarted with the service."""
        for preparation in job.preparations.values():
            self._restarted(job, preparation)

    def _look_at_ending_jobs(self, pool: Pool) -> None:
        """Go on with jobs that wait to release a node of a pool, or wait no more."""
        for job in self._core.account.jobs_of(pool):
            if job.state in ENDING and job.preparations:
                self._core.timers.at(self._core.now, partial(self._core.publish, JobProgressed(job)))

    def _of(self, job: Job, node: Node, pool: Pool) -> Preparation:
        if node.id not in job.preparations:
            job.preparations[node.id] = Preparation(job.number, self._core.next_number(), pool.id, node.id)
        return job.preparations[node.id]

    def _on(self, pool: Pool, node: Node) -> list[tuple[Job, Preparation]]:
        return [
            (job, job.preparations[node.id])
            for job in self._core.account.jobs_of(pool)
            if node.id in job.preparations
        ]

    def _restarted(self, job: Job, preparation: Preparation) -> None:
        again = bool((job.preparation_spec or {}).get("rerunOnNodeRebootAfterSuccess"))
        if preparation.state is PreparationState.RUNNING:
            preparation.state = PreparationState.GONE
        elif preparation.state is PreparationState.READY and again:
            preparation.state = PreparationState.STALE
        self._core.account.changes.note(preparation)

    def _prepare(self, pool: Pool, node: Node, job: Job, preparation: Preparation) -> None:
        preparation.state = PreparationState.RUNNING
        preparation.execution = Execution()
        self._start(pool, node, job, preparation)

    def _start(self, pool: Pool, node: Node, job: Job, preparation: Preparation) -> None:
        spec = job.preparation_spec or {}
        preparation.execution.forget_outcome()
        preparation.execution.started = self._core.now
        limit = parse_duration(spec["constraints"]["maxWallClockTime"])
        then = partial(self._prepared, preparation)
        preparation.attempt_id = self._attempts.start_aside(
            pool, node, job, JobCommand(spec["id"], spec, limit), then=then
        )
        self._core.account.changes.note(preparation)

    def _prepared(self, preparation: Preparation, attempt: Attempt, ended: Ended) -> None:
        job, spec = attempt.job, (attempt.job.preparation_spec if attempt.job else None) or {}
        preparation.attempt_id = None
        if job is None:
            return
        execution = preparation.execution
        if attempt.stop is None and not ended.lost and may_retry(spec["constraints"], execution, ended):
            execution.retries += 1
            execution.last_retry = self._core.now
            self._start(attempt.pool, attempt.node, job, preparation)
            return
        conclude(execution, ended, now=self._core.now)
        preparation.state = _state_after(spec, execution, attempt.stop, ended)
        self._core.account.changes.note(preparation)
        for waiting in self._waiting.pop(preparation.number, ()):
            if preparation.state is PreparationState.READY:
                _go(waiting)
            else:
                self._attempts.stop(waiting.id, StopReason.UNPREPARED)

    def _is_under_way(self, job: Job, preparation: Preparation) -> bool:
        """Tell whether a job has to wait for a node; begin to release it if it is time."""
        if preparation.attempt_id is not None or preparation.release_attempt_id is not None:
            return True
        released = preparation.release is not None and preparation.release.ended is not None
        pool = self._core.account.pools.get(preparation.pool_id.lower())
        node = pool.nodes.get(preparation.node_id) if pool is not None else None
        if pool is None or node is None or released or not job.release_spec:
            return False
        if preparation.state not in PREPARED or node.state not in _UP | _COMING_UP:
            return False
        if node.state in _UP:
            self._release(pool, node, job, preparation, job.release_spec)
        return True

    def _release(
        self, pool: Pool, node: Node, job: Job, preparation: Preparation, spec: dict[str, Any]
    ) -> None:
        preparation.release = Execution(started=self._core.now)
        command = JobCommand(spec["id"], spec, parse_duration(spec["maxWallClockTime"]))
        then = partial(self._released, preparation)
        preparation.release_attempt_id = self._attempts.start_aside(pool, node, job, command, then=then)
        self._core.account.changes.note(preparation)

    def _released(self, preparation: Preparation, attempt: Attempt, ended: Ended) -> None:
        preparation.release_attempt_id = None
        if preparation.release is None:
            return
        if ended.lost or attempt.stop in _AGAIN:
            preparation.release = None  # once more, if the node comes back as it was
        else:
            conclude(preparation.release, ended, now=self._core.now)
        self._core.account.changes.note(preparation)


def _go(attempt: Attempt) -> None:
    if attempt.go is not None and attempt.stop is None:
        attempt.go(attempt)


def _state_after(
    spec: dict[str, Any], execution: Execution, stop: StopReason | None, ended: Ended
) -> PreparationState:
    if ended.lost or stop not in {None, StopReason.TIMED_OUT}:
        return PreparationState.GONE
    failed = execution.result is Result.FAILURE and spec["waitForSuccess"]
    return PreparationState.FAILED if failed else PreparationState.READY
