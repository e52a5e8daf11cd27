"""A running Airflow as a person meets it who has a terminal beside the web UI."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from local_stack.hour import DAG_ID
from scoring_contract.layout import Container, prediction_blob
from tests.support.waiting import until

if TYPE_CHECKING:
    from local_stack.airflow.client import AirflowClient
    from local_stack.airflow.cluster import Cluster
    from local_stack.stack import Stack
    from scoring_contract.hour import RunHour


@dataclass(frozen=True, slots=True)
class Wait:
    """A task instance on its way to a worker."""

    due: datetime
    taken: datetime
    """When the scheduler gave it to the executor."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A person with a terminal and the web UI."""

    stack: Stack
    cluster: Cluster
    web: AirflowClient

    def missing(self, first: RunHour, until: RunHour) -> tuple[int, str]:
        """Run `missing`; return exit code and output."""
        words = ["-m", "sensor_scoring.missing_hours", "--from", str(first), "--to", str(until)]
        done = subprocess.run(
            [sys.executable, *words], env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode in {0, 1}, done.stderr
        return done.returncode, done.stdout

    @property
    def environ(self) -> dict[str, str]:
        """Return the environment of Airflow's processes."""
        return {**self.cluster.airflow.environ(), "PYTHONPATH": ":".join(sys.path)}

    def predictions(self, hour: RunHour, sensor: str) -> str:
        """Return the predictions of a sensor."""
        blob = self.stack.storage.container(Container.PREDICTIONS).download_blob(
            prediction_blob(hour, sensor)
        )
        return blob.readall().decode()

    def paste(self, printed: str) -> list[str]:
        """Paste every printed command into a shell; return them."""
        commands = [line.strip() for line in printed.splitlines() if line.startswith("  airflow ")]
        for command in commands:
            subprocess.run(["sh", "-c", command], env=self.environ, check=True, capture_output=True)
        return commands

    def narrow(self, parallelism: int) -> None:
        """Limit how many task instances Airflow runs at a time."""
        settings = {**self.cluster.airflow.settings, "AIRFLOW__CORE__PARALLELISM": str(parallelism)}
        self.cluster.airflow = replace(self.cluster.airflow, settings=settings)
        self.cluster.restart("scheduler")

    def settle(self) -> None:
        """Wait until no run is active and no backfill is open."""
        until(lambda: all(run["state"] in {"success", "failed"} for run in self.web.runs(DAG_ID)))
        until(lambda: all(entry["completed_at"] for entry in self.backfills()))

    def waits(self, run: str) -> list[Wait]:
        """Return how long each scheduled task instance of a run waited."""
        found = self.web.get(f"/dags/{DAG_ID}/dagRuns/{run}/taskInstances", limit=50)["task_instances"]
        moments = [(entry["scheduled_when"], entry["queued_when"]) for entry in found]
        return [
            Wait(datetime.fromisoformat(due), datetime.fromisoformat(taken))
            for due, taken in moments
            if due and taken and due <= taken
        ]

    def taken(self, run: str) -> set[str]:
        """Return a run's tasks that the scheduler has queued, or that have ended."""
        instances = self.web.task_instances(DAG_ID, run)
        return {ti.task_id for ti in instances if ti.state in {"queued", "running", "success"}}

    def backfills(self) -> list[dict[str, str]]:
        """Return the backfills of the DAG."""
        return list(self.web.get("/backfills", dag_id=DAG_ID)["backfills"])
