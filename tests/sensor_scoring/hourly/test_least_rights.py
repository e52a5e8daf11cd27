"""An hour of a sensor with an identity's signatures for just the blobs that it needs, over HTTPS.

Azurite signs in the identity and checks the signatures; the scorer is the real one, in a process of its own.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, ContainerClient

from scoring_contract.access import SignedBlobs, blobs_variable, variable_of
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import ExitCode
from scoring_contract.messages.report import Cause, SensorState
from sensor_scoring.azure_batch.grants import GrantMaker
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.hourly.blob_needs import MOST_BLOBS, blobs_needed
from tests.scorer.conftest import Scorer, Storage
from tests.scorer.scoring.test_score import HOUR_PATH, an_order, rows_for
from tests.support.signed_in_storage import signed_in_storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_stack.services.azurite import BlobStorage
    from scoring_contract.messages.invocation import ScoreInvocation

CONN = "identity"
READINGS = f"readings/{HOUR_PATH}/1_4/0.csv"
PREDICTIONS = f"{HOUR_PATH}/1_4.csv"
MANIFEST, REPORT = "run1/manifests/group1.json", "run1/reports/job1/task1.json"
OTHER = {"r": "w", "w": "r"}
"""A signature grants something; one without the right in question grants the other."""


@dataclass(frozen=True)
class Tasks:
    """Runs the scorer as a Batch task that the product gives access."""

    storage: Storage
    scorer: Scorer

    def run(self, call: ScoreInvocation, without: tuple[Container, str, str] | None = None) -> Any:
        """Score with the least rights, or with one of them taken away.

        :param without: container, blob and right
        """
        environment = {**self.granted(call, without), "SSL_CERT_FILE": os.environ["SSL_CERT_FILE"]}
        return self.scorer.score(call, environment)

    def granted(
        self, call: ScoreInvocation, without: tuple[Container, str, str] | None = None
    ) -> dict[str, str]:
        """Return what a Batch task would find in its environment."""
        maker = GrantMaker(
            store=BlobStore(CONN),
            containers={variable_of(each): f"{self.storage.name_of(each)}:rw" for each in Container},
            log_container="",
            lasts=timedelta(hours=1),
        )
        needed = blobs_needed(call, self.storage.get(Container.RUNS, call.manifest))
        if without:
            container, blob, right = without
            permissions = needed[variable_of(container)]
            assert right in permissions[blob]
            permissions[blob] = permissions[blob].replace(right, "") or OTHER[right]
        return dict(maker.grants(needed).environment)


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlobStorage]:
    """Run an Azurite that takes identities, with a connection that is one."""
    with (
        pytest.MonkeyPatch.context() as patch,
        signed_in_storage(tmp_path_factory.mktemp("https"), patch) as azurite,
    ):
        connection = {"conn_type": "wasb", "login": azurite.name, "host": azurite.url}
        patch.setenv(f"AIRFLOW_CONN_{CONN.upper()}", json.dumps(connection))
        yield azurite


@pytest.fixture
def tasks(signed_in: BlobStorage, tmp_path: Path) -> Iterator[Tasks]:
    """Make the containers of a test there, and what runs Batch tasks on them."""
    with BlobServiceClient.from_connection_string(signed_in.connection_string) as service:
        storage = Storage(signed_in, service).create()
        yield Tasks(storage, Scorer(storage, tmp_path))


def test_an_hour_is_scored_with_the_least_rights(tasks: Tasks) -> None:
    """Readings, model and manifest are read, predictions and report written, and written again."""
    call = tasks.storage.put_manifest(an_order(tasks.storage))
    for _ in range(2):
        done = tasks.run(call)
        assert (done.returncode, done.stderr) == (ExitCode.SUCCESS, "")
        (report,) = tasks.storage.report(call).sensors
        assert (report.state, report.readings) == (SensorState.SCORED, 2)
    assert tasks.storage.names(Container.PREDICTIONS) == [PREDICTIONS]


@pytest.mark.parametrize(
    ("container", "blob", "right"),
    [
        pytest.param(Container.DATA, READINGS, "r", id="read-readings"),
        pytest.param(Container.MODELS, "1_4/v1/model.json", "r", id="read-model"),
        pytest.param(Container.PREDICTIONS, PREDICTIONS, "r", id="read-predictions"),
        pytest.param(Container.PREDICTIONS, PREDICTIONS, "w", id="write-predictions"),
    ],
)
def test_a_missing_right_fails_the_sensor_by_name(tasks: Tasks, container, blob, right) -> None:
    """It is never a silent sensor: report and stderr name the right, the container and the blob."""
    call = tasks.storage.put_manifest(an_order(tasks.storage))
    # What is there already has to be read, so that a later plan's predictions stay.
    tasks.storage.put(Container.PREDICTIONS, PREDICTIONS, "TS,Device,Tag\n")
    done = tasks.run(call, without=(container, blob, right))
    (report,) = tasks.storage.report(call).sensors
    assert done.returncode == ExitCode.STORAGE
    assert (report.state, report.cause) == (SensorState.FAILED, Cause.STORAGE)
    assert report.reason == _refused(f"{container}/{blob}", right)
    assert done.stderr == f"1_4: {report.reason}\n"


@pytest.mark.parametrize(
    ("blob", "right"),
    [pytest.param(MANIFEST, "r", id="read-manifest"), pytest.param(REPORT, "w", id="write-report")],
)
def test_without_its_order_or_its_report_a_task_fails(tasks: Tasks, blob, right) -> None:
    """Nothing is committed, and stderr names the right, the container and the blob."""
    call = tasks.storage.put_manifest(an_order(tasks.storage))
    done = tasks.run(call, without=(Container.RUNS, blob, right))
    assert (done.returncode, done.stderr) == (ExitCode.STORAGE, f"{_refused(f'runs/{blob}', right)}\n")
    assert tasks.storage.names(Container.RUNS) == [MANIFEST]


def _refused(blob: str, right: str) -> str:
    does = {"r": "read", "w": "write"}[right]
    return (
        f"{blob}: Blob Storage answered 403 Forbidden (AuthorizationPermissionMismatch): "
        f"this task may not {does} it"
    )


def test_a_blob_that_nobody_signed_for_is_no_silent_sensor(tasks: Tasks) -> None:
    """A manifest that was changed after the Batch task was made asks for more than it may do."""
    call = tasks.storage.put_manifest(an_order(tasks.storage))
    environment = tasks.granted(call)
    tasks.storage.put_readings("1_4", ["2018-08-29T02:30:00Z,1,4,10"], file="late.csv")
    readings = (READINGS, READINGS.replace("0.csv", "late.csv"))
    tasks.storage.put_manifest(an_order(tasks.storage, readings=readings))
    done = tasks.scorer.score(call, {**environment, "SSL_CERT_FILE": os.environ["SSL_CERT_FILE"]})
    assert done.returncode == ExitCode.STORAGE
    assert done.stderr == f"1_4: data/{readings[1]}: no signature lets this task read it\n"


def test_readings_that_are_gone_are_told_from_a_refusal(tasks: Tasks) -> None:
    """Whoever may read a blob learns that there is none, without any right to list."""
    call = tasks.storage.put_manifest(an_order(tasks.storage))
    tasks.storage.delete(Container.DATA, READINGS)
    done = tasks.run(call)
    assert done.returncode == ExitCode.DATA
    assert "that the plan found are gone" in done.stderr


def test_a_sensor_without_readings_is_silent(tasks: Tasks) -> None:
    """Nothing is read for it, so nothing is signed, and nothing is refused."""
    call = tasks.storage.put_manifest(an_order(tasks.storage, readings=()))
    done = tasks.run(call)
    (report,) = tasks.storage.report(call).sensors
    assert (done.returncode, report.state) == (ExitCode.SUCCESS, SensorState.SKIPPED)


def test_a_signature_is_good_for_its_blob_alone(tasks: Tasks) -> None:
    """Neither for another sensor's predictions, nor for deleting its own or listing."""
    call = tasks.storage.put_manifest(an_order(tasks.storage))
    tasks.storage.put(Container.PREDICTIONS, PREDICTIONS, "x")
    variable = blobs_variable(variable_of(Container.PREDICTIONS))
    signed = SignedBlobs.from_text(tasks.granted(call)[variable], name=variable)
    assert list(signed.signatures) == [PREDICTIONS]
    with ContainerClient.from_container_url(f"{signed.url}?{signed.signatures[PREDICTIONS]}") as client:
        client.upload_blob(PREDICTIONS, b"y", overwrite=True)
        for forbidden in (
            lambda: client.upload_blob(f"{HOUR_PATH}/1_5.csv", b"z"),
            lambda: client.delete_blob(PREDICTIONS),
            lambda: list(client.list_blob_names()),
        ):
            with pytest.raises(HttpResponseError) as caught:
                forbidden()
            assert caught.value.status_code == 403


def test_a_group_of_many_blobs_gets_the_container(tasks: Tasks) -> None:
    """But its own manifest and report alone; the orders of a run are nobody else's."""
    sensors = [f"1_{number}" for number in range(MOST_BLOBS + 1)]
    orders = [an_order(tasks.storage, sensor, rows_for(sensor)) for sensor in sensors]
    call = tasks.storage.put_manifest(*orders)
    environment = tasks.granted(call)
    assert "SCORING_DATA_URL" in environment
    assert "SCORING_PREDICTIONS_URL" in environment
    assert "SCORING_RUNS_URL" not in environment
    done = tasks.run(call)
    assert (done.returncode, done.stderr) == (ExitCode.SUCCESS, "")
