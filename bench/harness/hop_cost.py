"""The cost of one more sensor in an hour, by process: that of many sensors less that of few."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.harness.api_calls import ApiCalls
from bench.harness.fleet import HOUR, lay_out
from bench.harness.measured import batch_calls, cpu_seconds, sampled
from bench.harness.standing import LONGEST_SECONDS, let_run, standing
from local_stack.hour import DAG_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.harness.measured import Samples
    from local_stack.airflow.client import AirflowClient
    from local_stack.airflow.cluster import Cluster
    from local_stack.stack import Stack

_FEW = 2
_RUN_TASKS = ("scheduler", "worker")


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
    """Peak memory of scheduler and worker with their descendants; shared pages count once."""


@dataclass(frozen=True, slots=True)
class _Run:
    cpu: dict[str, float]
    seconds: float
    calls: Counter[str]
    api_calls: ApiCalls
    samples: Samples


@contextmanager
def warm(settings: Mapping[str, str], *, with_worker: bool = False) -> Iterator[tuple[Stack, Cluster]]:
    """Run a stack that has already scored an hour, so that one-time costs are paid.

    :param settings: additional environment variables for Airflow
    :param with_worker: whether to start one of Celery's workers too
    """
    with standing({"SENSOR_SCORING_SENSORS_PER_TASK": "1", **settings}) as (stack, cluster):
        if with_worker:
            cluster.start("worker")
        lay_out(stack.storage, _FEW)
        let_run(cluster.client())
        run_hour(cluster, cluster.client())
        yield stack, cluster


def price(stack: Stack, cluster: Cluster, *, more: int) -> HopCost:
    """Run the hour with few sensors and with more of them.

    :param more: how many more
    """
    few = _measured(stack, cluster)
    lay_out(stack.storage, _FEW + more)
    many = _measured(stack, cluster)
    return HopCost(
        cpu_ms={name: round((many.cpu[name] - few.cpu[name]) / more * 1e3, 1) for name in many.cpu},
        seconds=round((many.seconds - few.seconds) / more, 3),
        batch_calls={name: round((many.calls[name] - few.calls[name]) / more, 2) for name in many.calls},
        api_calls=many.api_calls.more_than(few.api_calls, by=more),
        scheduler_mib=round(sum(many.samples.memory.get(name, 0) for name in _RUN_TASKS) / (1 << 20)),
    )


def _measured(stack: Stack, cluster: Cluster) -> _Run:
    client, log = cluster.client(), stack.workspace.logs / "api-server.log"
    size = log.stat().st_size
    calls, before = Counter(batch_calls(stack.batch.endpoint)), cpu_seconds(cluster)
    started = time.monotonic()
    samples = run_hour(cluster, client)
    seconds = time.monotonic() - started
    spent = {name: after - before[name] for name, after in cpu_seconds(cluster).items()}
    api_calls = ApiCalls.in_log(log.read_bytes()[size:].decode(errors="replace"))
    return _Run(spent, seconds, Counter(batch_calls(stack.batch.endpoint)) - calls, api_calls, samples)


def run_hour(cluster: Cluster, client: AirflowClient, conf: Mapping[str, str] | None = None) -> Samples:
    """Run the hour to its end; return what was sampled meanwhile.

    :param conf: of the DAG run, besides the hour
    :raises SystemExit: if the run does not succeed
    """
    with sampled(cluster) as samples:
        run = client.trigger(DAG_ID, hour=str(HOUR), **(conf or {}))
        state = client.wait_for_run(DAG_ID, run, seconds=LONGEST_SECONDS)
    if state != "success":
        raise SystemExit(f"the run ended as {state}: nothing was measured")
    return samples
