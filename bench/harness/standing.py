"""Runs the stack of ``make up``, on PostgreSQL, with a rule of the emulator instead of the scorer."""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.harness.measured import CONTROLS
from local_stack.airflow.cluster import running_cluster
from local_stack.hour import DAG_ID
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
from sensor_scoring.hourly.planning.packing import MOST_TASKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local_stack.airflow.client import AirflowClient
    from local_stack.airflow.cluster import Cluster
    from local_stack.stack import Stack

LONGEST_SECONDS = 1800.0
"""Guard against hanging."""
_NODES = {"SENSOR_SCORING_MAX_NODES": "50"}


@contextmanager
def standing(settings: Mapping[str, str], *, groups: int = MOST_TASKS) -> Iterator[tuple[Stack, Cluster]]:
    """Run a stack whose Batch tasks write one row of predictions for every sensor, and true reports.

    :param settings: additional environment variables for Airflow
    :param groups: maximum number of mapped task instances of a run
    """
    with (
        tempfile.TemporaryDirectory(prefix="standing-") as folder,
        running_stack(
            Workspace(Path(folder), Path(folder) / "results"),
            emulator_options=["--rule", "bench.harness.rules:score", *CONTROLS],
        ) as stack,
        running_cluster(
            stack, folder=Path(folder) / "cluster", settings={**_NODES, **settings}, groups=groups
        ) as cluster,
    ):
        yield stack, cluster


def let_run(web: AirflowClient) -> None:
    """Unpause the DAG, and wait for the run of the last hour that this triggers; it has no readings."""
    while not web.knows(DAG_ID):
        time.sleep(0.2)
    web.unpause(DAG_ID)
    while not any(run["state"] in {"success", "failed"} for run in web.runs(DAG_ID)):
        time.sleep(0.2)
