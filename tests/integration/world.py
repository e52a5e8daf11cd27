"""A standing Airflow as a person at the web UI meets it, with an eye on Azure Batch."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from local_stack.airflow.client import states
from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container, prediction_blob, summary_blob
from scoring_contract.messages.registry import Registry
from sensor_scoring.hourly.outcome.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.batch import BatchClient

    from local_stack.airflow.client import AirflowClient, TaskInstance
    from local_stack.airflow.cluster import Cluster
    from local_stack.stack import Stack
    from tests.integration.conftest import Obedient

HOUR = RunHour.parse("2026-01-05T09")
SCORED = ["1_1", "1_2", "1_3", "2_1", "2_2"]
DAG = "hourly_scoring"
LONG = 900.0
"""Seconds after which something has gone wrong, however busy the machine."""


@dataclass(frozen=True, slots=True)
class World:
    """A person at the web UI, with an eye on Azure Batch."""

    stack: Stack
    cluster: Cluster
    web: AirflowClient
    scorer: Obedient
    batch: BatchClient

    def instances(self, run: str) -> dict[str, TaskInstance]:
        """Return the instances of ``score`` by their sensors."""
        return {ti.label: ti for ti in self.web.task_instances(DAG, run, task_id="score")}

    def states(self, run: str) -> dict[str, str]:
        """Return the states of the instances of ``score`` by their sensors."""
        return states(self.instances(run).values())

    def batch_tasks(self, run: str) -> dict[str, Any]:
        """Return the Batch tasks of a run, of all its jobs, by ``sensor-epoch-attempt``."""
        base = self.base(run)
        jobs = [job.id for job in self.batch.list_jobs() if job.id.startswith(base)]
        tasks = (task for job in jobs for task in self.batch.list_tasks(job))
        return {f"{task.display_name}{task.id[-6:]}": task for task in tasks}

    def base(self, run: str) -> str:
        """Return the first part of a run's Batch ids."""
        place = f"/dags/{DAG}/dagRuns/{run}/taskInstances/plan/xcomEntries/plan_blob"
        return str(self.web.get(place)["value"]).strip('"').partition("/")[0]

    def are_watched(self, run: str) -> bool:
        """Whether the triggerer has taken over every instance of ``score`` that waits."""
        found = self.web.get(f"/dags/{DAG}/dagRuns/{run}/taskInstances", limit=50)["task_instances"]
        return all(entry["triggerer_job"] for entry in found if entry["state"] == "deferred")

    def run_under(self, executor: str) -> None:
        """Give the scheduler an executor."""
        settings = {"AIRFLOW__CORE__EXECUTOR": executor, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.cluster.airflow = replace(
            self.cluster.airflow, settings={**self.cluster.airflow.settings, **settings}
        )
        self.cluster.restart("scheduler")

    def wait(self, run: str) -> str:
        """Wait for the end of a run."""
        return self.web.wait_for_run(DAG, run, seconds=LONG)

    def summary(self, run: str) -> Summary:
        """Return the summary of a run."""
        blob = self.stack.storage.container(Container.RUNS).get_blob_client(summary_blob(self.base(run)))
        return Summary.from_json(blob.download_blob().readall())

    def active_jobs(self, run: str) -> list[str]:
        """Return the Batch jobs of a run that nobody has closed."""
        base = self.base(run)
        return [job.id for job in self.batch.list_jobs() if job.id.startswith(base) and job.state == "active"]

    def planned_at(self, sensor: str) -> str:
        """Return when the plan was made that a sensor's present prediction follows."""
        blob = self.stack.storage.container(Container.PREDICTIONS).get_blob_client(
            prediction_blob(HOUR, sensor)
        )
        return str(blob.get_blob_properties().metadata["planned_at"])


@contextmanager
def an_altered_model(stack: Stack, sensor: str) -> Iterator[None]:
    """Let a sensor's model have other bytes than the registry says, for a while."""
    models = stack.storage.container(Container.MODELS)
    registry = Registry.from_json(models.download_blob(layout.REGISTRY_BLOB).readall())
    blob = registry.sensors[sensor].model.blob
    original = models.download_blob(blob).readall()
    models.upload_blob(blob, original.replace(b"0.", b"1.", 1), overwrite=True)
    try:
        yield
    finally:
        models.upload_blob(blob, original, overwrite=True)
