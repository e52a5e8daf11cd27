"""Which policies are worth a look: those that no other beats in both cost and waiting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from azure_batch_emulator.lab.grid import Point
    from azure_batch_emulator.lab.outcome import Outcome


WORTH = 0.98
"""A dearer policy is worth a look only if it is at least 2 % quicker than every cheaper one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A member of the grid and what came of it."""

    point: Point
    outcome: Outcome
    cost: float

    @property
    def is_complete(self) -> bool:
        """Tell whether every hour was done in the end."""
        return not self.outcome.unfinished and bool(self.outcome.waits)

    @property
    def seconds(self) -> float:
        """Tell how long an hour takes on average; infinite if any was never done."""
        mean = self.outcome.mean_wait
        return mean.total_seconds() if mean is not None and self.is_complete else float("inf")


def front(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """Choose the trials that no other beats: cheapest first, each dearer one quicker than all before it.

    Of the cheapest that cost the same, the quickest.
    """
    best: list[Trial] = []
    complete = (trial for trial in trials if trial.is_complete)
    for trial in sorted(complete, key=lambda trial: (trial.cost, trial.seconds, trial.point.policy.name)):
        if not best or trial.seconds < WORTH * best[-1].seconds:
            best.append(trial)
    return tuple(best)
