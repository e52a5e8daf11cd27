"""Short ways to say what there is to do and under which formula."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_lab.simulation.durations import Durations
from azure_batch_lab.simulation.simulator import Cluster, Policy, simulate
from azure_batch_lab.simulation.workload import Pattern, Workload

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_batch_lab.simulation.outcome import Outcome

REACTIVE = """\
slots = 4;
known = $PendingTasks.GetSamplePercent(5 * TimeInterval_Minute);
last = max(0, $PendingTasks.GetSample(1));
mean = known < 60 ? last : avg($PendingTasks.GetSample(5 * TimeInterval_Minute, 60));
load = max(last, mean);
$TargetDedicatedNodes = min(8, load > 0 ? max(1, (load + slots - 1) / slots) : 0);
$NodeDeallocationOption = taskcompletion;
"""


class Days:
    """Simulations of a few hours."""

    reactive = REACTIVE

    @staticmethod
    def of(
        tasks: int = 20,
        *,
        hours: int = 3,
        at: timedelta = timedelta(minutes=2),
        duration: str = "lognormal(60s, 0.4)",
        seed: int = 0,
    ) -> Workload:
        """Draw some hours of work."""
        pattern = Pattern(tasks, at, Durations.parse(duration))
        hour = timedelta(hours=1)
        return Workload.drawn([pattern], every=hour, length=hours * hour, seed=seed)

    @classmethod
    def under(
        cls,
        formula: str = REACTIVE,
        *,
        workload: Workload | None = None,
        prewarm: Any = None,
        seed: int = 0,
        **cluster: Any,
    ) -> Outcome:
        """Simulate them."""
        policy = Policy("policy", formula, prewarm)
        return simulate(policy, workload or cls.of(), Cluster(**cluster), seed=seed)


@pytest.fixture
def days() -> type[Days]:
    """Give the short ways."""
    return Days


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    """Give a way to write a file and get its name."""

    def write(text: str, name: str = "formula.txt") -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write
