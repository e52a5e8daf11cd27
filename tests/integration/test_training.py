"""The training DAG end to end: new models are judged, promoted, scored with, and rolled back.

The tests of this file share a first training, which takes many seconds; each begins with what that has left.
"""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from ingest.files.readings_csv import read_readings
from ingest.loader import lay_out
from ingest.reading import timestamp
from ingest.simulator import AnomalyKind, Label
from local_stack import hour as hourly
from local_stack.bootstrap import SCORER, python_of
from local_stack.services.emulator import ACCOUNT
from local_stack.stack import running_stack
from scoring_contract import layout
from scoring_contract.access import variable_of
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.messages.registry import Registry
from scoring_contract.messages.span_label import LabelId, LabelKind, SpanLabel
from scoring_contract.predictions import PredictionMark
from sensor_scoring.hourly.outcome.summary import Outcome
from tests.integration.conftest import Folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_stack.stack import Stack

FIRST, HOUR = RunHour.parse("2018-08-28T23"), RunHour.parse("2018-08-29T02")
HOURS = {
    "from": "2018-08-28T23",
    "until": "2018-08-29T02",
    "evaluate_from": "2018-08-29T02",
    "evaluate_until": "2018-08-29T03",
}
SENSORS = ["1_1", "1_2", "1_3", "2_1", "2_2", "2_3"]
GROUPS = {"SENSOR_SCORING_TRAIN_SENSORS_PER_TASK": "3"}

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(3600)]


@dataclass(frozen=True, slots=True)
class World:
    """A stack with readings, and a scorer that refuses chosen groups."""

    stack: Stack
    refused: Path

    def train(self, **params: Any) -> dict[str, Any]:
        """Run the DAG on the hours of the story; return the summary that this run has written."""
        before = set(self._summaries())
        log = self.stack.workspace.logs / "training.log"
        airflow = self.stack.airflow(GROUPS)
        for _ in airflow.test_dag("train_models", HOUR, log=log, params={**HOURS, **params}):
            pass
        (blob,) = set(self._summaries()) - before
        text = self.stack.storage.container(Container.RUNS).download_blob(blob).readall()
        return dict(json.loads(text))

    def _summaries(self) -> list[str]:
        names = self.stack.storage.container(Container.RUNS).list_blob_names(name_starts_with="training-")
        return [name for name in names if name.endswith("/summary.json")]

    def log(self) -> str:
        """Return what Airflow logged in the last training."""
        return (self.stack.workspace.logs / "training.log").read_text()

    def registry(self) -> Registry:
        """Read the registry."""
        models = self.stack.storage.container(Container.MODELS)
        return Registry.from_json(models.download_blob(layout.REGISTRY_BLOB).readall())

    def current(self) -> dict[str, str]:
        """Return the current version of each sensor."""
        return {sensor: entry.current for sensor, entry in self.registry().sensors.items()}

    def scored_with(self) -> dict[str, str]:
        """Score the hour; return the digest of each sensor's model."""
        summary = hourly.score(self.stack, HOUR, on_line=lambda _line: None)
        assert [line.sensor for line in summary.having(Outcome.SCORED)] == SENSORS
        found = self.stack.storage.container(Container.PREDICTIONS).list_blobs(
            name_starts_with=layout.predictions_folder(HOUR), include=["metadata"]
        )
        marks = [PredictionMark.from_metadata(blob.metadata or {}) for blob in found]
        return {mark.sensor: mark.model_sha256 for mark in marks if mark}

    def digests(self) -> dict[str, str]:
        """Return the digest of each sensor's current model."""
        return {sensor: entry.model.sha256 for sensor, entry in self.registry().sensors.items()}

    def models(self, *words: str) -> str:
        """Run a command on the registry."""
        url = self.stack.storage.signed_url(Container.MODELS, "rcw")
        done = subprocess.run(
            [python_of(SCORER), "-m", "scorer", "models", *words],
            env={**os.environ, variable_of(Container.MODELS): url},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


@dataclass(frozen=True, slots=True)
class Training:
    """The result of a run of the DAG."""

    summary: dict[str, Any]
    registry: bytes
    job: Any
    log: str


def steady_fleet(file: Path) -> tuple[Path, list[Label]]:
    """Write four hours of sensors that stay at their levels; spikes in the last hour are labelled.

    Their values are spread evenly. The simulator's fleet follows the sun, and three hours of that do not tell
    the fourth; of bell-shaped values, libsvm at its default tolerance calls a fifth anomalies: the gate
    refuses the models of both, as it should.
    """
    lines, labels = ["TS,Device,Tag,Value"], []
    for sensor in SENSORS:
        source, (device, tag) = random.Random(sensor), sensor.split("_")
        for beat in range(4 * 240):
            moment = FIRST.start + timedelta(seconds=15 * beat)
            is_spike = HOUR.contains(moment) and beat % 12 == 0
            if is_spike:
                labels.append(Label(moment, device, tag, AnomalyKind.SPIKE))
            value = source.uniform(18, 22) + 12 * is_spike
            lines.append(f"{timestamp(moment)},{device},{tag},{value:.3f}")
    file.write_text("\n".join(lines) + "\n")
    return file, sorted(labels, key=lambda label: label.moment)


@pytest.fixture(scope="module")
def trained_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run a stack with readings of a small fleet from 23:00 to 02:59."""
    root = tmp_path_factory.mktemp("training")
    python, refused = root / "image" / "bin" / "python", root / "refused"
    python.parent.mkdir(parents=True)
    refused.mkdir()
    python.write_text(
        "#!/bin/sh\n"
        "group=$(echo \"$*\" | sed -n 's|.*orders/\\([^ ]*\\)[.]json.*|\\1|p')\n"
        f'[ -z "$group" ] || [ ! -f "{refused}/$group" ] || exit 3\n'
        f'exec {python_of(SCORER)} "$@"\n'
    )
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    with running_stack(Folders(root, root / "results"), scorer=python.parent.parent) as stack:
        readings, labels = steady_fleet(root / "readings.csv")
        data = stack.storage.container(Container.DATA)
        lay_out(read_readings(readings), data, source="file", labels=labels)
        yield World(stack, refused)


@pytest.fixture(scope="module")
def first(trained_world: World) -> Training:
    """Train all models for the first time."""
    summary = trained_world.train()
    (job,) = (job for job in batch_client(trained_world).list_jobs() if job.id.startswith("training-"))
    registry = trained_world.stack.storage.container(Container.MODELS).download_blob(layout.REGISTRY_BLOB)
    return Training(summary, registry.readall(), job, trained_world.log())


@pytest.fixture
def world(trained_world: World, first: Training) -> World:
    """Go back to the models of the first training, and to readings that nobody has labelled."""
    storage = trained_world.stack.storage
    storage.container(Container.MODELS).upload_blob(layout.REGISTRY_BLOB, first.registry, overwrite=True)
    data = storage.container(Container.DATA)
    for blob in list(data.list_blob_names(name_starts_with=layout.span_labels_folder())):
        data.delete_blob(blob)
    return trained_world


def batch_client(world: World) -> BatchClient:
    """Return the real SDK's client of the emulator."""
    batch = world.stack.batch
    return BatchClient(batch.endpoint, AzureNamedKeyCredential(ACCOUNT, batch.key))


def test_new_models_are_judged_and_promoted(world: World, first: Training) -> None:
    """Trained on 23:00 to 01:59 and evaluated on 02:00 to 02:59, against labels."""
    summary = first.summary
    assert summary["counts"] == {
        "promoted": 6,
        "kept": 0,
        "silent": 0,
        "refused": 0,
        "untrained": 0,
        "failed": 0,
    }
    assert [line["sensor"] for line in summary["sensors"]] == SENSORS
    for line in summary["sensors"]:
        assert (line["trained_on"], line["readings"], line["compared_with"]) == (720, 240, "")
        assert line["recall"] == 1
        assert line["precision"] > 0.5
    assert world.current() == {line["sensor"]: line["version"] for line in summary["sensors"]}


def test_training_has_a_batch_job_that_goes_last_and_is_closed(world: World, first: Training) -> None:
    """Every hourly job ranks above it, and each group is a Batch task."""
    assert (first.job.priority, first.job.state) == (-500, "completed")
    tasks = batch_client(world).list_tasks(first.job.id)
    assert sorted(str(task.display_name) for task in tasks) == ["1_1..1_3", "2_1..2_3"]
    assert "sig=" not in first.log


def test_the_hour_is_scored_with_the_new_models(world: World) -> None:
    """Predictions carry the digests of the promoted models."""
    assert world.scored_with() == world.digests()


@pytest.mark.behaviour("training-fails")
def test_a_failed_group_leaves_the_others_promoted(world: World) -> None:
    """One complete write of the registry updates three sensors and keeps three; the run is red."""
    before = world.current()
    (world.refused / "2_1..2_3").touch()
    summary = world.train(nu=0.03)
    (world.refused / "2_1..2_3").unlink()
    assert summary["counts"] == {
        "promoted": 3,
        "kept": 0,
        "silent": 0,
        "refused": 0,
        "untrained": 0,
        "failed": 3,
    }
    now = world.current()
    assert {sensor for sensor in SENSORS if now[sensor] != before[sensor]} == {"1_1", "1_2", "1_3"}
    for line in summary["sensors"][:3]:
        assert line["compared_with"] == before[line["sensor"]]
        assert 0 < line["drift"] < 0.3
    for line in summary["sensors"][3:]:
        assert line["decision"] == "failed"
        assert line["reason"] == "its process ended with exit code 3"
    assert "RunFailed: 3 sensors were not trained" in world.log()
    assert world.scored_with() == world.digests(), "the hour is scored as ever"


def test_a_rollback_scores_with_the_old_version_again(world: World) -> None:
    """It takes one command, and the next run of the hour uses it."""
    world.train(nu=0.03)
    entry = world.registry().entry("1_2")
    old = entry.versions[entry.former[-1]].ref
    assert world.models("rollback", "1_2") == f"1_2: {old.version} is current, was {entry.current}\n"
    assert world.scored_with()["1_2"] == old.sha256 == world.digests()["1_2"]


def test_models_that_the_gate_refuses_change_nothing_that_scores(world: World) -> None:
    """The registry keeps them with the reasons, for a person to promote; the run is red."""
    before = world.current()
    summary = world.train(nu=0.6)
    assert summary["counts"] == {
        "promoted": 0,
        "kept": 0,
        "silent": 0,
        "refused": 6,
        "untrained": 0,
        "failed": 0,
    }
    assert world.current() == before
    for line in summary["sensors"]:
        assert "of the later readings anomalies; the limit is 20.0%" in line["reason"]
        assert line["version"] in world.registry().entry(line["sensor"]).versions
    assert "no sensor got a model: 6 refused by the gate" in world.log()
    promoted = world.models("promote", "1_1", summary["sensors"][0]["version"])
    assert promoted.startswith(f"1_1: {summary['sensors'][0]['version']} is current")


def test_what_people_say_of_a_sensors_readings_reaches_its_training_alone(world: World) -> None:
    """Of sensor 1_3, an hour was maintenance, and the labelled spikes of a quarter were false alarms."""
    start = int(FIRST.start.timestamp()) * 1000
    quarter = int(HOUR.start.timestamp()) * 1000
    spans = {
        LabelKind.MAINTENANCE: (start, start + 3_600_000 - 1),
        LabelKind.FALSE_ALARM: (quarter, quarter + 900_000 - 1),
    }
    for kind, (first, last) in spans.items():
        label = SpanLabel(
            sensor="1_3",
            id=LabelId(first, last, "0123456789ab"),
            kind=kind,
            by="ada",
            at="2018-08-29T05:00:00.000000Z",
        )
        blob = layout.span_label_blob("1_3", str(label.id))
        world.stack.storage.container(Container.DATA).upload_blob(blob, label.to_json())
    lines = {line["sensor"]: line for line in world.train(nu=0.02)["sensors"]}
    labelled = lines.pop("1_3")
    assert (labelled["trained_on"], labelled["readings"]) == (480, 240)
    assert "240 readings labelled as maintenance were left out" in labelled["reason"]
    assert labelled["recall"] == 1, "the spikes of the other three quarters are still anomalies"
    assert all(line["trained_on"] == 720 and "maintenance" not in line["reason"] for line in lines.values())
    assert labelled["precision"] < min(line["precision"] for line in lines.values())
