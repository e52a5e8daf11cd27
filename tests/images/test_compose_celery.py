"""docker-compose.yaml with CeleryExecutor: two workers, schedulers and triggerers, and 200 sensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.simulator import Fleet
from tests.images.composed import CHOSEN, composed
from tests.images.demo import (
    DAG,
    batch_id_of,
    batch_tasks_of,
    end_after_restart,
    end_of,
    hour_of,
    predictions_of,
    reports_of,
    running,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local_stack.airflow.client import AirflowClient
    from tests.batch_emulator.containers.docker import Docker
    from tests.images.composed import Composed

pytestmark = pytest.mark.images

CELERY = {"COMPOSE_PROFILES": "local,celery", "AIRFLOW_EXECUTOR": "CeleryExecutor"}
PARTS = ("worker", "redis")
TWICE = ("scheduler", "triggerer")
FLEET = Fleet(devices=20, tags=10)
SENSORS = FLEET.devices * FLEET.tags
NOTICED = {
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "90",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
}
"""Settings with which Airflow notices a dead process in a minute instead of five or ten."""


@pytest.fixture(scope="module")
def project(images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """Start everything with CeleryExecutor, with readings and models."""
    chosen = composed(tmp_path_factory.mktemp("celery"), images, CHOSEN | CELERY, environment=NOTICED)
    more = [word for name in TWICE for word in ("--scale", f"{name}=2")]
    with running(chosen, *more, fleet=FLEET, hours=1 + len(PARTS)) as project:
        yield project


def test_a_worker_and_then_a_scheduler_are_killed(
    project: Composed, airflow: AirflowClient, docker: Docker
) -> None:
    """Half of what runs an hour dies in its middle; the rest scores every sensor, and none twice."""
    workers, schedulers = (project("ps", "--quiet", name).split() for name in ("worker", "scheduler"))
    hour = hour_of(0)
    run = airflow.trigger(DAG, hour=str(hour))
    until(lambda: _succeeded(airflow, run) > SENSORS // 8)
    docker("kill", workers[0])
    until(lambda: _succeeded(airflow, run) > SENSORS // 4)
    docker("kill", schedulers[0])
    assert _succeeded(airflow, run) < SENSORS
    assert end_of(airflow, run) == "success"

    assert len(predictions_of(project, hour)) == SENSORS
    batch_run = batch_id_of(airflow, run)
    tasks = batch_tasks_of(project, batch_run)
    assert len({task.display_name for task in tasks}) == len(tasks) == SENSORS
    infos = [task.execution_info for task in tasks]
    assert {(info.exit_code, info.retry_count, info.requeue_count) for info in infos} == {(0, 0, 0)}
    assert len(reports_of(project, batch_run)) == SENSORS
    found = airflow.get(f"/dags/{DAG}/dagRuns/{run}/taskInstances", limit=100, order_by="start_date")
    ran_in = {ti["hostname"] for ti in found["task_instances"]} - {None, ""}
    assert ran_in == {worker[:12] for worker in workers}
    docker("start", workers[0], schedulers[0])


@pytest.mark.parametrize("part", PARTS)
def test_a_part_restarts_in_the_middle_of_a_run(project: Composed, airflow: AirflowClient, part: str) -> None:
    """Both workers, or Redis with what waits in it, are restarted; the run ends green all the same."""
    hour = hour_of(1 + PARTS.index(part))
    assert end_after_restart(project, airflow, part, hour) == "success"
    assert len(predictions_of(project, hour)) == SENSORS


def _succeeded(airflow: AirflowClient, run: str) -> int:
    """Return the number of task instances that have succeeded."""
    place = f"/dags/{DAG}/dagRuns/{run}/taskInstances"
    return int(airflow.get(place, state="success", limit=1)["total_entries"])
