"""Which policies are worth a look: those that no other beats in both cost and waiting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from azure_batch_lab.search.grid import Point
    from azure_batch_lab.simulation.outcome import Outcome


WORTH = 0.98
"""A dearer policy is worth a look only if it is at least 2 % quicker than every cheaper one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A member of the grid and what came of it."""

    point: Point
    outcome: Outcome
    cost: float
    every: timedelta
    """How long an hour is."""

    @property
    def keeps_up(self) -> bool:
        """Tell whether every hour was done before the next one began."""
        waits = self.outcome.waits
        return not self.outcome.unfinished and bool(waits) and max(waits) <= self.every

    @property
    def seconds(self) -> float:
        """Tell how long an hour takes on average; infinite if it does not keep up."""
        mean = self.outcome.mean_wait
        return mean.total_seconds() if mean is not None and self.keeps_up else float("inf")


def pareto_front(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """Choose the trials that no other beats: cheapest first, each dearer one quicker than all before it.

    Of the cheapest that cost the same, the quickest.
    """
    best: list[Trial] = []
    able = (trial for trial in trials if trial.keeps_up)
    for trial in sorted(able, key=lambda trial: (trial.cost, trial.seconds, trial.point.policy.name)):
        if not best or trial.seconds < WORTH * best[-1].seconds:
            best.append(trial)
    return tuple(best)
