"""Compares the product's autoscale policies: ``python -m bench.policies``.

First the lab of the local Azure Batch simulates a day of three fleets under each formula. Then the emulator,
with a manual clock, runs a day of the second fleet, and the real hook does what the DAG's steps do in every
hour: pool and formula, job, submission, and finally closing the job and releasing the nodes.
"""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from azure_batch_lab.output.timeline import timeline
from azure_batch_lab.simulation.durations import Durations
from azure_batch_lab.simulation.outcome import Outcome, Prices
from azure_batch_lab.simulation.prewarm import Prewarm
from azure_batch_lab.simulation.simulator import Cluster, Policy, simulate
from azure_batch_lab.simulation.workload import Pattern, Workload
from bench.harness.simulated_day import Day
from sensor_scoring.hourly.planning.capacity import policy_of
from sensor_scoring.setting_groups import AutoscaleSettings, PoolSettings
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RESULTS = Path(__file__).parent / "results" / "policies.json"
CHART = Path(__file__).resolve().parent.parent / "docs" / "images" / "policies.svg"
COMES_AT = timedelta(minutes=6)
"""Time of the tasks after the hour: readings are complete after five minutes, tasks follow a minute later."""
SLOTS = 4
CLUSTER = Cluster(slots=SLOTS, evictions_per_hour=0.02)
PRICES = Prices(dedicated=0.2, spot=0.04)
"""Example prices per node hour; replace them with yours."""
_HOLD = timedelta(minutes=5)
"""How long the lab holds announced nodes; runs end earlier and release them."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The work of a fleet in every hour."""

    name: str
    tasks: int
    durations: str
    nodes: int
    """Maximum nodes of the pool."""


FLEETS = (
    Fleet("15 sensors", 15, "lognormal(30s, 0.4)", 4),
    Fleet("1,000 sensors", 1000, "lognormal(30s, 0.4)", 32),
    Fleet("20,000 sensors, 50 to a task", 400, "lognormal(60s, 0.4)", 32),
)
WAYS: Mapping[str, AutoscaleSettings] = {
    "reactive": AutoscaleSettings(autoscale_policy="reactive"),
    "run-aware": AutoscaleSettings(),
    "run-aware, warmed 5 minutes before": AutoscaleSettings(prewarm_minutes=5),
    "keep-warm, 10 minutes before": AutoscaleSettings(autoscale_policy="keep-warm"),
    "reactive, Spot": AutoscaleSettings(autoscale_policy="reactive", spot=True),
    "run-aware, Spot": AutoscaleSettings(spot=True),
}
NOT_IN_THE_LAB = frozenset({"run-aware, Spot"})
"""The lab announces by a floor of dedicated nodes, whatever the formula asks for; the hook does not."""


def settings_for(fleet: Fleet, way: str) -> Settings:
    """Return the settings of a deployment."""
    return Settings(
        pool=PoolSettings(slots_per_node=SLOTS), autoscale=replace(WAYS[way], max_nodes=fleet.nodes)
    )


def lab_outcomes(fleet: Fleet) -> Iterator[Outcome]:
    """Simulate a day of a fleet under each policy."""
    pattern = Pattern(fleet.tasks, COMES_AT, Durations.parse(fleet.durations))
    hour, day = timedelta(hours=1), timedelta(days=1)
    workload = Workload.drawn([pattern], every=hour, length=day, seed=0)
    for way in WAYS:
        if way in NOT_IN_THE_LAB:
            continue
        settings = settings_for(fleet, way)
        policy = policy_of(settings)
        announced = None
        if policy.is_announced:
            needed = -(-fleet.tasks // SLOTS)
            lead = timedelta(minutes=settings.autoscale.prewarm_minutes)
            announced = Prewarm(min(needed, fleet.nodes), COMES_AT - lead, lead + _HOLD)
        yield simulate(Policy(way, policy.formula(), announced), workload, CLUSTER)


def figures(outcome: Outcome) -> dict[str, object]:
    """Return the figures of an outcome for the table."""
    waits = outcome.mean_wait, outcome.p95_wait
    return {
        "policy": outcome.name,
        "node_hours": round(outcome.dedicated_hours, 1),
        "spot_hours": round(outcome.spot_hours, 1),
        "cost": round(outcome.cost(PRICES), 2),
        "mean_seconds": waits[0] and round(waits[0].total_seconds()),
        "p95_seconds": waits[1] and round(waits[1].total_seconds()),
        "idle_share": round(outcome.idle_share, 3),
        "unfinished": outcome.unfinished,
    }


def main() -> None:
    """Simulate, and write figures and chart."""
    logging.disable(logging.INFO)  # the hook says what it does, 24 times a day
    fleets = {fleet.name: [figures(outcome) for outcome in lab_outcomes(fleet)] for fleet in FLEETS}
    fleet, days = FLEETS[1], []
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            day = Day(settings_for(fleet, way), tasks=fleet.tasks, durations=Durations.parse(fleet.durations))
            days.append(day.run(way, Path(folder)))
        print(json.dumps(figures(days[-1])), flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    body = {"lab": fleets, "day": {"fleet": fleet.name, "policies": [figures(day) for day in days]}}
    RESULTS.write_text(json.dumps(body, indent=2) + "\n")
    CHART.write_text(timeline(days), encoding="utf-8")


if __name__ == "__main__":
    main()
