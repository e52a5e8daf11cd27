"""Measures how an hour's time divides on the Batch side: ``python -m bench.waterfall``.

It uses a pool without nodes, in the emulator with a manual clock; the product's own hook does what the DAG's
steps do. ``make scale`` measures the steps themselves, with running nodes.
"""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from azure_batch_lab.simulation.durations import Durations
from bench.harness.simulated_day import OPENS_AT, STEP, batch_account, drawing, is_busy, submit_hour
from bench.policies import FLEETS, settings_for
from sensor_scoring.hourly.planning.capacity import pool_spec, prepare_pool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bench.policies import Fleet
    from sensor_scoring.azure_batch.hook import ScoringBatchHook

RESULTS = Path(__file__).parent / "results" / "waterfall.json"
WAY = "run-aware"


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Events on the Batch side, in seconds after the run requested nodes."""

    nodes_ordered: float
    """The autoscale formula was evaluated, and the pool started to grow."""
    first_node: float
    """The first node could run tasks."""
    first_start: float
    last_start: float
    last_end: float

    @classmethod
    def of(cls, asked: datetime, hook: ScoringBatchHook, *, pool: str, job: str) -> Self:
        """Read the events from the Batch account."""
        nodes, tasks = list(hook.connection.list_nodes(pool)), list(hook.connection.list_tasks(job))
        infos = [task.execution_info for task in tasks]

        def after(moments: Iterable[datetime | None]) -> list[float]:
            return sorted((moment - asked).total_seconds() for moment in moments if moment)

        ordered = after(node.allocation_time for node in nodes)
        ready = after(node.last_boot_time for node in nodes)
        starts = after(info.start_time for info in infos if info)
        ends = after(info.end_time for info in infos if info)
        return cls(ordered[0], ready[0], starts[0], starts[-1], ends[-1])


def measured(fleet: Fleet, folder: Path) -> Waterfall:
    """Score one hour of a fleet on a pool without nodes."""
    settings = settings_for(fleet, WAY)
    spec = pool_spec(settings)
    with batch_account(drawing(Durations.parse(fleet.durations)), folder) as (emulator, hook):
        prepare_pool(hook, spec, settings, batch_tasks=0)  # a pool that is there, and empty
        emulator.advance(timedelta(hours=1) + OPENS_AT)
        asked = emulator.clock.now()
        prepare_pool(hook, spec, settings, batch_tasks=fleet.tasks)
        job = submit_hour(hook, asked - OPENS_AT, pool=spec.pool_id, tasks=fleet.tasks)
        while emulator.call(lambda engine: is_busy(engine, job)):
            emulator.advance(STEP)
        return Waterfall.of(asked, hook, pool=spec.pool_id, job=job)


def main() -> None:
    """Simulate an hour of each fleet, and save the figures."""
    logging.disable(logging.INFO)
    found = {}
    for fleet in FLEETS:
        with tempfile.TemporaryDirectory() as folder:
            found[fleet.name] = asdict(measured(fleet, Path(folder)))
        print(json.dumps({fleet.name: found[fleet.name]}), flush=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
