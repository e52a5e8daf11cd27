"""Bringing a pool to its targets: nodes ordered, nodes let go, and what went wrong.

``retarget`` may be called again before an earlier change is through, as autoscale does: it always
compares the targets with the nodes that are to stay.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.moments import later
from azure_batch_emulator.records.nodes import Node
from azure_batch_emulator.records.pools import ResizeError, Targets
from azure_batch_emulator.records.states import AllocationState, NodeState, PoolState
from azure_batch_emulator.records.tasks import StopReason
from azure_batch_emulator.service.attempts import directories
from azure_batch_emulator.service.events import NodeWiped, PoolEmptied
from azure_batch_emulator.service.faults.effects import Shortfall
from azure_batch_emulator.service.files.files import FOREVER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.runner.interface import Runner
    from azure_batch_emulator.service.attempts.attempts import Attempts
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.events import FilesDiscarded, NodeAllocated, NodeEmptied
    from azure_batch_emulator.service.faults.faults import Faults
    from azure_batch_emulator.service.files.files import Files
    from azure_batch_emulator.service.nodes.nodes import Nodes

_WAITING_OPTIONS = frozenset({"taskcompletion", "retaineddata"})
_WITH_DATA = frozenset({NodeState.IDLE, NodeState.RUNNING, NodeState.OFFLINE})
_OF_NO_USE_YET = frozenset(
    {
        NodeState.CREATING,
        NodeState.STARTING,
        NodeState.WAITING_FOR_START_TASK,
        NodeState.PREEMPTED,
        NodeState.UNKNOWN,
        NodeState.UNUSABLE,
        NodeState.OFFLINE,
        NodeState.DEALLOCATING,
        NodeState.DEALLOCATED,
    }
)


class Allocation:
    """Nodes come and nodes go."""

    def __init__(
        self,
        core: EngineCore,
        *,
        runner: Runner,
        faults: Faults,
        attempts: Attempts,
        files: Files,
        nodes: Nodes,
    ) -> None:
        self._core = core
        self._runner = runner
        self._faults = faults
        self._attempts = attempts
        self._files = files
        self._nodes = nodes

    def retarget(
        self, pool: Pool, targets: Targets, *, option: str, timeout: timedelta | None = None
    ) -> None:
        """Set new targets and begin to reach them; the pool is resizing when this returns.

        :param option: node deallocation option for the nodes that must go
        :param timeout: after which the resize is given up; None under autoscale
        """
        self._begin(pool, targets, timeout)
        missing = {
            kind: targets.of(dedicated=kind) - len(pool.staying(dedicated=kind)) for kind in (True, False)
        }
        shortfall = self._faults.shortfall(pool) if max(missing.values()) > 0 else None
        for dedicated, count in missing.items():
            if count < 0:
                self._release(pool, _victims(pool, dedicated=dedicated, count=-count), option)
            else:
                self._order(pool, count, dedicated=dedicated, shortfall=shortfall)
        for node in pool.nodes.values():
            self._leave_soon(pool, node)  # a pool that is being deleted waits for none
        self._finish_soon(pool)

    def remove(self, pool: Pool, nodes: Iterable[Node], *, option: str, timeout: timedelta | None) -> None:
        """Let certain nodes go and lower the targets by as many."""
        leaving = [node for node in nodes if node.is_staying]
        dedicated = sum(node.is_dedicated for node in leaving)
        spot = len(leaving) - dedicated
        targets = Targets(
            max(0, pool.targets.dedicated - dedicated), max(0, pool.targets.low_priority - spot)
        )
        self._begin(pool, targets, timeout)
        self._release(pool, leaving, option)
        self._finish_soon(pool)

    def halt(self, pool: Pool, error: ResizeError) -> None:
        """Give a resize up: ordered nodes are cancelled, nodes that still work may stay."""
        self._move(pool, "stop")
        pool.resize_errors = (*pool.resize_errors, error)
        for node in list(pool.nodes.values()):
            if node.state is NodeState.CREATING:
                self._drop(pool, node)
            elif (
                not node.is_staying and (node.attempts or node.keeps_data) and pool.state is PoolState.ACTIVE
            ):
                self._stay(pool, node)
        self._finish_soon(pool)

    def finish_resize(self, event: NodeAllocated) -> None:
        """Call the pool steady if that was its last node to come."""
        self.finish(event.pool)

    def let_leave(self, event: NodeEmptied) -> None:
        """Let a node leave that waited for the last attempt on it to end."""
        if not event.node.is_staying:
            self._leave(event.pool, event.node)

    def let_leave_soon(self, event: FilesDiscarded) -> None:
        """Look again at a node that may have waited for the end of a task's data."""
        self._leave_soon(event.pool, event.node)

    def finish(self, pool: Pool) -> None:
        """Call the pool steady if nothing is under way any more; forget it if it is being deleted."""
        waiting = any(node.state is NodeState.CREATING or not node.is_staying for node in pool.nodes.values())
        if waiting:
            return
        if pool.state is PoolState.DELETING:
            self._core.publish(PoolEmptied(pool))
        elif pool.allocation is not AllocationState.STEADY:
            self._move(pool, "done")

    def resume(self, pool: Pool) -> None:
        """Go on with a pool that was kept; on nodes that were leaving nothing runs any more."""
        for node in pool.nodes.values():
            self._leave_soon(pool, node)
        self._limit(pool)
        self._finish_soon(pool)

    def _begin(self, pool: Pool, targets: Targets, timeout: timedelta | None) -> None:
        core = self._core
        pool.targets = targets
        pool.resize_errors = ()
        pool.resize_count += 1
        pool.resize_deadline = None if timeout is None else later(core.now, timeout)
        self._move(pool, "resize")
        self._limit(pool)

    def _move(self, pool: Pool, event: str) -> None:
        pool.move_allocation(event, now=self._core.now, etag=self._core.next_etag())
        self._core.account.changes.note(pool)

    def _limit(self, pool: Pool) -> None:
        if pool.resize_deadline is not None:
            action = partial(self._time_out, pool, pool.resize_count)
            self._core.timers.at(pool.resize_deadline, action)

    def _time_out(self, pool: Pool, resize: int) -> None:
        if pool.resize_count == resize and pool.allocation is AllocationState.RESIZING:
            message = "Desired number of nodes could not be allocated or removed within the time limit"
            self.halt(pool, ResizeError("AllocationTimedOut", message))

    def _finish_soon(self, pool: Pool) -> None:
        # Not at once: the request that began the resize must still find the pool resizing.
        self._core.timers.at(self._core.now, partial(self.finish, pool))

    def _order(self, pool: Pool, wanted: int, *, dedicated: bool, shortfall: Shortfall | None) -> None:
        granted = min(wanted, self._affordable(pool, dedicated=dedicated))
        if shortfall is not None:
            granted = min(granted, shortfall.granted)
        for _ in range(granted):
            node = self._make(pool, dedicated=dedicated)
            pool.nodes[node.id] = node
            pool.slot_index.update(node)
            self._nodes.boot(pool, node)
        if granted < wanted:
            lack = shortfall or Shortfall.of(self._lack(pool, dedicated=dedicated), None, granted=granted)
            facts = (("Wanted nodes", str(wanted)), ("Granted nodes", str(granted)))
            error = ResizeError(lack.code, lack.message, facts)
            pool.resize_errors = (*pool.resize_errors, error)

    def _lack(self, pool: Pool, *, dedicated: bool) -> str:
        if len(pool.nodes) >= pool.most_nodes:
            return "AllocationFailed"
        return f"Account{'' if dedicated else 'LowPriority'}CoreQuotaReached"

    def _affordable(self, pool: Pool, *, dedicated: bool) -> int:
        present = len(pool.nodes)
        return min(self._within_quota(pool, dedicated=dedicated), max(0, pool.most_nodes - present))

    def _within_quota(self, pool: Pool, *, dedicated: bool) -> int:
        settings = self._core.settings
        quota = settings.core_quota if dedicated else settings.low_priority_core_quota
        if quota is None:
            return max(pool.targets.of(dedicated=dedicated), 0)
        used = sum(
            other.cores_per_node * other.count(dedicated=dedicated)
            for other in self._core.account.pools.values()
        )
        return max(0, quota - used) // pool.cores_per_node

    def _make(self, pool: Pool, *, dedicated: bool) -> Node:
        pool.nodes_made += 1
        serial = pool.nodes_made
        digest = hashlib.sha256(f"{pool.key}/{pool.created.isoformat()}/{serial}".encode()).hexdigest()
        return Node(
            id=f"tvmps_{digest[:32]}_{'d' if dedicated else 'p'}",
            is_dedicated=dedicated,
            slots=pool.slots_per_node,
            address=f"10.0.{serial // 250 % 256}.{serial % 250 + 4}",
            allocated=self._core.now,
            state_since=self._core.now,
            pool_number=pool.number,
            number=serial,
        )

    def _release(self, pool: Pool, nodes: Iterable[Node], option: str) -> None:
        for node in nodes:
            node.keeps_data = option == "retaineddata" and node.state in _WITH_DATA
            node.move("leave", now=self._core.now)
            pool.slot_index.update(node)
            if option not in _WAITING_OPTIONS:
                why = StopReason.BY_USER if option == "terminate" else StopReason.REQUEUED
                self._attempts.stop_node(node, why)
            if not node.attempts:
                self._core.timers.at(self._core.now, partial(self._leave_if_empty, pool, node))

    def _stay(self, pool: Pool, node: Node) -> None:
        node.keeps_data = False
        node.move("stay busy" if node.attempts else "stay", now=self._core.now)
        if not node.attempts and not node.accepts_tasks:
            node.move("disable", now=self._core.now)
        pool.slot_index.update(node)

    def _leave(self, pool: Pool, node: Node) -> None:
        """Take an empty node that is leaving out of its pool, once the data of its tasks may go."""
        if node.keeps_data and pool.state is PoolState.ACTIVE:
            until = self._files.kept_until(pool, node)
            if until is not None:
                if until < FOREVER:
                    self._core.timers.at(until, partial(self._leave_if_empty, pool, node))
                return
        self._drop(pool, node)
        self.finish(pool)

    def _leave_soon(self, pool: Pool, node: Node) -> None:
        if not node.is_staying:
            self._core.timers.at(self._core.now, partial(self._leave_if_empty, pool, node))

    def _leave_if_empty(self, pool: Pool, node: Node) -> None:
        if pool.nodes.get(node.id) is node and not node.attempts and not node.is_staying:
            self._leave(pool, node)

    def _drop(self, pool: Pool, node: Node) -> None:
        if node.start_task_attempt is not None:
            self._attempts.stop(node.start_task_attempt, StopReason.FORGOTTEN)
        if node.is_staying:
            node.move("leave", now=self._core.now)
        pool.slot_index.update(node)
        del pool.nodes[node.id]
        lived = self._core.now - node.allocated
        pool.spent_core_seconds += lived.total_seconds() * pool.cores_per_node
        self._core.account.changes.note(pool)
        self._core.account.changes.drop(node)
        self._core.publish(NodeWiped(pool, node))
        area = directories.node_area(self._core.settings.data, pool.id, node.id)
        self._core.once_kept(partial(self._runner.remove, area))


def _victims(pool: Pool, *, dedicated: bool, count: int) -> list[Node]:
    """Choose who goes: nodes that are not up, then the least busy, then the youngest."""

    def cost(node: Node) -> tuple[bool, int, float]:
        return (node.state not in _OF_NO_USE_YET, sum(node.attempts.values()), -node.allocated.timestamp())

    return sorted(pool.staying(dedicated=dedicated), key=cost)[:count]
