"""Compares our operator with that of the Azure provider: ``python -m bench.compare [--items 15 100 500]``.

All run on one emulator, one Airflow and one pool of idle nodes. The stock operator runs in the only two forms
that work: deferrable, with a Batch task id per try, either all in one Batch job or each in its own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from azure.batch import BatchClient
from azure.batch.models import BatchPoolCreateOptions
from azure.core.credentials import AzureNamedKeyCredential

from bench.harness.command import run_benchmark
from bench.harness.measured import CONTROLS, batch_calls, sampled
from local_stack.airflow.cluster import running_cluster
from local_stack.bootstrap import ROOT
from local_stack.services.emulator import ACCOUNT
from local_stack.services.processes import StackError
from local_stack.stack import running_stack
from local_stack.workspace import Workspace

if TYPE_CHECKING:
    from local_stack.airflow.client import AirflowClient
    from local_stack.airflow.cluster import Cluster
    from local_stack.stack import Stack

RESULTS = Path(__file__).parent / "results" / "compare.json"
FORMS = ("ours", "stock_a_job_each", "stock_one_job")
_CAP_SECONDS = 1200.0
_FEW = 15


@dataclass(frozen=True, slots=True)
class Cell:
    """Figures of one form of an operator with one number of items."""

    form: str
    items: int
    how: str
    """Behaviour of the second item's Batch task: empty for success, ``fail`` or ``fail-once``."""
    is_finished: bool
    seconds: float
    batch_calls: int
    worker_seconds: float
    state: str
    failed: int
    """Number of instances that failed."""
    retried: int
    """Number of instances that took more than one try."""


def main() -> None:
    """Measure all cells, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[15, 100, 500])
    parser.add_argument("--forms", nargs="+", default=list(FORMS), choices=FORMS)
    order = parser.parse_args()
    wanted = [(form, _FEW, how) for how in ("fail", "fail-once") for form in order.forms]
    wanted += [(form, items, "") for items in order.items for form in order.forms]
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_stack(
            Workspace(Path(folder), Path(folder) / "results"),
            emulator_options=["--rule", "bench.harness.rules:work", "--job-quota", "2000", *CONTROLS],
        ) as stack,
        running_cluster(
            stack,
            folder=Path(folder) / "cluster",
            settings={"AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "bench" / "dags")},
            groups=max(order.items),
        ) as cluster,
    ):
        _make_pool(stack)
        web = cluster.client()
        _let_run(web)
        bench = Bench(stack, cluster, web)
        RESULTS.parent.mkdir(exist_ok=True)
        cells = []
        for form, items, how in wanted:
            cells.append(asdict(bench.measured(form, items=items, how=how)))
            RESULTS.write_text(json.dumps(cells, indent=2) + "\n")


@dataclass(frozen=True, slots=True)
class Bench:
    """The stack on which the cells are measured."""

    stack: Stack
    cluster: Cluster
    web: AirflowClient

    def measured(self, form: str, *, items: int, how: str) -> Cell:
        """Run a DAG once and measure it; a run that takes too long is abandoned."""
        before = batch_calls(self.stack.batch.endpoint)
        started = time.monotonic()
        with sampled(self.cluster) as samples:
            run = self.web.trigger(form, items=items, how=how)
            state = _end_of(self.web, form, run)
        seconds = time.monotonic() - started
        instances = self.web.task_instances(form, run, task_id="work")
        if not state:
            _give_up(self.web, form, run)
        calls = Counter(batch_calls(self.stack.batch.endpoint)) - Counter(before)
        cell = Cell(
            form=form,
            items=items,
            how=how,
            is_finished=bool(state),
            seconds=round(seconds, 1),
            batch_calls=sum(calls.values()),
            worker_seconds=round(samples.worker_seconds, 1),
            state=state or "not finished",
            failed=sum(instance.state == "failed" for instance in instances),
            retried=sum(instance.try_number > 1 for instance in instances),
        )
        print(json.dumps(asdict(cell)), dict(calls), flush=True)
        return cell


def _end_of(web: AirflowClient, form: str, run: str) -> str:
    """Return the final state of a run; empty if it does not end in time."""
    try:
        return web.wait_for_run(form, run, seconds=_CAP_SECONDS)
    except StackError:
        return ""


def _give_up(web: AirflowClient, form: str, run: str) -> None:
    """Mark a run as failed, so that it does not affect later cells."""
    web.mark_run(form, run, "failed")
    while any(ti.state in {"running", "deferred", "queued"} for ti in web.task_instances(form, run)):
        time.sleep(1)


def _make_pool(stack: Stack) -> None:
    """Make a pool of eight nodes with four slots each, and wait until they are idle."""
    client = BatchClient(stack.batch.endpoint, AzureNamedKeyCredential(ACCOUNT, stack.batch.key))
    client.create_pool(
        BatchPoolCreateOptions(
            {
                "id": "bench",
                "vmSize": "standard_d2s_v5",
                "virtualMachineConfiguration": {
                    "imageReference": {
                        "publisher": "microsoft-dsvm",
                        "offer": "ubuntu-hpc",
                        "sku": "2204",
                        "version": "latest",
                    },
                    "nodeAgentSKUId": "batch.node.ubuntu 22.04",
                },
                "taskSlotsPerNode": 4,
                "targetDedicatedNodes": 8,
            }
        )
    )
    while not all(node.state == "idle" for node in client.list_nodes("bench")):
        time.sleep(0.2)


def _let_run(web: AirflowClient) -> None:
    for form in FORMS:
        while not web.knows(form):
            time.sleep(0.2)
        web.unpause(form)


if __name__ == "__main__":
    run_benchmark(main)
