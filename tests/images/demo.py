"""A running project of Compose with readings, models and a person who is logged in."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from ingest.loader import lay_out
from ingest.simulator import SOURCE, Fleet
from local_stack.airflow.client import AirflowClient
from local_stack.bootstrap import SCORER
from local_stack.services import emulator
from local_stack.services.azurite import ACCOUNT, BlobStorage
from local_stack.services.processes import StackError
from local_stack.training import train_models
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container, predictions_folder, reports_folder
from sensor_scoring.hourly.names import DAG_ID, SCORE
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.images.composed import Composed

DAG = DAG_ID
SENSORS = Fleet().devices * Fleet().tags
SCORED_HOURS = 10
_FIRST, _TRAINED_HOURS = RunHour.parse("2026-01-05T00"), 4


@contextmanager
def running(
    project: Composed, *options: str, fleet: Fleet | None = None, hours: int = SCORED_HOURS
) -> Iterator[Composed]:
    """Start a project, fill its storage, and remove it with its volumes.

    :param options: of ``up``
    :param fleet: whose readings are scored
    :param hours: how many can be scored
    """
    try:
        project("up", "--detach", *options)
        _fill(storage_of(project), fleet or Fleet(), hours)
        yield project
    finally:
        project("down", "--volumes", "--timeout", "10")


def storage_of(project: Composed) -> BlobStorage:
    """Return the storage account as this machine reaches it."""
    return BlobStorage(f"{project.url('azurite')}/{ACCOUNT}")


def _fill(storage: BlobStorage, fleet: Fleet, hours: int) -> None:
    """Write readings of some hours, and train on those before them."""
    readings = fleet.readings(_FIRST, _TRAINED_HOURS + hours, anomalous=[])
    lay_out(readings, storage.container(Container.DATA), source=SOURCE)
    train_models(storage, SCORER, _FIRST, hour_of(0))


def hour_of(number: int) -> RunHour:
    """Return one of the hours to score."""
    return RunHour(_FIRST.start + timedelta(hours=_TRAINED_HOURS + number))


def client_of(project: Composed) -> AirflowClient:
    """Log in with the generated password, and turn the DAG on."""
    user = ("admin", project.values["AIRFLOW_ADMIN_PASSWORD"])
    client = AirflowClient(project.url("api-server"), user=user)
    until(lambda: client.knows(DAG))
    client.unpause(DAG)
    return client


def end_after_restart(project: Composed, airflow: AirflowClient, part: str, hour: RunHour) -> str:
    """Restart a service while sensors of an hour are being scored; return the run's state at its end."""
    run = airflow.trigger(DAG, hour=str(hour))
    until(lambda: any(ti.task_id == SCORE and ti.state for ti in airflow.task_instances(DAG, run)))
    assert airflow.run_state(DAG, run) == "running"
    project("restart", "--timeout", "10", part)
    return end_of(airflow, run)


def end_of(airflow: AirflowClient, run: str) -> str:
    """Wait for the end of a run, also while the api-server has no database; return its state."""

    def state() -> str:
        with suppress(httpx.TransportError, StackError):
            return airflow.run_state(DAG, run)
        return ""

    until(lambda: state() in {"success", "failed"})
    return airflow.run_state(DAG, run)


def predictions_of(project: Composed, hour: RunHour) -> list[str]:
    """List the predictions of an hour."""
    with storage_of(project).container(Container.PREDICTIONS) as container:
        return list(container.list_blob_names(name_starts_with=predictions_folder(hour)))


def reports_of(project: Composed, run: str) -> list[str]:
    """List the reports of Batch tasks.

    :param run: first part of the run's Batch ids
    """
    with storage_of(project).container(Container.RUNS) as container:
        return list(container.list_blob_names(name_starts_with=reports_folder(run)))


def batch_tasks_of(project: Composed, run: str) -> list[Any]:
    """List the Batch tasks of a run, of all its jobs.

    :param run: first part of the run's Batch ids
    """
    key = AzureNamedKeyCredential(emulator.ACCOUNT, project.values["BATCH_ACCOUNT_KEY"])
    with BatchClient(project.url("batch-emulator"), key) as client:
        jobs = [job.id for job in client.list_jobs() if job.id.startswith(run)]
        return [task for job in jobs for task in client.list_tasks(job)]


def batch_id_of(airflow: AirflowClient, run: str) -> str:
    """Return the first part of a run's Batch ids."""
    return str(airflow.xcom(DAG, run, "plan", key="plan_blob")).strip('"').partition("/")[0]
