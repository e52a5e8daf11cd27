"""Measures a running stack: Batch calls, busy worker slots, CPU and memory."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.airflow.cluster import Cluster

CONTROLS = ("--controls",)
"""The emulator's option that exposes its call counts."""
TASKS = "task instances"
"""Name of the scheduler's descendants together: executor, supervisors, task processes and fork server."""
_SAMPLE_SECONDS = 0.5
_LOOKS_AT_MEMORY = 6
"""Only every sixth sample reads memory: finding shared pages takes some milliseconds per process."""


@dataclass(slots=True)
class Samples:
    """Samples of a cluster over some time."""

    worker_seconds: float = 0.0
    """Total time for which worker slots of the executor were busy."""
    memory: dict[str, int] = field(default_factory=dict)
    """Peak bytes of each process with its descendants; shared pages count once."""


def batch_calls(endpoint: str) -> dict[str, int]:
    """Return the number of calls of each Azure Batch operation since the emulator started."""
    answer = httpx.get(f"{endpoint}/_emulator/requests", trust_env=False)
    answer.raise_for_status()
    return _by_operation(answer.json())


def _by_operation(body: Any) -> dict[str, int]:
    return {name: int(entry["requests"]) for name, entry in body["operations"].items()}


def cpu_seconds(cluster: Cluster) -> dict[str, float]:
    """Return the CPU seconds of every Airflow process so far, including ended children."""
    spent: defaultdict[str, float] = defaultdict(float)
    for name, (first, *others) in cluster.pids().items():
        for pid in (first, *others):
            with suppress(psutil.NoSuchProcess):
                times = psutil.Process(pid).cpu_times()
                own, ended = times.user + times.system, times.children_user + times.children_system
                if name != "scheduler":
                    spent[name] += own + ended
                    continue
                spent[TASKS if pid != first else name] += own
                spent[TASKS] += ended
    return spent


@contextmanager
def sampled(cluster: Cluster) -> Iterator[Samples]:
    """Sample a cluster while the block runs."""
    samples, done = Samples(), threading.Event()

    def look() -> None:
        last, looks = time.monotonic(), 0
        while not done.wait(_SAMPLE_SECONDS):
            now = time.monotonic()
            samples.worker_seconds += len(cluster.workers()) * (now - last)
            last, looks = now, looks + 1
            if looks % _LOOKS_AT_MEMORY:
                continue
            for name, size in cluster.memory().items():
                samples.memory[name] = max(samples.memory.get(name, 0), size)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()
