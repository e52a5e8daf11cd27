"""What scoring Batch tasks may reach: the blobs of their own manifests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient

from scoring_contract.access import SignedBlobs
from scoring_contract.hour import RunHour
from scoring_contract.layout import manifest_blob, report_blob
from scoring_contract.messages.invocation import PROGRAM, ScoreInvocation
from scoring_contract.messages.manifest import Manifest, ModelRef, PackSlice, SensorOrder
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.task import Names
from sensor_scoring.hourly.blob_needs import MOST_BLOBS, blobs_needed
from sensor_scoring.hourly.operator import SensorScoringOperator
from sensor_scoring.hourly.submit import SensorSubmitOperator
from sensor_scoring.hourly.task import REPORT_BLOB, commit_marker, score_task
from sensor_scoring.settings import Settings
from tests.support.tries import Try

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage
    from tests.sensor_scoring.conftest import Account

CONNECTIONS = {"azure_batch_conn_id": "batch_for_tests", "wasb_conn_id": "wasb_for_tests"}
RUN, JOB = "scoring-20180829T02-0123456789", "scoring-20180829T02-0123456789-g0"
HOUR = RunHour.parse("2018-08-29T02")
CALL = ScoreInvocation("order", "report")


def an_order(sensor: str, **changes: Any) -> SensorOrder:
    """Order one sensor with files of its own."""
    device, _, tag = sensor.partition("_")
    model = ModelRef("v1", f"{sensor}/v1/model.json", "00ff", "ocsvm-json/2")
    order = SensorOrder(sensor, device, tag, model, (f"readings/{HOUR.path}/{sensor}/a.csv",))
    return replace(order, **changes)


def a_manifest(group: str, *orders: SensorOrder) -> str:
    """Write the manifest of a group."""
    return Manifest(HOUR, RUN, group, "2018-08-29T03:05:00.000000Z", orders).to_json()


def arguments() -> dict[str, Any]:
    """Return the arguments that the DAG gives both operators."""
    return {**score_task(Settings()), **CONNECTIONS, "job_id": JOB, "retries": 0}


def granted(account: Account, item: str) -> dict[str, SignedBlobs]:
    """Read from Azure Batch which blobs a group's Batch task got signatures for."""
    task = account.client.get_task(JOB, str(ids.AttemptId(ids.group_key(item), 0, 0)))
    return {
        each.name: SignedBlobs.from_text(each.value, name=each.name) for each in task.environment_settings
    }


def test_each_batch_task_gets_its_own_blobs(account: Account, storage: BlobStorage) -> None:
    """Signed for reading or writing as it needs; another sensor's are out of reach, and no URL is left."""
    account.pool(nodes=0)
    account.job(JOB)
    for sensor in ("1_4", "1_5"):
        blob = manifest_blob(RUN, sensor)
        storage.container("runs").upload_blob(blob, a_manifest(sensor, an_order(sensor)))
        storage.container("predictions").upload_blob(f"{HOUR.path}/{sensor}.csv", b"x")
    submit = SensorSubmitOperator(
        task_id="submit", items=["1_4", "1_5"], runs_container="runs", **arguments()
    )
    assert submit.execute(Try(max_tries=0).begin()) == 2
    found = granted(account, "1_4")
    assert {name: set(signed.signatures) for name, signed in found.items()} == {
        "SCORING_DATA_BLOBS": {f"readings/{HOUR.path}/1_4/a.csv"},
        "SCORING_MODELS_BLOBS": {"1_4/v1/model.json"},
        "SCORING_PREDICTIONS_BLOBS": {f"{HOUR.path}/1_4.csv"},
        "SCORING_RUNS_BLOBS": {
            manifest_blob(RUN, "1_4"),
            report_blob(RUN, JOB, str(ids.AttemptId(ids.group_key("1_4"), 0, 0))),
        },
    }
    signed = found["SCORING_PREDICTIONS_BLOBS"]
    with ContainerClient.from_container_url(
        f"{signed.url}?{signed.signatures[f'{HOUR.path}/1_4.csv']}"
    ) as own:
        assert own.download_blob(f"{HOUR.path}/1_4.csv").readall() == b"x"
        with pytest.raises(HttpResponseError):
            own.upload_blob(f"{HOUR.path}/1_5.csv", b"forged", overwrite=True)


def test_a_retry_may_read_its_own_order(storage: BlobStorage) -> None:
    """It has fewer sensors, and so fewer rights."""
    operator = SensorScoringOperator(
        task_id="score", item="1_4..1_5", **arguments(), **commit_marker(Settings())
    )
    storage.container("runs").upload_blob("narrowed", a_manifest("1_4..1_5", an_order("1_5")))
    command = [*PROGRAM, *ScoreInvocation("narrowed", REPORT_BLOB).to_argv()]
    needed = operator.blobs_for(Names("1_4..1_5", JOB, "task"), command)
    assert needed["SCORING_RUNS_URL"] == {"narrowed": "r", report_blob(RUN, JOB, "task"): "w"}
    assert needed["SCORING_MODELS_URL"] == {"1_5/v1/model.json": "r"}


def test_a_pack_needs_few_blobs() -> None:
    """Its sensors share readings and predictions; their models are many, as each may be read alone."""
    shared = PackSlice("_packs/p/ab.models", 0, 9)
    orders = [
        an_order(
            sensor, readings=("readings/p.csv",), pack="p", model=replace(an_order(sensor).model, pack=shared)
        )
        for sensor in (f"1_{number}" for number in range(MOST_BLOBS))
    ]
    needed = blobs_needed(CALL, a_manifest("group", *orders).encode())
    assert needed["SCORING_DATA_URL"] == {"readings/p.csv": "r"}
    assert needed["SCORING_PREDICTIONS_URL"] == {f"{HOUR.path}/_packs/p.csv": "rw"}
    assert "SCORING_MODELS_URL" not in needed
    few = blobs_needed(CALL, a_manifest("group", *orders[:2]).encode())
    assert set(few["SCORING_MODELS_URL"]) == {"_packs/p/ab.models", "1_0/v1/model.json", "1_1/v1/model.json"}


@pytest.mark.parametrize("text", [None, b"{}"], ids=["missing", "damaged"])
def test_without_a_manifest_nothing_but_it_is_granted(text) -> None:
    """The scorer says what is wrong with it."""
    assert blobs_needed(CALL, text) == {
        "SCORING_DATA_URL": {},
        "SCORING_MODELS_URL": {},
        "SCORING_PREDICTIONS_URL": {},
        "SCORING_RUNS_URL": {"order": "r", "report": "w"},
    }
