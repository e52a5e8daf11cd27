"""The metrics of the pool, asked of Azure Batch in a few calls."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from azure.batch.models import BatchNodeState

from sensor_scoring.azure_batch import ids
from sensor_scoring.telemetry import metrics
from sensor_scoring.telemetry.metrics import Attribute, Point

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.azure_batch.onlooker import Onlooker, PoolSight
    from sensor_scoring.settings import Settings

_STATES = tuple(sorted(str(state.value) for state in BatchNodeState))
_KINDS = {"dedicated": "Dedicated", "spot": "LowPriority"}


def points_of(onlooker: Onlooker, settings: Settings) -> list[Point]:
    """Return the values of the pool's metrics; a pool that is not there has no node and no target.

    :raises BatchError: if Azure Batch does not tell
    """
    pool_id = settings.pool.pool_id
    sight = onlooker.pool(pool_id)
    jobs = [str(job["id"]) for job in onlooker.jobs_on(pool_id)]
    counts = [onlooker.task_counts(job) for job in jobs if ids.is_job_with(settings.job_prefixes, job)]
    of_pool = {Attribute.POOL: pool_id}
    return [
        *_nodes(sight, pool_id),
        Point(metrics.QUEUE, sum(waiting for waiting, _ in counts), of_pool),
        Point(metrics.RUNNING, sum(running for _, running in counts), of_pool),
    ]


def _nodes(sight: PoolSight | None, pool_id: str) -> Iterator[Point]:
    nodes, pool = (sight.nodes, sight.pool) if sight else ((), {})
    found = Counter(str(node.get("state") or "unknown").lower() for node in nodes)
    # A state that has no node any more must fall to 0: without a value its last one would stay.
    for state in sorted({*_STATES, *found}):
        yield Point(metrics.NODES, found[state], {Attribute.POOL: pool_id, Attribute.NODE_STATE: state})
    for kind, name in _KINDS.items():
        target = int(pool.get(f"target{name}Nodes") or 0)
        yield Point(metrics.TARGET_NODES, target, {Attribute.POOL: pool_id, Attribute.NODE_KIND: kind})
