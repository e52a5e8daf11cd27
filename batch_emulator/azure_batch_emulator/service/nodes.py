"""A node's life: allocated, started, prepared, idle or running, rebooted, emptied."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import Refusal
from azure_batch_emulator.records.states import NodeState
from azure_batch_emulator.records.tasks import Blame, Execution, Failure, Result
from azure_batch_emulator.service.endings import FAILED_EXIT
from azure_batch_emulator.service.runs import Stop

if TYPE_CHECKING:
    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.runner.interface import Ended
    from azure_batch_emulator.service.engine import Engine

_NOT_REBOOTABLE = {
    NodeState.CREATING: "NodeBeingCreated",
    NodeState.STARTING: "NodeBeingStarted",
    NodeState.REBOOTING: "NodeBeingRebooted",
    NodeState.REIMAGING: "NodeBeingReimaged",
}
_STOPS = {"requeue": Stop.NODE_LOST, "terminate": Stop.BY_USER}


class Nodes:
    """Operations on nodes, and what they do by themselves."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, pool_id: str, node_id: str) -> tuple[Pool, Node]:
        """Find a node.

        :raises Refusal: if the pool or the node does not exist
        """
        pool = self._engine.pools.get(pool_id)
        node = pool.nodes.get(node_id) or pool.nodes.get(node_id.lower())
        if node is None:
            raise Refusal.missing("Node")
        return pool, node

    def boot(self, pool: Pool, node: Node) -> None:
        """Begin a new node's life: allocation takes half of the boot time."""
        self._engine.after(self._engine.settings.boot / 2, partial(self._allocated, pool, node))

    def resume(self, pool: Pool, node: Node) -> None:
        """Go on with a node that was kept: the restart of the service was one of every node that was up."""
        if node.state is NodeState.CREATING:
            moment = node.state_since + self._engine.settings.boot / 2
            self._engine.agenda.at(moment, partial(self._allocated, pool, node))
        elif node.is_staying:
            node.move("recover", now=self._engine.now)
            self._start(pool, node)

    def reboot(self, pool: Pool, node: Node, *, option: str) -> None:
        """Restart a node; what runs on it ends first, as the option says.

        :raises Refusal: if the node is in no state to be restarted
        """
        if node.state in _NOT_REBOOTABLE or not node.is_staying:
            code = _NOT_REBOOTABLE.get(node.state, "OperationNotValidOnNode")
            message = f"The node cannot be rebooted while it is {node.state}."
            raise Refusal.conflict(code, message, NodeState=node.state)
        node.move("reboot", now=self._engine.now)
        pool.seats.update(node)
        if node.start_task_run is not None:
            self._engine.attempts.stop(node.start_task_run, Stop.FORGOTTEN)
        if option in _STOPS:
            self._engine.attempts.stop_node(node, _STOPS[option])
        if not node.runs:
            self.emptied(pool, node)

    def emptied(self, pool: Pool, node: Node) -> None:
        """Go on with a node whose last attempt ended: it may have waited for that."""
        if not node.is_staying:
            self._engine.allocation.left(pool, node)
        elif node.state is NodeState.REBOOTING:
            self._engine.after(
                self._engine.settings.boot / 2, partial(self._restarted, pool, node, node.state_since)
            )

    def start_task_ended(self, pool: Pool, node: Node, stop: Stop | None, ended: Ended) -> None:
        """Take the end of a start task: the node is ready, tries again, or is of no use."""
        execution = node.start_task
        if execution is None or stop is not None or pool.nodes.get(node.id) is not node:
            return
        if ended.lost or self._may_retry(pool, execution, ended):
            execution.retries += not ended.lost
            execution.last_retry = self._engine.now
            self._engine.attempts.start_node(pool, node)
            return
        _conclude(execution, ended)
        execution.ended = self._engine.now
        if node.state is NodeState.WAITING_FOR_START_TASK:
            ready = execution.result is Result.SUCCESS or not _waits(pool)
            node.move("ready" if ready else "unprepared", now=self._engine.now)
            self._seat(pool, node)

    def _allocated(self, pool: Pool, node: Node) -> None:
        if pool.nodes.get(node.id) is not node or node.state is not NodeState.CREATING:
            return
        node.move("allocated", now=self._engine.now)
        self._start(pool, node)
        self._engine.allocation.finish(pool)

    def _restarted(self, pool: Pool, node: Node, since: Any) -> None:
        if node.state is NodeState.REBOOTING and node.state_since == since:
            node.move("restarted", now=self._engine.now)
            self._start(pool, node)

    def _start(self, pool: Pool, node: Node) -> None:
        pool.seats.update(node)
        self._engine.after(
            self._engine.settings.boot / 2, partial(self._started, pool, node, node.state_since)
        )

    def _started(self, pool: Pool, node: Node, since: Any) -> None:
        if node.state is not NodeState.STARTING or node.state_since != since:
            return
        node.booted = self._engine.now
        node.start_task = None
        if not pool.spec.get("startTask"):
            node.move("ready", now=self._engine.now)
        else:
            node.move("prepare" if _waits(pool) else "ready", now=self._engine.now)
            self._engine.attempts.start_node(pool, node)
        self._seat(pool, node)

    def _seat(self, pool: Pool, node: Node) -> None:
        pool.seats.update(node)
        self._engine.scheduling.look_at(pool.id)

    @staticmethod
    def _may_retry(pool: Pool, execution: Execution, ended: Ended) -> bool:
        limit = int(pool.spec["startTask"].get("maxTaskRetryCount") or 0)
        failed = ended.failure is None and ended.exit_code not in {0, None}
        return failed and (limit < 0 or execution.retries < limit)


def _waits(pool: Pool) -> bool:
    start_task = pool.spec.get("startTask") or {}
    return bool(start_task.get("waitForSuccess", True))


def _conclude(execution: Execution, ended: Ended) -> None:
    execution.exit_code = ended.exit_code
    execution.failure = ended.failure
    if ended.failure is None and ended.exit_code not in {0, None}:
        execution.failure = FAILED_EXIT
    elif ended.failure is None and ended.exit_code is None:
        execution.failure = Failure(Blame.SERVER, "TaskEnded", "The start task was ended")
    execution.result = Result.SUCCESS if execution.failure is None else Result.FAILURE
