"""docker-compose.yaml at work: from the first start to the restart of each of its parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from local_stack.airflow.client import AirflowClient
from local_stack.services.processes import StackError
from sensor_scoring.settings import all_settings
from tests.images.composed import AIRFLOW, CHOSEN, composed, configuration
from tests.images.demo import (
    DAG,
    SCORED_HOURS,
    SENSORS,
    client_of,
    end_after_restart,
    end_of,
    hour_of,
    predictions_of,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.batch_emulator.containers.docker import Docker
    from tests.images.composed import Composed

pytestmark = pytest.mark.images

LOCAL = {"COMPOSE_PROFILES": "local"}
PARTS = ("postgres", "azurite", "batch-emulator", *AIRFLOW)


@pytest.fixture(scope="module")
def project(images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """Start everything with LocalExecutor, with readings and models."""
    with running(composed(tmp_path_factory.mktemp("compose"), images, CHOSEN | LOCAL)) as project:
        yield project


def test_every_setting_of_env_reaches_every_process(images: Mapping[str, str], tmp_path: Path) -> None:
    """Whatever .env sets is in the environment of each Airflow process, workers included, and no more.

    The generated one has nothing but that the emulators' keys may be used.
    """
    chosen = {entry.variable: f"value-of-{entry.variable}" for entry in all_settings()}
    everything = composed(tmp_path, images, chosen | {"COMPOSE_PROFILES": "local,celery,demo"})
    services = configuration(everything)["services"]
    for name in (*AIRFLOW, "worker", "airflow-init", "storage-init"):
        assert chosen.items() <= services[name]["environment"].items(), name
    (tmp_path / "bare").mkdir()
    bare = configuration(composed(tmp_path / "bare", images, {}))["services"]
    # Compose 1.29 shows what is not set as null, and then passes nothing on.
    environment = bare["scheduler"]["environment"]
    assert {name for name in chosen if environment.get(name)} == {"SENSOR_SCORING_ALLOW_ACCOUNT_KEYS"}


def test_an_hour_is_green(project: Composed, airflow: AirflowClient) -> None:
    """Logged in with the generated password, a person triggers an hour, and every sensor is scored."""
    run = airflow.trigger(DAG, hour=str(hour_of(0)))
    assert end_of(airflow, run) == "success"
    assert len(predictions_of(project, hour_of(0))) == SENSORS


def test_no_password_is_a_default(project: Composed) -> None:
    """Nobody signs in with a password that is not in the generated file."""
    for password in ("admin", "airflow"):
        client = AirflowClient(project.url("api-server"), user=("admin", password))
        with pytest.raises(StackError, match="401"):
            client.runs(DAG)
        client.close()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_restarts_in_the_middle_of_a_run(project: Composed, airflow: AirflowClient, part: str) -> None:
    """While sensors are being scored, one container is restarted; the run ends green all the same."""
    hour = hour_of(1 + PARTS.index(part))
    assert end_after_restart(project, airflow, part, hour) == "success"
    assert len(predictions_of(project, hour)) == SENSORS


def test_down_and_up_keeps_everything(project: Composed) -> None:
    """Containers go and come; runs, predictions and the password stay, and an hour can be scored."""
    before = client_of(project)
    runs = {run["dag_run_id"] for run in before.runs(DAG)}
    before.close()
    predictions = predictions_of(project, hour_of(0))
    project("down", "--timeout", "10")
    project("up", "--detach")
    after = client_of(project)
    assert runs
    assert runs <= {run["dag_run_id"] for run in after.runs(DAG)}
    assert predictions_of(project, hour_of(0)) == predictions
    run = after.trigger(DAG, hour=str(hour_of(SCORED_HOURS - 1)))
    assert end_of(after, run) == "success"
    after.close()


def test_both_accounts_may_be_elsewhere(
    project: Composed, images: Mapping[str, str], docker: Docker, tmp_path: Path
) -> None:
    """Without the profile ``local``, an Airflow with connections to other accounts scores an hour there."""
    project("stop", "--timeout", "10", "postgres", *AIRFLOW)
    lines = {name: f"'{project.values[name]}'" for name in project.values if name.startswith("AIRFLOW_CONN_")}
    other = composed(tmp_path, images, CHOSEN | lines | {"COMPOSE_PROFILES": ""}, network=project.network)
    other = replace(other, ports={**other.ports, "azurite": project.ports["azurite"]})
    try:
        other("up", "--detach")
        label = "com.docker.compose"
        said = (
            "--filter",
            f"label={label}.project={other.name}",
            "--format",
            f'{{{{.Label "{label}.service"}}}}',
        )
        assert set(docker("ps", *said).split()) == {"postgres", *AIRFLOW}
        airflow, hour = client_of(other), hour_of(SCORED_HOURS - 2)
        assert end_of(airflow, airflow.trigger(DAG, hour=str(hour))) == "success"
        assert len(predictions_of(other, hour)) == SENSORS
        airflow.close()
    finally:
        other("down", "--volumes", "--timeout", "10")
