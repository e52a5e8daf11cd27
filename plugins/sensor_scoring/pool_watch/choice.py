"""What is done about a pool that is stuck, and what is not. Pure.

Only a pool with our mark is cured, and only nodes on which no Batch task runs. The mildest cure comes first;
a stronger one follows if the trouble is still there when the first has had time to work.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sensor_scoring.azure_batch.made_by import is_made_by_us
from sensor_scoring.azure_batch.pool.health import TroubleKind, state_of, target_of
from sensor_scoring.pool_watch.cure import Action, Cure
from sensor_scoring.pool_watch.stuck import BROKEN_FOR, allocation_lasts, allocation_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor_scoring.azure_batch.onlooker import PoolSight
    from sensor_scoring.azure_batch.pool.health import PoolTrouble
    from sensor_scoring.pool_watch.ledger import Ledger

A_DAY = timedelta(days=1)
"""The bounds are about the last so much."""
TAKES_EFFECT = BROKEN_FOR
"""After so long a cure that has not helped is followed by a stronger one."""
REPEATED_AFTER = timedelta(hours=1)
"""The same cure of the same thing is not tried again sooner."""
TRIED_AGAIN_WITHIN = timedelta(minutes=30)
"""A pool that has lacked nodes for longer, without another try of the service, needs a push."""
_RESTARTABLE = frozenset({"unusable", "starttaskfailed"})
_CLOSED_BY_PEOPLE = "offline"


def wanted_cures(sight: PoolSight, troubles: Iterable[PoolTrouble], done: Ledger) -> list[Cure]:
    """Return what there is to do now, the bound of a day left out.

    :param troubles: what is stuck about the pool
    :param done: what was done before
    """
    if not is_made_by_us(sight.pool):
        return []
    decision = _Decision(sight, done)
    wanted = [cure for trouble in troubles for cure in [decision.cure(trouble)] if cure]
    reboots = [cure for cure in wanted if cure.action is Action.REBOOT]
    # A pool takes one change at a time, and only while it is steady; a new formula may begin one.
    changes = [cure for cure in wanted if cure.action is Action.FORMULA][:1] or [
        cure for cure in wanted if cure.action is Action.REMOVE
    ]
    return [*changes, *reboots] if allocation_state(sight) == "steady" else reboots


class _Decision:
    """What is done about each trouble of a pool."""

    def __init__(self, sight: PoolSight, done: Ledger) -> None:
        self._sight = sight
        self._done = done
        self._nodes = {str(node["id"]): node for node in sight.nodes}

    def cure(self, trouble: PoolTrouble) -> Cure | None:
        """Choose a cure; None if there is none, or not now."""
        action = self._of_node(trouble) if trouble.node else self._of_pool(trouble)
        if action is None or self._is_too_soon(action, trouble.node):
            return None
        if action is Action.FORMULA:
            return Cure(action, str(trouble.kind))
        state = state_of(self._nodes[trouble.node])
        reason = f"it was {state} for {trouble.lasts // timedelta(minutes=1)} minutes"
        return Cure(action, reason, trouble.node)

    def _of_pool(self, trouble: PoolTrouble) -> Action | None:
        is_left_alone = (
            trouble.kind is TroubleKind.ALLOCATION
            and target_of(self._sight.pool) > len(self._nodes)
            and allocation_lasts(self._sight) > TRIED_AGAIN_WITHIN
        )
        return Action.FORMULA if trouble.kind is TroubleKind.FORMULA or is_left_alone else None

    def _of_node(self, trouble: PoolTrouble) -> Action | None:
        node = self._nodes[trouble.node]
        if int(node.get("runningTasksCount") or 0) or state_of(node) == _CLOSED_BY_PEOPLE:
            return None
        if trouble.kind is TroubleKind.IDLE:
            mild, which = Action.FORMULA, ""
        elif state_of(node) in _RESTARTABLE:
            mild, which = Action.REBOOT, trouble.node
        else:
            return self._removal()
        before = self._done.last(mild, which, since=self._sight.now - A_DAY)
        if before is None:
            return mild
        return self._removal() if self._sight.now - before >= TAKES_EFFECT else None

    def _removal(self) -> Action | None:
        # Of a fixed size nobody would fill the gap.
        return Action.REMOVE if self._sight.pool.get("enableAutoScale") else None

    def _is_too_soon(self, action: Action, node: str) -> bool:
        which = "" if action is Action.FORMULA else node
        return self._done.last(action, which, since=self._sight.now - REPEATED_AFTER) is not None
