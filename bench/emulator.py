"""Measures the local Azure Batch under load: ``python -m bench.emulator [--tasks 1000 10000 50000]``.

The real SDK on loopback, a rule instead of processes, and a faster clock. Tasks are added in collections of
100, run to completion on 50 nodes with 4 slots each, and are listed by state. The cost of a task must not
grow with the number of tasks.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

from bench.harness.command import run_benchmark
from local_stack.services.emulator import ACCOUNT, running_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.services.emulator import BatchAccount

RESULTS = Path(__file__).parent / "results" / "emulator.json"
NODES, SLOTS = 50, 4
TASK_SECONDS = 30.0
SPEED = 600
"""Speed of the emulator's clock: its seconds per real second."""
_COLLECTION = 100
_PAGE = 1000
_TASK_COMMAND = "python -m scorer score --contract 2 --manifest " + "m" * 42 + " --report r"
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Load:
    """The cost of a number of tasks."""

    tasks: int
    adds_per_second: float
    """Over all collections, including requests and client."""
    collection_ms: float
    """Median of one request with 100 tasks."""
    last_collections_ms: float
    """Median of the last ten."""
    page_ms: float
    """Median of one page of 1,000 completed tasks, from the request to the last byte."""
    page_with_client_ms: float
    """The same, including the SDK's deserialization."""
    kib_per_task: float
    """Growth of the process after adding all tasks, before any has run."""
    run_seconds: float
    """From the first node to the last task, with the emulator's clock 600 times faster."""


def main() -> None:
    """Measure all loads, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, nargs="+", default=[1_000, 10_000, 50_000])
    order = parser.parse_args()
    RESULTS.parent.mkdir(exist_ok=True)
    loads = []
    for tasks in order.tasks:
        load = measured(tasks)
        print(json.dumps(asdict(load)), flush=True)
        loads.append(asdict(load))
        RESULTS.write_text(json.dumps(loads, indent=2) + "\n")


def measured(tasks: int) -> Load:
    """Add, run and list tasks on a new emulator."""
    options = ["--rule", "bench.emulator:half_a_minute", "--clock-speed", str(SPEED)]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder)
        with running_emulator(data / "nodes", log=data / "batch.log", images={}, options=options) as batch:
            credential = AzureNamedKeyCredential(ACCOUNT, batch.key)
            with closing(BatchClient(batch.endpoint, credential)) as client:
                return _load(client, batch, tasks)


def half_a_minute(_order: object) -> object:
    """Rule of the emulator that ends every attempt after 30 s, instead of running a process."""
    from azure_batch_emulator.runner.scripted import Outcome  # noqa: PLC0415  # only the emulator has it

    return Outcome(0, seconds=TASK_SECONDS)


def _load(client: BatchClient, batch: BatchAccount, tasks: int) -> Load:
    client.create_pool(_pool())
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
    process = psutil.Process(batch.pid)
    before = process.memory_info().rss
    seconds = [_timed_add(client, group) for group in _groups(tasks)]
    grown = process.memory_info().rss - before
    started = time.monotonic()
    resize = models.BatchPoolResizeOptions(target_dedicated_nodes=NODES)
    client.begin_resize_pool("pool", resize, polling_interval=1).wait()
    while client.get_job_task_counts("job").task_counts.completed < tasks:
        time.sleep(0.1)
    run_seconds = time.monotonic() - started
    page_ms, page_with_client_ms = _page_ms(client)
    return Load(
        tasks=tasks,
        adds_per_second=round(tasks / sum(seconds)),
        collection_ms=round(statistics.median(seconds) * 1000, 1),
        last_collections_ms=round(statistics.median(seconds[-10:]) * 1000, 1),
        page_ms=round(page_ms, 1),
        page_with_client_ms=round(page_with_client_ms, 1),
        kib_per_task=round(grown / tasks / _KIB, 2),
        run_seconds=round(run_seconds, 1),
    )


def _pool() -> models.BatchPoolCreateOptions:
    image = models.BatchVmImageReference(
        publisher="microsoft-dsvm", offer="ubuntu-hpc", sku="2204", version="latest"
    )
    machine = models.VirtualMachineConfiguration(
        image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04"
    )
    return models.BatchPoolCreateOptions(
        id="pool",
        vm_size="standard_d2s_v5",
        virtual_machine_configuration=machine,
        task_slots_per_node=SLOTS,
        target_dedicated_nodes=0,
    )


def _groups(tasks: int) -> Iterator[models.BatchTaskGroup]:
    """Make collections of tasks with a command of 100 characters and two settings."""
    settings = [models.EnvironmentSetting(name=name, value="v" * 40) for name in ("FIRST", "SECOND")]
    for start in range(0, tasks, _COLLECTION):
        yield models.BatchTaskGroup(
            task_values=[
                models.BatchTaskCreateOptions(
                    id=f"task-{number:06}", command_line=_TASK_COMMAND, environment_settings=settings
                )
                for number in range(start, min(start + _COLLECTION, tasks))
            ]
        )


def _timed_add(client: BatchClient, group: models.BatchTaskGroup) -> float:
    started = time.perf_counter()
    client.create_task_collection("job", group)
    return time.perf_counter() - started


def _page_ms(client: BatchClient) -> tuple[float, float]:
    """Return the median time of a page in milliseconds: on the wire, and including the client."""
    asked: list[float] = []
    answered: list[float] = []
    whole: list[float] = []
    pages = client.list_tasks(
        "job",
        filter="state eq 'completed'",
        max_results=_PAGE,
        raw_request_hook=lambda _: asked.append(time.perf_counter()),
        raw_response_hook=lambda _: answered.append(time.perf_counter()),
    ).by_page()
    started = time.perf_counter()
    for page in pages:
        list(page)
        whole.append(time.perf_counter() - started)
        started = time.perf_counter()
    wire = [end - start for start, end in zip(asked, answered, strict=True)]
    return statistics.median(wire) * 1000, statistics.median(whole) * 1000


if __name__ == "__main__":
    run_benchmark(main)
