"""Measures the hour beside a DAG whose instances do nothing: ``python -m bench.floor`` (``make bench-hop``).

Both run on the stack of ``make up`` with 2 items and with 40 more, and in the foreground with ``airflow dags
test``, in turn. A rule of the emulator replaces the scorer. What the idle DAG costs is Airflow's own part: no
change of ours makes an hour cheaper than that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.harness.command import run_benchmark
from bench.harness.fleet import HOUR, lay_out
from bench.harness.measured import cpu_seconds
from bench.harness.standing import LONGEST_SECONDS, let_run, standing
from local_stack.airflow.local import COMMAND
from local_stack.bootstrap import ROOT
from local_stack.hour import DAG_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local_stack.airflow.client import AirflowClient
    from local_stack.airflow.cluster import Cluster
    from local_stack.airflow.local import LocalAirflow
    from local_stack.stack import Stack

RESULTS = Path(__file__).parent / "results" / "floor.json"
METER = Path(__file__).parent / "harness" / "meter.py"
FLOOR = "floor"
_FEW, _MORE = 2, 40
_IN_FOREGROUND = 15
_ROUNDS = 3
_DATE = HOUR.end.strftime("%Y-%m-%dT%H:%M:%S+00:00")


@dataclass(frozen=True, slots=True)
class Cost:
    """What something costs."""

    cpu_seconds: float
    seconds: float
    """Wall time."""

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.cpu_seconds - other.cpu_seconds, self.seconds - other.seconds)

    def __truediv__(self, number: int) -> Cost:
        return Cost(self.cpu_seconds / number, self.seconds / number)


def main() -> None:
    """Measure, print and save the figures."""
    with _both_dags() as folder:
        settings = {"SENSOR_SCORING_SENSORS_PER_TASK": "1", "AIRFLOW__CORE__DAGS_FOLDER": str(folder)}
        with standing(settings) as (stack, cluster):
            more = _one_more(stack, cluster)
            foreground = _foreground(stack, folder)
    found = {"one_more": more, "foreground": foreground}
    print(json.dumps(found, indent=2))
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


@contextmanager
def _both_dags() -> Iterator[Path]:
    """Make a folder with our DAGs and the idle one."""
    with TemporaryDirectory(prefix="bench-dags-") as folder:
        for file in (*(ROOT / "dags").glob("*.py"), ROOT / "bench" / "dags" / f"{FLOOR}.py"):
            (Path(folder) / file.name).symlink_to(file)
        yield Path(folder)


def _one_more(stack: Stack, cluster: Cluster) -> dict[str, dict[str, float]]:
    """Return what one more mapped instance costs in a standing Airflow, by DAG."""
    client = cluster.client()
    lay_out(stack.storage, _FEW)
    let_run(client)
    client.unpause(FLOOR)
    asked: dict[str, dict[str, object]] = {DAG_ID: {"hour": str(HOUR)}, FLOOR: {"items": _FEW}}
    for dag_id, conf in asked.items():
        _run(cluster, client, dag_id, conf)  # the first run pays one-time costs
    few = {dag_id: _run(cluster, client, dag_id, conf) for dag_id, conf in asked.items()}
    lay_out(stack.storage, _FEW + _MORE)
    asked[FLOOR] = {"items": _FEW + _MORE}
    many = {dag_id: _run(cluster, client, dag_id, conf) for dag_id, conf in asked.items()}
    return {dag_id: asdict((many[dag_id] - few[dag_id]) / _MORE) for dag_id in asked}


def _run(cluster: Cluster, client: AirflowClient, dag_id: str, conf: Mapping[str, object]) -> Cost:
    """Run a DAG to its end in the standing Airflow.

    :raises SystemExit: if it does not succeed
    """
    before, started = sum(cpu_seconds(cluster).values()), time.monotonic()
    run = client.trigger(dag_id, **conf)
    state = client.wait_for_run(dag_id, run, seconds=LONGEST_SECONDS)
    if state != "success":
        raise SystemExit(f"{dag_id} ended as {state}: nothing was measured")
    return Cost(sum(cpu_seconds(cluster).values()) - before, time.monotonic() - started)


def _foreground(stack: Stack, folder: Path) -> dict[str, dict[str, float]]:
    """Return what ``airflow dags test`` costs with as many task instances of either DAG."""
    lay_out(stack.storage, _IN_FOREGROUND)
    home = stack.workspace.root / "foreground"
    airflow = stack.airflow({"AIRFLOW__CORE__DAGS_FOLDER": str(folder)}, home=home)
    log = stack.workspace.logs / "foreground.log"
    with_ours = replace(airflow, settings={**airflow.settings, "SENSOR_SCORING_SENSORS_PER_TASK": "1"})
    begun = [line for line in with_ours.test_dag(DAG_ID, HOUR, log=log) if "starting task_id=" in line]
    words: dict[str, tuple[str, ...]] = {
        DAG_ID: (),
        FLOOR: ("--conf", json.dumps({"items": len(begun) - 1})),
    }
    costs: dict[str, list[Cost]] = {dag_id: [] for dag_id in words}
    for _ in range(_ROUNDS):
        for dag_id, conf in words.items():
            costs[dag_id].append(_metered(with_ours, "dags", "test", dag_id, _DATE, *conf))
    return {
        dag_id: {
            "instances": len(begun),
            "cpu_seconds": median(cost.cpu_seconds for cost in each),
            "seconds": median(cost.seconds for cost in each),
        }
        for dag_id, each in costs.items()
    }


def _metered(airflow: LocalAirflow, *words: str) -> Cost:
    """Run a command of Airflow.

    :raises SystemExit: if it fails
    """
    meter = [sys.executable, "-I", str(METER), *COMMAND, *words]
    environ = {**airflow.environ(), "PYTHONPATH": os.pathsep.join(sys.path)}
    with (Path(airflow.home) / "meter.log").open("a") as log:
        done = subprocess.run(meter, env=environ, stdout=subprocess.PIPE, stderr=log, text=True, check=True)
    facts = json.loads(done.stdout)
    if facts["code"]:
        raise SystemExit(f"{' '.join(words)} ended with exit code {facts['code']}: see {airflow.home}")
    return Cost(facts["cpu_ms"] / 1e3, facts["wall_ms"] / 1e3)


if __name__ == "__main__":
    run_benchmark(main)
