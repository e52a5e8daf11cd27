"""A node's life: allocated, started, prepared, idle or running, rebooted, emptied."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError, IllegalMove
from azure_batch_emulator.moments import later
from azure_batch_emulator.records.nodes import NodeError
from azure_batch_emulator.records.states import NodeState
from azure_batch_emulator.records.tasks import Execution, Result, StopReason
from azure_batch_emulator.runner.interface import Container
from azure_batch_emulator.service.attempts import directories, mounts, specs
from azure_batch_emulator.service.attempts.conclusions import conclude, may_retry
from azure_batch_emulator.service.events import NodeAllocated, NodeUp, NodeWiped, SchedulingDue
from azure_batch_emulator.service.faults.effects import Puller

if TYPE_CHECKING:
    from datetime import timedelta

    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.runner.interface import Ended, Runner
    from azure_batch_emulator.service.attempts.attempt import Attempt
    from azure_batch_emulator.service.attempts.attempts import Attempts
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.events import NodeEmptied
    from azure_batch_emulator.service.faults.faults import Faults

_AS_THEY_WERE = frozenset({NodeState.UNUSABLE, NodeState.DEALLOCATING, NodeState.DEALLOCATED})
"""States that a restart of the service does not end."""


class Nodes:
    """Operations on nodes, and what they do by themselves."""

    def __init__(self, core: EngineCore, runner: Runner, faults: Faults, attempts: Attempts) -> None:
        self._core = core
        self._runner = runner
        self._faults = faults
        self._attempts = attempts

    def boot(self, pool: Pool, node: Node) -> None:
        """Begin a new node's life: allocation takes half of the boot time."""
        self._core.after(self._core.settings.boot / 2, partial(self._allocated, pool, node))

    def resume(self, pool: Pool, node: Node) -> None:
        """Go on with a node that was kept: the restart of the service was one of every node that was up."""
        if node.state is NodeState.CREATING:
            moment = node.state_since + self._core.settings.boot / 2
            self._core.timers.at(moment, partial(self._allocated, pool, node))
        elif node.is_away:
            self._await_return(pool, node)
        elif node.is_staying and node.state not in _AS_THEY_WERE:
            node.move("recover", now=self._core.now)
            self.start(pool, node)

    def preempt(self, pool: Pool, node: Node, *, away: timedelta) -> None:
        """Take the machine of a low-priority node away, for a while; what runs on it runs again elsewhere.

        :raises ApiError: if the node is a dedicated one, or there is no machine now
        """
        if node.is_dedicated:
            message = "Only low-priority nodes are pre-empted; a dedicated one can be lost."
            raise ApiError.conflict("OperationNotValidOnNode", message)
        self._vanish(pool, node, "preempt", away)

    def lose(self, pool: Pool, node: Node, *, away: timedelta) -> None:
        """Let the machine of a node vanish, for a while.

        :raises ApiError: if there is no machine now
        """
        # How the real service goes on with a lost node is not documented: here as with a pre-empted one.
        self._vanish(pool, node, "lose", away)

    def break_down(self, pool: Pool, node: Node, error: NodeError) -> None:
        """Make a node unusable, until it is rebooted or leaves; what runs on it runs again elsewhere.

        :raises ApiError: if there is no machine now
        """
        self._interrupt(pool, node, "break")
        node.errors = (error,)

    def replace_machine(self, event: NodeEmptied) -> None:
        """Replace a machine that is away, if the replacement waited for the last attempt on it to end."""
        if event.node.is_away:
            self._return(event.pool, event.node)

    def _start_task(self, pool: Pool, node: Node) -> None:
        attempt = self._attempts.take(pool, node, self._start_task_ended)
        node.start_task = node.start_task or Execution()
        node.start_task.forget_outcome()
        node.start_task.started = self._core.now
        node.start_task_attempt = attempt.id
        self._attempts.begin(attempt, specs.for_start_task(self._core, attempt))

    def _start_task_ended(self, attempt: Attempt, ended: Ended) -> None:
        """Take the end of a start task: the node is ready, tries again, or is of no use."""
        pool, node = attempt.pool, attempt.node
        if node.start_task_attempt == attempt.id:  # else the node has begun anew already
            node.start_task_attempt = None
        execution = node.start_task
        if execution is None or attempt.stop is not None or pool.nodes.get(node.id) is not node:
            return
        if ended.lost or may_retry(pool.spec["startTask"], execution, ended):
            execution.retries += not ended.lost
            execution.last_retry = self._core.now
            self._start_task(pool, node)
            return
        conclude(execution, ended, now=self._core.now)
        if node.state is NodeState.WAITING_FOR_START_TASK:
            ready = execution.result is Result.SUCCESS or not _waits(pool)
            self._move_up(node, "ready" if ready else "unprepared")
            self._seat(pool, node)

    def _vanish(self, pool: Pool, node: Node, event: str, away: timedelta) -> None:
        self._interrupt(pool, node, event)
        node.returns = later(self._core.now, away)
        self._await_return(pool, node)

    def _interrupt(self, pool: Pool, node: Node, event: str) -> None:
        try:
            node.move(event, now=self._core.now)
        except IllegalMove:
            message = f"Nothing can happen to the node while it is {node.state}."
            raise ApiError.conflict("OperationNotValidOnNode", message, NodeState=node.state) from None
        pool.slot_index.update(node)
        if node.start_task_attempt is not None:
            self._attempts.stop(node.start_task_attempt, StopReason.FORGOTTEN)
        self._attempts.stop_node(node, StopReason.NODE_LOST)

    def _await_return(self, pool: Pool, node: Node) -> None:
        if node.returns is not None:
            self._core.timers.at(node.returns, partial(self._return, pool, node))

    def _return(self, pool: Pool, node: Node) -> None:
        """Put another machine in the place of one that is away: same id, nothing on its disk."""
        due = node.returns is not None and node.returns <= self._core.now
        if not due or not node.is_away or node.attempts or pool.nodes.get(node.id) is not node:
            return
        node.move("replace", now=self._core.now)
        node.allocated, node.returns, node.booted, node.start_task = self._core.now, None, None, None
        node.errors = ()
        pool.slot_index.update(node)
        area = directories.node_area(self._core.settings.data, pool.id, node.id)
        self._core.once_kept(partial(self._runner.remove, area))
        self._core.publish(NodeWiped(pool, node))
        self.boot(pool, node)

    def _allocated(self, pool: Pool, node: Node) -> None:
        if pool.nodes.get(node.id) is not node or node.state is not NodeState.CREATING:
            return
        node.move("allocated", now=self._core.now)
        self.start(pool, node)
        self._core.publish(NodeAllocated(pool))

    def start(self, pool: Pool, node: Node) -> None:
        """Let a machine that is there come up; it takes half of the boot time."""
        pool.slot_index.update(node)
        self._core.after(self._core.settings.boot / 2, partial(self._started, pool, node, node.state_since))

    def _started(self, pool: Pool, node: Node, since: Any) -> None:
        if node.state is not NodeState.STARTING or node.state_since != since or self._faults.hangs(pool):
            return
        node.booted, node.start_task, node.errors = self._core.now, None, ()
        error = mounts.error(self._core.settings, pool) or self._prefetch_error(pool)
        if error is not None:
            self.break_down(pool, node, error)
            return
        span = self._faults.pull_time(pool.prefetched_images, Puller.NODE)
        if span:
            self._core.after(span, partial(self._fetch, pool, node, since))
        else:
            self._fetch(pool, node, since)

    def _fetch(self, pool: Pool, node: Node, since: Any) -> None:
        images = tuple(Container(image) for image in pool.prefetched_images)
        self._attempts.fetch(images, partial(self._fetched, pool, node, since))

    def _fetched(self, pool: Pool, node: Node, since: Any, ended: Ended) -> None:
        """Go on with a node whose images are there, or are not to be had."""
        if node.state is not NodeState.STARTING or node.state_since != since:
            return
        if ended.failure is not None:
            failure = ended.failure
            self.break_down(pool, node, NodeError(failure.code, failure.message, failure.details))
            return
        self._move_up(node, "prepare" if _waits(pool) else "ready")
        if pool.spec.get("startTask"):
            self._start_task(pool, node)
        self._seat(pool, node)

    def _move_up(self, node: Node, event: str) -> None:
        """Move a node; one that is ready but closed to tasks stays closed."""
        node.move(event, now=self._core.now)
        if node.state is NodeState.IDLE and not node.accepts_tasks:
            node.move("disable", now=self._core.now)

    def _prefetch_error(self, pool: Pool) -> NodeError | None:
        for image in pool.prefetched_images:
            failure = self._faults.pull_failure(image, Puller.NODE)
            if failure is not None:
                return NodeError(failure.code, failure.message, failure.details)
        return None

    def _seat(self, pool: Pool, node: Node) -> None:
        pool.slot_index.update(node)
        self._core.publish(SchedulingDue(pool.id))
        self._core.publish(NodeUp(pool))


def _waits(pool: Pool) -> bool:
    start_task = pool.spec.get("startTask")
    return bool(start_task and start_task.get("waitForSuccess", True))
