"""What a person does to a node: restarted, made anew, switched off and on, closed to tasks and opened."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.records.states import NodeState
from azure_batch_emulator.records.tasks import StopReason
from azure_batch_emulator.service.attempts import directories
from azure_batch_emulator.service.events import NodeEmptied, NodeRestarted, NodeWiped, SchedulingDue

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.runner.interface import Runner
    from azure_batch_emulator.service.attempts.attempts import Attempts
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.nodes.nodes import Nodes

_BUSY = {
    NodeState.CREATING: "NodeBeingCreated",
    NodeState.STARTING: "NodeBeingStarted",
    NodeState.REBOOTING: "NodeBeingRebooted",
    NodeState.REIMAGING: "NodeBeingReimaged",
    NodeState.UNUSABLE: "NodeStateUnusable",
}
"""States in which a node can be told nothing, with the code that says so; of others the code is general."""
_UP = frozenset(
    {
        NodeState.WAITING_FOR_START_TASK,
        NodeState.START_TASK_FAILED,
        NodeState.IDLE,
        NodeState.RUNNING,
        NodeState.OFFLINE,
        NodeState.UNUSABLE,
    }
)
_BEING_RENEWED = frozenset({NodeState.REBOOTING, NodeState.REIMAGING, NodeState.DEALLOCATING})
_STOPS = {"requeue": StopReason.NODE_LOST, "terminate": StopReason.BY_USER}
_DISABLING_STOPS = {"requeue": StopReason.REQUEUED, "terminate": StopReason.BY_USER}


class NodeOperations:
    """Operations on single nodes that clients ask for."""

    def __init__(self, core: EngineCore, runner: Runner, attempts: Attempts, nodes: Nodes) -> None:
        self._core = core
        self._runner = runner
        self._attempts = attempts
        self._nodes = nodes

    def reboot(self, pool: Pool, node: Node, *, option: str) -> None:
        """Restart a node; what runs on it ends first, as the option says.

        :raises ApiError: if the node is in no state to be restarted
        """
        self._renew(pool, node, "reboot", option)

    def reimage(self, pool: Pool, node: Node, *, option: str) -> None:
        """Make a node anew: as a reboot, but nothing is left on its disk.

        :raises ApiError: if the node is in no state for that
        """
        self._renew(pool, node, "reimage", option)

    def deallocate(self, pool: Pool, node: Node, *, option: str) -> None:
        """Switch a node off until it is started: it keeps its place and its id, and nothing on its disk.

        :raises ApiError: if the node is in no state for that
        """
        self._renew(pool, node, "deallocate", option)

    def start(self, pool: Pool, node: Node) -> None:
        """Switch a node on again.

        :raises ApiError: unless it is switched off
        """
        if node.state is not NodeState.DEALLOCATED:
            raise _refused(node, "started")
        node.move("start", now=self._core.now)
        node.booted, node.start_task = None, None
        self._nodes.start(pool, node)

    def disable_scheduling(self, pool: Pool, node: Node, *, option: str) -> None:
        """Close a node to new tasks; what runs on it is put back, ended, or left to end.

        :raises ApiError: if it is closed already, or not up
        """
        self._check_target(node, accepts_tasks=False)
        node.accepts_tasks = False
        if option in _DISABLING_STOPS:
            for attempt_id in list(node.attempts):
                self._attempts.stop(attempt_id, _DISABLING_STOPS[option])
        if node.state is NodeState.IDLE:
            node.move("disable", now=self._core.now)
        pool.slot_index.update(node)

    def enable_scheduling(self, pool: Pool, node: Node) -> None:
        """Open a node to tasks again.

        :raises ApiError: if it is open already, or not up
        """
        self._check_target(node, accepts_tasks=True)
        node.accepts_tasks = True
        if node.state is NodeState.OFFLINE:
            node.move("enable", now=self._core.now)
        pool.slot_index.update(node)
        self._core.publish(SchedulingDue(pool.id))

    def renew_node(self, event: NodeEmptied) -> None:
        """Renew a node that waited for the last attempt on it to end."""
        if event.node.state in _BEING_RENEWED:
            self._go_on(event.pool, event.node)

    def resume(self, pool: Pool, node: Node) -> None:
        """Go on switching off a node that was kept; a reboot is over, as the service has restarted."""
        if node.state is NodeState.DEALLOCATING:
            self._go_on(pool, node)

    def _go_on(self, pool: Pool, node: Node) -> None:
        """Renew a node on which nothing runs any more; it takes half of the boot time."""
        if node.state in {NodeState.REIMAGING, NodeState.DEALLOCATING}:
            area = directories.node_area(self._core.settings.data, pool.id, node.id)
            self._core.once_kept(partial(self._runner.remove, area))
            node.users = ()
            self._core.publish(NodeWiped(pool, node))
        else:
            self._core.publish(NodeRestarted(pool, node))
        self._core.after(
            self._core.settings.boot / 2, partial(self._done, pool, node, node.state, node.state_since)
        )

    def _renew(self, pool: Pool, node: Node, event: str, option: str) -> None:
        if node.state not in _UP:
            raise _refused(node, f"{event.removesuffix('e')}ed")
        node.move(event, now=self._core.now)
        pool.slot_index.update(node)
        if node.start_task_attempt is not None:
            self._attempts.stop(node.start_task_attempt, StopReason.FORGOTTEN)
        if option in _STOPS:
            self._attempts.stop_node(node, _STOPS[option])
        if not node.attempts:
            self._core.publish(NodeEmptied(pool, node))

    def _done(self, pool: Pool, node: Node, state: NodeState, since: datetime) -> None:
        if pool.nodes.get(node.id) is not node or (node.state, node.state_since) != (state, since):
            return
        if state is NodeState.DEALLOCATING:
            node.move("deallocated", now=self._core.now)
            pool.slot_index.update(node)
        else:
            node.move("restarted", now=self._core.now)
            self._nodes.start(pool, node)

    @staticmethod
    def _check_target(node: Node, *, accepts_tasks: bool) -> None:
        if node.state not in _UP or node.state is NodeState.UNUSABLE:
            raise _refused(node, "opened or closed to tasks")
        if node.accepts_tasks is accepts_tasks:
            word = "enabled" if accepts_tasks else "disabled"
            message = f"The scheduling of tasks to the node is {word} already."
            raise ApiError.conflict("NodeAlreadyInTargetSchedulingState", message, SchedulingState=word)


def _refused(node: Node, what: str) -> ApiError:
    code = _BUSY.get(node.state, "OperationNotValidOnNode")
    message = f"The node cannot be {what} while it is {node.state}."
    return ApiError.conflict(code, message, NodeState=node.state)
