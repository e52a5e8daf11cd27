"""What will happen to a pool next, as far as its formula and the settings tell. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sensor_scoring.azure_batch.pool.autoscale import Floor
from sensor_scoring.azure_batch.pool.evaluation import Evaluation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sensor_scoring.azure_batch.onlooker import PoolSight
    from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy


@dataclass(frozen=True, slots=True)
class Outlook:
    """The next evaluation, and what it will have to hold."""

    evaluation_at: datetime | None = None
    """None if no formula scales the pool, or if it has not been evaluated yet."""
    floor: Floor | None = None
    """Nodes that a run has announced; None if nothing is announced, or no longer."""
    sentences: tuple[str, ...] = ()

    @classmethod
    def of(cls, sight: PoolSight, policy: AutoscalePolicy) -> Self:
        """Look ahead.

        :param policy: the way of scaling that the settings describe
        """
        if sight.interval is None:
            return cls(sentences=("Nothing changes by itself: the pool has a fixed size.",))
        evaluation = Evaluation.of(sight.pool)
        at = evaluation.at + sight.interval if evaluation and evaluation.at else None
        floor = Floor.of_formula(str(sight.pool.get("autoScaleFormula") or ""), now=sight.now)
        return cls(at, floor, tuple(_sentences(at, floor, policy, now=sight.now)))


def _sentences(
    at: datetime | None, floor: Floor | None, policy: AutoscalePolicy, *, now: datetime
) -> Iterator[str]:
    if at is None:
        yield "The formula has not been evaluated yet."
    elif at > now:
        sooner = ", or as soon as a run announces its load" if policy.is_announced else ""
        yield f"The formula is evaluated next at {_clock(at)}{sooner}."
    else:
        yield f"An evaluation of the formula has been due since {_clock(at)}."
    if floor:
        yield f"The formula holds {_nodes(floor.nodes)} until {_clock(floor.until)}: that is announced."
    elif policy.warm:
        warm = policy.warm
        yield f"Each hour it holds {_nodes(warm.nodes)} from minute {warm.opens} to minute {warm.closes}."
    else:
        yield "Nothing is announced: the number of nodes follows the queue."


def _nodes(count: int) -> str:
    return f"{count} node{'' if count == 1 else 's'}"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
