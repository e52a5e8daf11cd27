"""Simulates what a month takes within the bounds of ``infra/sizes``: ``python -m bench.month``.

A week of hours runs in the lab of the local Azure Batch, once with nothing to score and once with every hour
scored; all hours are alike, so a month is as many times a week. What a node hour costs is not known here.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from azure_batch_lab.simulation.durations import Durations
from azure_batch_lab.simulation.prewarm import Prewarm
from azure_batch_lab.simulation.simulator import Cluster, Policy, simulate
from azure_batch_lab.simulation.workload import Pattern, Workload
from infra.fleet_size import SENSORS, FleetSize, fleet_size
from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy
from sensor_scoring.hourly.planning.packing import size_for

if TYPE_CHECKING:
    from azure_batch_lab.simulation.outcome import Outcome

RESULTS = Path(__file__).parent / "results" / "month.json"
HOURS = 730
"""Of an average month."""
COMES_AT = timedelta(minutes=6)
HOLD = timedelta(minutes=5)
"""As in ``bench.policies``: a run gives announced nodes back no later."""
EVICTIONS_PER_HOUR = 0.02
_MANY = 50
"""Sensors of a Batch task that takes longer."""
_HOUR, _WEEK = timedelta(hours=1), timedelta(days=7)


def tasks_of(size: FleetSize) -> int:
    """Count the Batch tasks of an hour, as the plan packs them by default."""
    return -(-size.sensors // size_for(size.sensors, wanted=0))


def duration_of(size: FleetSize) -> str:
    """Return how long a Batch task takes, as ``docs/autoscale.md`` assumes it."""
    packed = size_for(size.sensors, wanted=0) >= _MANY
    return "lognormal(60s, 0.4)" if packed else "lognormal(30s, 0.4)"


def simulated(size: FleetSize, *, spot: bool, tasks: int, length: timedelta = _WEEK) -> Outcome:
    """Run the hours of a fleet under the formula of its pool.

    :param tasks: Batch tasks of each hour
    """
    policy = AutoscalePolicy(size.max_nodes, size.slots_per_node, spot=spot)
    # The lab announces dedicated nodes alone; Spot nodes follow the queue, some minutes later.
    needed = min(-(-tasks // size.slots_per_node), size.max_nodes)
    announced = None if spot or not tasks else Prewarm(needed, COMES_AT, HOLD)
    pattern = Pattern(tasks, COMES_AT, Durations.parse(duration_of(size)))
    workload = Workload.drawn([pattern], every=_HOUR, length=length, seed=0)
    cluster = Cluster(slots=size.slots_per_node, evictions_per_hour=EVICTIONS_PER_HOUR)
    return simulate(Policy(f"{size.sensors} sensors", policy.formula(), announced), workload, cluster)


def month_of(outcome: Outcome, *, length: timedelta = _WEEK) -> dict[str, float]:
    """Return the node-hours of a month whose hours are those of an outcome."""
    months = HOURS / (length / _HOUR)
    return {
        "node_hours": round(outcome.dedicated_hours * months, 1),
        "spot_hours": round(outcome.spot_hours * months, 1),
        "idle_share": round(outcome.idle_share, 3),
        "unfinished": outcome.unfinished,
    }


def main() -> None:
    """Simulate each fleet, and save the figures."""
    found = []
    for size in map(fleet_size, SENSORS):
        tasks = tasks_of(size)
        months = {
            "idle": month_of(simulated(size, spot=False, tasks=0)),
            "busy": month_of(simulated(size, spot=False, tasks=tasks)),
            "busy_spot": month_of(simulated(size, spot=True, tasks=tasks)),
        }
        about = {"bounds": asdict(size), "tasks": tasks, "duration": duration_of(size)}
        found.append({**about, **months, "ceiling": size.max_nodes * HOURS})
        print(json.dumps(found[-1]), flush=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
