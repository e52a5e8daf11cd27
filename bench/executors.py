"""Measures what one more sensor costs under each of Airflow's executors: ``make bench-executors``.

As in ``bench.hop``, the hour runs with few sensors and with many, one instance each. CeleryExecutor has one
worker and a Redis (``redis-server`` has to be installed), and its packages are those of
``airflow_image/requirements.txt``. A stand-in for KubernetesExecutor gives each instance a process that runs
the command of a pod; what Kubernetes itself takes to start the pod comes on top.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bench.harness.command import run_benchmark
from bench.harness.hop_cost import price, warm
from local_stack.bootstrap import ROOT, VENV
from local_stack.services.ports import free_port
from local_stack.services.processes import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).parent / "results" / "executors.json"
SLOTS = 8
"""Task instances that run at once, under each executor: as in the stack of ``make up``."""
_PRELOAD = json.dumps({"imports": ["sensor_scoring.preload"]})


def main() -> None:
    """Measure, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=40)
    order = parser.parse_args()
    if shutil.which("redis-server") is None:
        raise SystemExit(
            "redis-server is missing: install Redis, on Debian with apt-get install redis-server"
        )
    costs = {}
    with tempfile.TemporaryDirectory(prefix="executors-") as folder, _celery(Path(folder)) as celery:
        forms = {
            "LocalExecutor": {},
            "CeleryExecutor": {**celery, "AIRFLOW__CELERY__EXTRA_CELERY_CONFIG": _PRELOAD},
            "CeleryExecutor, without preload": celery,
            "KubernetesExecutor (stand-in)": {
                "AIRFLOW__CORE__EXECUTOR": "local_stack.airflow.pod_executor.PodExecutor"
            },
        }
        for form, settings in forms.items():
            with warm(settings, with_worker=form.startswith("Celery")) as (stack, cluster):
                costs[form] = asdict(price(stack, cluster, more=order.sensors))
            print(form, json.dumps(costs[form], indent=2), flush=True)
    RESULTS.write_text(json.dumps({"sensors": order.sensors, "forms": costs}, indent=2) + "\n")


@contextmanager
def _celery(folder: Path) -> Iterator[dict[str, str]]:
    """Install Celery beside our packages, and run its Redis.

    :return: the settings of every Airflow process
    """
    packages, port = folder / "packages", free_port()
    lock = ["--require-hashes", "-r", str(ROOT / "airflow_image" / "requirements.txt")]
    command = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--target", str(packages), *lock]
    subprocess.run(command, check=True)
    redis = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    with Server("Redis", redis, log=folder / "redis.log", environ=os.environ, cwd=folder):
        yield {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{port}/0",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(SLOTS),
            # Ours come first, so that every executor runs the same versions.
            "PYTHONPATH": os.pathsep.join((*filter(None, sys.path), str(packages))),
        }


if __name__ == "__main__":
    run_benchmark(main)
