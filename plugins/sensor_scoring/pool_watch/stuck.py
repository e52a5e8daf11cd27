"""What is stuck about a pool, whether or not a run asks. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sensor_scoring.azure_batch.made_by import is_made_by_us
from sensor_scoring.azure_batch.pool.health import PoolTrouble, TroubleKind, pool_troubles
from sensor_scoring.service_times import datetime_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.azure_batch.onlooker import PoolSight

BROKEN_FOR = timedelta(minutes=10)
"""A node that cannot work for less may come back by itself: the service itself tries to recover it."""
RESIZES_FOR = timedelta(hours=1)
"""A resize that lasts longer, though no task holds it up, is stuck: the service gives one 15 minutes."""


def stuck_of(sight: PoolSight) -> list[PoolTrouble]:
    """Return what is stuck; nothing of a pool that is being deleted.

    A pre-empted node is not: the service looks for another machine.
    """
    if str(sight.pool.get("state") or "").lower() == "deleting":
        return []
    found = pool_troubles(sight.pool, sight.nodes, now=sight.now)
    lasting = (trouble for trouble in found if _lasts(trouble))
    return [*_of_its_scaling(sight), *lasting]


def allocation_state(sight: PoolSight) -> str:
    """Return ``steady``, ``resizing`` or ``stopping``."""
    return str(sight.pool.get("allocationState") or "").lower()


def allocation_lasts(sight: PoolSight) -> timedelta:
    """Return how long the pool has been in its allocation state."""
    since = datetime_of(sight.pool.get("allocationStateTransitionTime"))
    return sight.now - since if since else timedelta()


def _lasts(trouble: PoolTrouble) -> bool:
    return trouble.kind is not TroubleKind.BROKEN or trouble.lasts >= BROKEN_FOR


def _of_its_scaling(sight: PoolSight) -> Iterator[PoolTrouble]:
    pool_id = sight.pool["id"]
    if not sight.pool.get("enableAutoScale") and is_made_by_us(sight.pool):
        said = (
            f"pool {pool_id}: its autoscale is disabled, so it keeps its size of {len(sight.nodes)}; "
            "enable it again unless that is meant: no run does"
        )
        yield PoolTrouble(TroubleKind.FIXED_SIZE, "", said)
    lasts = allocation_lasts(sight)
    is_held = any(int(node.get("runningTasksCount") or 0) for node in sight.nodes)
    if allocation_state(sight) == "resizing" and lasts > RESIZES_FOR and not is_held:
        minutes = lasts // timedelta(minutes=1)
        said = (
            f"pool {pool_id}: a resize lasts for {minutes} minutes and no task holds it up; "
            "stop it, and the next evaluation of the formula begins another"
        )
        yield PoolTrouble(TroubleKind.RESIZING, "", said)
