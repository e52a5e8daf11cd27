"""Measures the cost of one more sensor in an hour, by process: ``make bench-hop``.

The stack is that of ``make up``, on PostgreSQL, but a rule of the emulator replaces the scorer and writes its
reports and predictions. The hour runs with few sensors and with many, one instance each; the difference per
additional sensor is its cost. Airflow's default, which forks task instances from the scheduler, is compared
with ours, which forks them from a server with preloaded modules. A last stack, with Airflow's tracing on,
measures the steps of an instance.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.harness.api_calls import ApiCalls
from bench.harness.fleet import HOUR, lay_out
from bench.harness.measured import batch_calls, cpu_seconds, sampled
from bench.harness.spans import DETAIL, medians, received
from bench.harness.standing import LONGEST_SECONDS, let_run, standing
from local_stack.hour import DAG_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.harness.measured import Samples
    from local_stack.airflow.client import AirflowClient
    from local_stack.airflow.cluster import Cluster
    from local_stack.stack import Stack

RESULTS = Path(__file__).parent / "results" / "hop.json"
FORMS = {
    "fork": {
        "AIRFLOW__SCHEDULER__MP_START_METHOD": "fork",
        "AIRFLOW__CORE__MP_FORKSERVER_PRELOAD": "",
    },
    "forkserver": {},
}
"""Airflow's default, and the settings of our stacks."""
_FEW = 2


@dataclass(frozen=True, slots=True)
class HopCost:
    """The cost of one more sensor."""

    cpu_ms: dict[str, float]
    """CPU milliseconds by process."""
    seconds: float
    """Wall time of the run."""
    batch_calls: Mapping[str, float]
    api_calls: Mapping[str, tuple[float, float]]
    """Calls of the Execution API: their number, and milliseconds per call."""
    scheduler_mib: float
    """Peak memory of the scheduler with its descendants; shared pages count once."""


@dataclass(frozen=True, slots=True)
class _Run:
    cpu: dict[str, float]
    seconds: float
    calls: Counter[str]
    api_calls: ApiCalls
    samples: Samples


def main() -> None:
    """Measure, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=40)
    order = parser.parse_args()
    costs = {}
    for form, settings in FORMS.items():
        with _warm(settings) as (stack, cluster):
            costs[form] = asdict(_price(stack, cluster, more=order.sensors))
        print(form, json.dumps(costs[form], indent=2), flush=True)
    with received() as receiver, _warm(receiver.settings) as (stack, cluster):
        lay_out(stack.storage, order.sensors)
        _run(cluster, cluster.client(), DETAIL)
    steps = medians(receiver.below("worker.score"), instances=order.sensors)
    print(json.dumps(steps, indent=2), flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    found = {"sensors": order.sensors, "forms": costs, "steps_ms": steps}
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


@contextmanager
def _warm(settings: Mapping[str, str]) -> Iterator[tuple[Stack, Cluster]]:
    """Run a stack that has already scored an hour, so that one-time costs are paid."""
    with standing({"SENSOR_SCORING_SENSORS_PER_TASK": "1", **settings}) as (stack, cluster):
        lay_out(stack.storage, _FEW)
        let_run(cluster.client())
        _run(cluster, cluster.client())
        yield stack, cluster


def _price(stack: Stack, cluster: Cluster, *, more: int) -> HopCost:
    few = _measured(stack, cluster)
    lay_out(stack.storage, _FEW + more)
    many = _measured(stack, cluster)
    return HopCost(
        cpu_ms={name: round((many.cpu[name] - few.cpu[name]) / more * 1e3, 1) for name in many.cpu},
        seconds=round((many.seconds - few.seconds) / more, 3),
        batch_calls={name: round((many.calls[name] - few.calls[name]) / more, 2) for name in many.calls},
        api_calls=many.api_calls.more_than(few.api_calls, by=more),
        scheduler_mib=round(many.samples.memory["scheduler"] / (1 << 20)),
    )


def _measured(stack: Stack, cluster: Cluster) -> _Run:
    client, log = cluster.client(), stack.workspace.logs / "api-server.log"
    size = log.stat().st_size
    calls, before = Counter(batch_calls(stack.batch.endpoint)), cpu_seconds(cluster)
    started = time.monotonic()
    samples = _run(cluster, client)
    seconds = time.monotonic() - started
    spent = {name: after - before[name] for name, after in cpu_seconds(cluster).items()}
    api_calls = ApiCalls.in_log(log.read_bytes()[size:].decode(errors="replace"))
    return _Run(spent, seconds, Counter(batch_calls(stack.batch.endpoint)) - calls, api_calls, samples)


def _run(cluster: Cluster, client: AirflowClient, conf: Mapping[str, str] | None = None) -> Samples:
    """Run the hour to its end; return what was sampled meanwhile."""
    with sampled(cluster) as samples:
        run = client.trigger(DAG_ID, hour=str(HOUR), **(conf or {}))
        state = client.wait_for_run(DAG_ID, run, seconds=LONGEST_SECONDS)
    if state != "success":
        raise SystemExit(f"the run ended as {state}: nothing was measured")
    return samples


if __name__ == "__main__":
    main()
