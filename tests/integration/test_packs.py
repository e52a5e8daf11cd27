"""An hour of sensors that share files, end to end: packed, loaded, planned, scored, checked, shown."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from ingest.files.readings_csv import read_readings
from ingest.files.readings_files import ReadingsFiles
from ingest.loader import lay_out
from ingest.packs import packs_of
from local_stack import hour as hourly
from local_stack.models import run_models
from local_stack.services.emulator import ACCOUNT
from local_stack.stack import running_stack
from scoring_contract import layout
from scoring_contract.layout import Container
from scoring_contract.predictions import PredictionFormat
from scoring_contract.reading_files.timestamps import read_timestamp
from sensor_scoring.hourly.outcome.summary import Outcome
from tests.integration.conftest import Folders
from tests.integration.oracle import labels, labels_by_scikit_learn
from tests.integration.warm_airflow import WarmStack
from tests.integration.world import HOUR, SCORED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_stack.stack import Stack
    from sensor_scoring.hourly.outcome.summary import Summary
    from tests.integration.warm_airflow import WarmProcess

PACKED = {"SENSOR_SCORING_PACKED_PREDICTIONS": "true"}


@pytest.fixture(scope="module")
def packed_stack(
    tmp_path_factory: pytest.TempPathFactory, readings: Path, airflow_process: WarmProcess
) -> Iterator[Stack]:
    """Run Azurite and the Batch emulator; models are trained from a file per sensor, then both are packed."""
    root = tmp_path_factory.mktemp("packed")
    with running_stack(Folders(root, root / "results")) as stack:
        laid = hourly.lay_out_files(stack, ReadingsFiles([readings]))
        hourly.train(stack, laid, HOUR)
        assert run_models(stack.storage, stack.workspace.scorer, ["pack", "--size", "4"]) == 0
        pack_of = packs_of(stack.storage.container(Container.MODELS))
        assert set(pack_of.values()) == {"p0001", "p0002"}
        data = stack.storage.container(Container.DATA)
        lay_out(read_readings(readings), data, source="file", pack_of=pack_of)
        assert not any(map(layout.sensor_of_readings, data.list_blob_names()))
        yield WarmStack.of(stack, airflow_process)


@dataclass(frozen=True, slots=True)
class Scored:
    """The outcome of a run, and the texts of its predictions by their blobs."""

    summary: Summary
    predictions: dict[str, str]


@pytest.fixture(scope="module")
def alone(packed_stack: Stack) -> Scored:
    """Score the hour with a prediction blob for each sensor."""
    return Scored(scored(packed_stack), predictions(packed_stack))


@pytest.fixture(scope="module")
def packed(packed_stack: Stack, alone: Scored) -> Scored:  # noqa: ARG001  it comes first
    """Score the hour with a prediction blob for each pack."""
    forget(packed_stack)
    return Scored(scored(packed_stack, PACKED), predictions(packed_stack))


def predictions(stack: Stack) -> dict[str, str]:
    """Return the texts of the hour's prediction blobs."""
    container = stack.storage.container(Container.PREDICTIONS)
    return {name: container.download_blob(name).readall().decode() for name in blobs_of(stack)}


def blobs_of(stack: Stack) -> list[str]:
    """Return the hour's prediction blobs."""
    container = stack.storage.container(Container.PREDICTIONS)
    return list(container.list_blob_names(name_starts_with=layout.predictions_folder(HOUR)))


def forget(stack: Stack) -> None:
    """Delete the hour's predictions: an hour that has some keeps their form."""
    for name in blobs_of(stack):
        stack.storage.container(Container.PREDICTIONS).delete_blob(name)


def scored(stack: Stack, settings: dict[str, str] | None = None) -> Summary:
    """Run the DAG; all but the silent sensor must be scored."""
    summary = hourly.score(stack, HOUR, on_line=lambda _line: None, settings=settings)
    assert [sensor.sensor for sensor in summary.having(Outcome.SCORED)] == SCORED
    assert [sensor.sensor for sensor in summary.having(Outcome.SILENT)] == ["2_3"]
    assert summary.failed_steps == {}
    return summary


def test_packed_sensors_are_scored_as_scikit_learn_does(
    packed_stack: Stack, alone: Scored, readings: Path
) -> None:
    """Two Batch tasks make each sensor's own predictions from one file per pack."""
    expected = labels_by_scikit_learn(readings)
    assert {name: labels(text) for name, text in alone.predictions.items()} == {
        layout.prediction_blob(HOUR, sensor): expected[sensor] for sensor in SCORED
    }
    client = BatchClient(
        packed_stack.batch.endpoint, AzureNamedKeyCredential(ACCOUNT, packed_stack.batch.key)
    )
    (job,) = (job.id for job in client.list_jobs() if job.id.startswith(alone.summary.run))
    assert len(list(client.list_tasks(job))) == 2


def test_packed_predictions_hold_the_same_rows(alone: Scored, packed: Scored) -> None:
    """One blob a pack, and the gate finds every sensor in it."""
    packs = packed.predictions
    assert set(packs) == {layout.packed_prediction_blob(HOUR, pack) for pack in ("p0001", "p0002")}
    rows = [row for text in packs.values() for row in text.splitlines()[1:]]
    assert sorted(rows) == sorted(row for text in alone.predictions.values() for row in text.splitlines()[1:])
    assert list(packed.summary.stray) == []


@pytest.mark.behaviour("predictions-format")
def test_an_hour_as_parquet_holds_the_same_rows(packed_stack: Stack, packed: Scored) -> None:
    """The gate finds it, and no CSV is left beside it."""
    container = packed_stack.storage.container(Container.PREDICTIONS)
    forget(packed_stack)
    summary = scored(packed_stack, PACKED | {"SENSOR_SCORING_PREDICTIONS_FORMAT": "parquet"})
    assert list(summary.stray) == []
    blobs = [
        layout.packed_prediction_blob(HOUR, pack, PredictionFormat.PARQUET) for pack in ("p0001", "p0002")
    ]
    assert blobs_of(packed_stack) == blobs
    files = [pa.BufferReader(container.download_blob(blob).readall()) for blob in blobs]
    found = [row for file in files for row in pq.read_table(file).to_pylist()]
    told = [row for text in packed.predictions.values() for row in csv.DictReader(io.StringIO(text))]
    for row, expected in zip(found, told, strict=True):
        assert read_timestamp(str(row["TS"])) == read_timestamp(expected["TS"])
        numbers = {name: float(expected[name]) for name in ("Value", "Prediction", "Score")}
        assert row == {"TS": row["TS"], "Device": expected["Device"], "Tag": expected["Tag"], **numbers}
