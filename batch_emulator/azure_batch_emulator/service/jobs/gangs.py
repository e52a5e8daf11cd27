"""Multi-instance tasks: several nodes at once, a coordination command on each, then the command on the first.

All of it succeeds or the task does not: an attempt whose coordination fails, or loses a node, is over.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.records.tasks import NodeInfo, StopReason, Subtask, SubtaskState
from azure_batch_emulator.runner.interface import Ended
from azure_batch_emulator.service.attempts import directories
from azure_batch_emulator.service.attempts.attempt import Attempt, Gang
from azure_batch_emulator.service.attempts.conclusions import conclude
from azure_batch_emulator.service.attempts.specs import JobCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.service.attempts.attempts import Attempts
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.jobs.preparations import Preparations
    from azure_batch_emulator.service.jobs.task_attempts import TaskAttempts

_PORT = 6000


class Gangs:
    """Attempts that occupy several nodes."""

    def __init__(
        self, core: EngineCore, attempts: Attempts, preparations: Preparations, task_attempts: TaskAttempts
    ) -> None:
        self._core = core
        self._attempts = attempts
        self._preparations = preparations
        self._task_attempts = task_attempts

    def start(self, pool: Pool, nodes: Sequence[Node], job: Job, task: Task) -> None:
        """Assign a task to nodes; the first is its own, each other that of a subtask."""
        attempts, tasks, gang = self._attempts, self._task_attempts, Gang()
        directory = directories.task_directory(job, task.id)
        task.subtasks = tuple(
            Subtask(number, NodeInfo(pool.id, node.id, f"{directory}/{number}"), self._core.now)
            for number, node in enumerate(nodes[1:], start=1)
        )
        gang.others = [attempts.take(pool, node, partial(self._place_lost, gang), job) for node in nodes[1:]]
        gang.primary = tasks.take(pool, nodes[0], job, task)
        gang.primary.then = partial(self._ended, gang)
        for attempt in (*gang.others, gang.primary):
            attempt.gang, attempt.go = gang, self._ready
        for attempt in gang.others:
            attempts.occupy(attempt, task.slots)
            self._preparations.admit(attempt)
        tasks.start(gang.primary, job, task, slots=task.slots)

    def _ended(self, gang: Gang, attempt: Attempt, ended: Ended) -> None:
        self._task_attempts.ended(attempt, ended)
        self._dissolve(gang)

    def _dissolve(self, gang: Gang) -> None:
        """Give the other nodes back, as the attempt is over."""
        gang.is_over = True
        for attempt_id in gang.coordinating:
            self._attempts.stop(attempt_id, StopReason.FORGOTTEN)
        for attempt in gang.others:
            self._attempts.report(Ended(attempt.id, None))
        task = gang.primary.task if gang.primary is not None else None
        for subtask in task.subtasks if task is not None else ():
            if subtask.state is not SubtaskState.COMPLETED:
                self._conclude(subtask, Ended(0, None))

    def _ready(self, attempt: Attempt) -> None:
        """Count a node that is prepared for the job; with the last one the coordination begins."""
        gang = attempt.gang
        if gang is None or gang.primary is None or gang.is_over:
            return
        gang.ready += 1
        if gang.ready == 1 + len(gang.others):
            self._task_attempts.call_running(gang.primary)
            self._coordinate(gang, gang.primary)

    def _coordinate(self, gang: Gang, primary: Attempt) -> None:
        job, task = primary.job, primary.task
        if job is None or task is None:
            return
        settings = task.spec["multiInstanceSettings"]
        spec = {
            **task.spec,
            "commandLine": settings["coordinationCommandLine"],
            "resourceFiles": settings.get("commonResourceFiles"),
        }
        for number, attempt in enumerate((primary, *gang.others)):
            command = JobCommand(
                task.id, spec, folder=str(number), environment=self._environment(gang, attempt)
            )
            then = partial(self._coordinated, gang, number)
            attempt_id = self._attempts.start_aside(attempt.pool, attempt.node, job, command, then=then)
            gang.coordinating.add(attempt_id)
        for subtask in task.subtasks:
            subtask.move(SubtaskState.RUNNING, now=self._core.now)
            subtask.execution.started = self._core.now
        job.tasks.note(task)

    def _coordinated(self, gang: Gang, number: int, attempt: Attempt, ended: Ended) -> None:
        primary = gang.primary
        gang.coordinating.discard(attempt.id)
        if gang.is_over or primary is None or primary.task is None or primary.job is None:
            return
        if number:
            self._conclude(primary.task.subtasks[number - 1], ended)
            primary.job.tasks.note(primary.task)
        if attempt.stop is not None or ended.lost:
            self._attempts.stop(primary.id, attempt.stop or StopReason.NODE_LOST)
        elif ended.failure is not None or ended.exit_code != 0:
            self._attempts.report(Ended(primary.id, ended.exit_code, ended.failure, ended.phase))
        elif not gang.coordinating:
            self._task_attempts.command(primary, self._environment(gang, primary))

    def _place_lost(self, gang: Gang, attempt: Attempt, _ended: Ended) -> None:
        """End the attempt with one of its nodes."""
        if not gang.is_over and gang.primary is not None:
            self._attempts.stop(gang.primary.id, attempt.stop or StopReason.NODE_LOST)

    def _conclude(self, subtask: Subtask, ended: Ended) -> None:
        conclude(subtask.execution, ended, now=self._core.now)
        subtask.move(SubtaskState.COMPLETED, now=self._core.now)

    def _environment(self, gang: Gang, attempt: Attempt) -> dict[str, str]:
        """Tell one of the nodes of all of them."""
        if gang.primary is None or attempt.job is None or gang.primary.task is None:
            return {}
        attempts = (gang.primary, *gang.others)
        addresses = [each.node.address for each in attempts]
        root = directories.node_root(self._core.settings.data, attempt.pool.id, attempt.node.id)
        return {
            "AZ_BATCH_HOST_LIST": ",".join(addresses),
            "AZ_BATCH_NODE_LIST": ";".join(addresses),
            "AZ_BATCH_MASTER_NODE": f"{addresses[0]}:{_PORT}",
            "AZ_BATCH_IS_CURRENT_NODE_MASTER": "true" if attempt is gang.primary else "false",
            "AZ_BATCH_TASK_SHARED_DIR": str(
                root / directories.task_directory(attempt.job, gang.primary.task.id)
            ),
            "CCP_NODES": f"{len(attempts)} " + " ".join(f"{address} 1" for address in addresses),
        }
