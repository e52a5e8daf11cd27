"""Scores an hour of thousands of sensors: ``python -m bench.scale [--sensors 1000 --packed 20000]``.

The stack is that of ``make up``, on PostgreSQL, but a rule of the emulator replaces the scorer and writes its
reports and predictions. One sensor of each fleet finds storage busy at its first attempt.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.harness.command import run_benchmark
from bench.harness.fleet import HOUR, lay_out
from bench.harness.measured import batch_calls, cpu_seconds, sampled
from bench.harness.rules import FLAKY_VARIABLE
from bench.harness.standing import LONGEST_SECONDS, let_run, standing
from local_stack.hour import DAG_ID
from scoring_contract import layout
from scoring_contract.layout import Container
from sensor_scoring.hourly.outcome.summary import Summary
from sensor_scoring.hourly.planning.packing import MOST_TASKS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from local_stack.airflow.client import AirflowClient, TaskInstance
    from local_stack.airflow.cluster import Cluster
    from local_stack.stack import Stack

RESULTS = Path(__file__).parent / "results" / "scale.json"
_FLAKY = "1_5"
_PER_PACK = 50


@dataclass(frozen=True, slots=True)
class Fleet:
    """The sensors of one hour."""

    sensors: int
    sensors_per_task: int = 1
    """0 lets the plan decide."""
    per_pack: int = 0
    """Sensors per pack, which share blobs of readings and predictions; 0 for a fleet without packs."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """The figures of one hour of a fleet."""

    sensors: int
    sensors_per_task: int
    per_pack: int
    """Sensors per pack; 0 without packs."""
    instances: int
    retried: int
    """Instances that took more than one try; one is forced to."""
    outcome: str
    seconds: float
    """From the trigger to the end of the run."""
    cpu_seconds: float
    """CPU time of all Airflow processes during the run, including ended ones."""
    batch_calls: int
    database_mb: float
    """Growth of Airflow's database."""
    memory_mb: dict[str, float]
    worker_seconds: float
    steps: dict[str, tuple[float, float]]
    """Start of each step's first instance and end of its last one, in seconds after the first step starts."""


def main() -> None:
    """Measure the fleets, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=15, help="sensors of the small fleet")
    parser.add_argument("--sensors", type=int, default=1000, help="sensors with one instance each")
    parser.add_argument(
        "--grouped", type=int, default=20_000, help="sensors with files of their own, 50 to a task"
    )
    parser.add_argument("--packed", type=int, default=20_000, help="sensors of packs that share their files")
    order = parser.parse_args()
    fleets = (
        Fleet(order.few),
        Fleet(order.sensors),
        Fleet(order.grouped, sensors_per_task=0),
        Fleet(order.packed, sensors_per_task=0, per_pack=_PER_PACK),
    )
    found = [measured(fleet) for fleet in fleets if fleet.sensors]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(scaled) for scaled in found], indent=2) + "\n")


def measured(fleet: Fleet) -> Scaled:
    """Score one hour of a fleet on a new stack."""
    os.environ[FLAKY_VARIABLE] = _FLAKY
    settings = {
        "SENSOR_SCORING_SENSORS_PER_TASK": str(fleet.sensors_per_task),
        "SENSOR_SCORING_PACKED_PREDICTIONS": str(bool(fleet.per_pack)),
    }
    groups = fleet.sensors if fleet.sensors_per_task == 1 else MOST_TASKS
    with standing(settings, groups=groups) as (stack, cluster):
        started = time.monotonic()
        lay_out(stack.storage, fleet.sensors, per_pack=fleet.per_pack)
        print(f"{fleet.sensors:,} sensors loaded in {time.monotonic() - started:.0f} s", flush=True)
        scaled = _scored(stack, cluster, fleet)
    print(json.dumps(asdict(scaled)), flush=True)
    return scaled


def _scored(stack: Stack, cluster: Cluster, fleet: Fleet) -> Scaled:
    web = cluster.client()
    let_run(web)
    size, calls = cluster.database.size_bytes(), sum(batch_calls(stack.batch.endpoint).values())
    started, before = time.monotonic(), sum(cpu_seconds(cluster).values())
    with sampled(cluster) as samples:
        run = web.trigger(DAG_ID, hour=str(HOUR))
        state = web.wait_for_run(DAG_ID, run, seconds=LONGEST_SECONDS)
    seconds = time.monotonic() - started
    of_all_steps = web.task_instances(DAG_ID, run)
    instances = [instance for instance in of_all_steps if instance.task_id == "score"]
    return Scaled(
        sensors=fleet.sensors,
        sensors_per_task=fleet.sensors_per_task or -(-fleet.sensors // len(instances)),
        per_pack=fleet.per_pack,
        instances=len(instances),
        retried=sum(instance.try_number > 1 for instance in instances),
        outcome=f"{state}: {_counts(stack, web, run)}",
        seconds=round(seconds, 1),
        cpu_seconds=round(sum(cpu_seconds(cluster).values()) - before, 1),
        batch_calls=sum(batch_calls(stack.batch.endpoint).values()) - calls,
        database_mb=_megabytes(cluster.database.size_bytes() - size),
        memory_mb={name: _megabytes(held) for name, held in samples.memory.items()},
        worker_seconds=round(samples.worker_seconds, 1),
        steps=steps_of(of_all_steps),
    )


def steps_of(instances: Iterable[TaskInstance]) -> dict[str, tuple[float, float]]:
    """Return start and end of each step, in seconds after the start of the first one, ordered by start."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for instance in instances:
        if instance.started and instance.ended:
            start, end = spans.get(instance.task_id, (instance.started, instance.ended))
            spans[instance.task_id] = min(start, instance.started), max(end, instance.ended)
    first = min(start for start, _ in spans.values())
    return {
        name: (round((start - first).total_seconds(), 1), round((end - first).total_seconds(), 1))
        for name, (start, end) in sorted(spans.items(), key=lambda span: span[1])
    }


def _counts(stack: Stack, web: AirflowClient, run: str) -> str:
    blob = str(web.xcom(DAG_ID, run, "plan", key="plan_blob")).strip('"')
    folder = blob.partition("/")[0]
    text = stack.storage.container(Container.RUNS).download_blob(layout.summary_blob(folder)).readall()
    counts = Summary.from_json(text).counts()
    return ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items() if count)


def _megabytes(size: int) -> float:
    return round(size / 1e6, 1)


if __name__ == "__main__":
    run_benchmark(main)
