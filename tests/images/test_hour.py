"""The scoring image at work: an hour with a container for each sensor, and a task under every restriction."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from ingest.simulator import Fleet
from local_stack.airflow.local import SCORING_IMAGE
from local_stack.hour import SIMULATED_HOUR, lay_out_simulation, score, train
from local_stack.services.azurite import running_azurite
from local_stack.services.emulator import ACCOUNT, running_emulator
from local_stack.stack import Stack
from local_stack.workspace import Workspace
from scoring_contract import layout
from scoring_contract.access import variable_of
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import PROGRAM, ScoreInvocation
from scoring_contract.messages.manifest import Manifest
from scoring_contract.messages.report import Report, SensorState
from sensor_scoring.hourly.outcome.summary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.hourly.outcome.summary import Summary
    from tests.batch_emulator.containers.docker import Docker
    from tests.images.built import Built

pytestmark = pytest.mark.images

SENSORS = Fleet().devices * Fleet().tags
RESTRICTED = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges")
PERMISSIONS = {
    Container.DATA: "r",
    Container.MODELS: "r",
    Container.PREDICTIONS: "rcw",
    Container.RUNS: "rcw",
}


@dataclass(frozen=True, slots=True)
class ScoredHour:
    """An hour that was scored in containers."""

    stack: Stack
    summary: Summary


@pytest.fixture(scope="module")
def hour(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoredHour]:
    """Score the simulated fleet's hour with the emulator's container runner."""
    root = tmp_path_factory.mktemp("hour")
    workspace = Workspace(root, root / "results")
    options = ["--runner", "container", "--engine", "docker"]
    options += ["--image-alias", f"{SCORING_IMAGE}={built.tags['sensor-scoring']}"]
    with (
        running_azurite(workspace.blobs, log=workspace.logs / "azurite.log") as storage,
        running_emulator(
            workspace.nodes, log=workspace.logs / "batch.log", images={}, options=options
        ) as batch,
    ):
        stack = Stack(workspace, storage, batch)
        train(stack, lay_out_simulation(stack, Fleet()), SIMULATED_HOUR)
        yield ScoredHour(stack, score(stack, SIMULATED_HOUR, on_line=lambda _: None))


def test_each_sensor_is_scored_in_a_container_of_its_own(hour: ScoredHour, docker: Docker) -> None:
    """The hour is green: as many containers as sensors ran, and none is left."""
    assert (hour.summary.colour, len(hour.summary.having(Outcome.SCORED))) == ("green", SENSORS)
    batch = hour.stack.batch
    with BatchClient(batch.endpoint, AzureNamedKeyCredential(ACCOUNT, batch.key)) as client:
        tasks = [task for job in client.list_jobs() for task in client.list_tasks(job.id)]
    infos = [task.execution_info.container_info for task in tasks if task.execution_info]
    assert len({info.container_id for info in infos if info}) == SENSORS
    assert docker("ps", "--all", "--quiet", "--filter", "label=azure-batch-emulator") == ""


@pytest.mark.parametrize("name", ["sensor-scoring", "sensor-scoring-lean"])
def test_a_task_needs_no_privilege_and_writes_nothing_to_its_disk(
    hour: ScoredHour, built: Built, name: str
) -> None:
    """Under every restriction of the engine, as its own user, the scorer writes the same predictions."""
    storage, run = hour.stack.storage, hour.summary.run
    runs, predictions = storage.container(Container.RUNS), storage.container(Container.PREDICTIONS)
    blob = next(iter(runs.list_blob_names(name_starts_with=f"{run}/manifests/")))
    manifest = Manifest.from_json(runs.download_blob(blob).readall())
    written = manifest.sensors[0].prediction_blob(manifest.hour, manifest.predictions_format)
    before = predictions.download_blob(written).readall()
    predictions.delete_blob(written)

    invocation = ScoreInvocation(manifest=blob, report=layout.report_blob(run, "restricted", name))
    variables = [
        f"--env={variable_of(container)}={storage.signed_url(container, letters, valid=timedelta(hours=1))}"
        for container, letters in PERMISSIONS.items()
    ]
    command = ["docker", "run", "--rm", "--network=host", *RESTRICTED, *variables, built.tags[name]]
    done = subprocess.run(
        [*command, *PROGRAM, *invocation.to_argv()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = Report.from_json(runs.download_blob(invocation.report).readall())
    assert {sensor.state for sensor in report.sensors} == {SensorState.SCORED}
    assert predictions.download_blob(written).readall() == before
