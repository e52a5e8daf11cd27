"""What is odd about how a pool scales, held against what the settings would make of it. Pure.

Only what can be seen in the pool itself is said here. Whether a formula is a good one is another question.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch.pool.autoscale import without_floor
from sensor_scoring.azure_batch.pool.evaluation import Evaluation
from sensor_scoring.azure_batch.pool.spec import EVALUATION_INTERVAL
from sensor_scoring.ui.facts import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sensor_scoring.azure_batch.pool.spec import PoolSpec

_PATIENCE = timedelta(minutes=2)
"""So much later than its interval says an evaluation may come before it is called overdue."""


def review_of(
    pool: Mapping[str, Any], spec: PoolSpec, *, interval: timedelta | None, now: datetime
) -> Iterator[str]:
    """Say in what a pool differs from the one that the settings make, a sentence each.

    :param pool: the pool as the service describes it
    :param spec: the pool as we would make it
    :param interval: time between two evaluations; None if it does not scale
    :param now: by the service's clock
    """
    slots = int(pool.get("taskSlotsPerNode") or 1)
    if slots != spec.policy.slots_per_node:
        yield (
            f"a node has {slots} task slots and the settings count with {spec.policy.slots_per_node}, so the "
            "formula asks for the wrong number of nodes; set SENSOR_SCORING_SLOTS_PER_NODE"
        )
    if interval is None:
        yield "the pool has a fixed size: no formula scales it, and runs leave it alone"
        return
    formula = str(pool.get("autoScaleFormula") or "")
    if without_floor(formula) != without_floor(spec.policy.formula()):
        yield "the pool's formula is not the one that the settings make; the next run sets that one"
    if interval != EVALUATION_INTERVAL:
        yield (
            f"the formula is evaluated every {duration(interval)}; that of a pool that we make, every "
            f"{duration(EVALUATION_INTERVAL)}"
        )
    evaluation = Evaluation.of(pool)
    if evaluation and evaluation.at and now - evaluation.at > interval + _PATIENCE:
        yield (
            f"the last evaluation was {duration(now - evaluation.at)} ago, though one is due every "
            f"{duration(interval)}; the service is late, or the pool is busy with a resize"
        )
