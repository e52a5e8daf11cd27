"""What befalls a node on purpose and at once: its machine is taken, lost, broken or restarted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.records.nodes import NodeError

if TYPE_CHECKING:
    from datetime import timedelta

    from azure_batch_emulator.records.nodes import Node
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.lookup import Lookup
    from azure_batch_emulator.service.nodes.nodes import Nodes
    from azure_batch_emulator.service.nodes.operations import NodeOperations

# Which codes a broken node can show is not listed anywhere; this name is a convention.
BROKEN = "NodeAgentFailure"


class NodeFaults:
    """Takes machines away and breaks them, by the ids of their nodes."""

    def __init__(
        self, core: EngineCore, lookup: Lookup, nodes: Nodes, node_operations: NodeOperations
    ) -> None:
        self._core = core
        self._lookup = lookup
        self._nodes = nodes
        self._node_operations = node_operations

    def preempt(
        self, pool_id: str, node_id: str | None = None, *, away: timedelta | None = None
    ) -> list[str]:
        """Take low-priority nodes away: one, or all of a pool; replacements come under the same ids.

        :param away: how long a node is listed as preempted; the boot time unless given
        :return: ids of the nodes
        :raises ApiError: if there is no such node, or it cannot be pre-empted
        """
        pool, nodes = self._find(pool_id, node_id)
        if node_id is None:
            nodes = [node for node in nodes if not node.is_dedicated and node.is_machine]
        for node in nodes:
            self._nodes.preempt(pool, node, away=self._away(away))
        return [node.id for node in nodes]

    def lose(self, pool_id: str, node_id: str, *, away: timedelta | None = None) -> None:
        """Let a node of either kind vanish: it is unknown for a while, then replaced like a pre-empted one.

        :raises ApiError: if there is no such node, or no machine behind it now
        """
        pool, (node,) = self._find(pool_id, node_id)
        self._nodes.lose(pool, node, away=self._away(away))

    def break_node(
        self,
        pool_id: str,
        node_id: str,
        *,
        code: str = BROKEN,
        message: str = "The node does not respond",
        details: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Make a node unusable until it is rebooted or removed; its tasks run elsewhere.

        :raises ApiError: if there is no such node, or no machine behind it now
        """
        pool, (node,) = self._find(pool_id, node_id)
        self._nodes.break_down(pool, node, NodeError(code, message, details))

    def reboot(self, pool_id: str, node_id: str, *, option: str = "requeue") -> None:
        """Restart a node as its reboot operation does.

        :raises ApiError: if there is no such node, or it is in no state to be restarted
        """
        pool, (node,) = self._find(pool_id, node_id)
        self._node_operations.reboot(pool, node, option=option)

    def _find(self, pool_id: str, node_id: str | None) -> tuple[Pool, list[Node]]:
        if node_id is None:
            pool = self._lookup.pool(pool_id)
            return pool, list(pool.nodes.values())
        pool, node = self._lookup.node(pool_id, node_id)
        return pool, [node]

    def _away(self, span: timedelta | None) -> timedelta:
        return self._core.settings.boot if span is None else span
