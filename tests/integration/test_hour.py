"""An hour, end to end: real readings in, ``airflow dags test``, predictions out.

The tests of this file share one run of the DAG, which takes many seconds; the others are of the same hour.
"""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from ingest.files.readings_files import ReadingsFiles
from local_stack import hour as hourly
from local_stack.__main__ import not_done, score_hour
from local_stack.bootstrap import ROOT
from local_stack.reading_sources import Files
from local_stack.services import azurite
from local_stack.services.emulator import ACCOUNT
from scoring_contract import layout
from scoring_contract.layout import Container
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.outcome.summary import Outcome
from tests.integration.conftest import mount_of
from tests.integration.oracle import labels, labels_by_scikit_learn
from tests.integration.world import HOUR, SCORED, an_altered_model
from tests.support.telemetry_receiver import receiving

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.loader import Laid
    from local_stack.stack import Stack
    from sensor_scoring.hourly.outcome.summary import Summary
    from tests.support.receivers import Mailbox, Webhook
    from tests.support.telemetry_receiver import Received

CAPTURE = ROOT / ".local" / "monitoring" / "hour.json"
"""What the monitoring of a run with a failed sensor got when the tests ran last."""
SHOWN_CAPTURE = ROOT / "docs" / "monitored_hour.json"
"""What docs/monitoring.md shows."""


@dataclass
class Story:
    """The result of the first run of the DAG."""

    summary: Summary
    record: HourRecord
    laid: Laid
    folder: Path
    log: str
    labels: list[tuple[str, str]]
    """Label and state of each task instance of ``score``: the next run of the hour forgets them."""


def airflow_log(stack: Stack) -> str:
    """Return what Airflow logged in the last run."""
    return (stack.workspace.logs / "airflow.log").read_text()


def batch_client(stack: Stack) -> BatchClient:
    """Return the real SDK's client of the emulator."""
    return BatchClient(stack.batch.endpoint, AzureNamedKeyCredential(ACCOUNT, stack.batch.key))


def jobs_of(stack: Stack, summary: Summary) -> dict[str, str]:
    """Return the Batch jobs of a run with their states."""
    return {job.id: job["state"] for job in batch_client(stack).list_jobs() if job.id.startswith(summary.run)}


def predictions(stack: Stack) -> dict[str, bytes]:
    """Return the hour's prediction blobs."""
    container = stack.storage.container(Container.PREDICTIONS)
    names = container.list_blob_names(name_starts_with=layout.predictions_folder(HOUR))
    return {name: container.download_blob(name).readall() for name in names}


def recorded(stack: Stack) -> HourRecord:
    """Return the hour's record."""
    blob = stack.storage.container(Container.RUNS).download_blob(layout.hour_record_blob(HOUR))
    return HourRecord.from_bytes(blob.readall())


@pytest.fixture(scope="module")
def story(stack: Stack, readings: Path) -> Story:
    """Do what ``make run READINGS=... HOUR=...`` does; one sensor's scorer is killed once."""
    summary, laid, folder = score_hour(stack, Files(ReadingsFiles([readings])), HOUR)
    return Story(summary, recorded(stack), laid, folder, airflow_log(stack), labelled(stack, summary))


def labelled(stack: Stack, summary: Summary) -> list[tuple[str, str]]:
    """Return label and state of each task instance of ``score``."""
    with sqlite3.connect(stack.workspace.airflow / "airflow.db") as database:
        return database.execute(
            "select rendered_map_index, state from task_instance where task_id = 'score' and run_id = ?"
            " order by map_index",
            (summary.dag_run_id,),
        ).fetchall()


@pytest.mark.behaviour("silent")
def test_every_sensor_with_readings_is_scored(story: Story) -> None:
    """The run succeeds despite a silent sensor, invalid lines and a killed process."""
    assert [sensor.sensor for sensor in story.summary.having(Outcome.SCORED)] == SCORED
    assert [sensor.sensor for sensor in story.summary.having(Outcome.SILENT)] == ["2_3"]
    assert story.summary.failed_steps == {}
    assert list(not_done(story.summary, story.laid, None)) == []


def test_the_hour_leaves_a_record(story: Story) -> None:
    """Written by the step that sums the run up, it says of each sensor what the summary says."""
    record = story.record
    assert [(line.sensor, line.outcome, line.readings, line.anomalies) for line in record.sensors] == [
        (line.sensor, line.outcome, line.readings, line.anomalies) for line in story.summary.sensors
    ]
    assert (record.newest.dag_run_id, record.colour) == (story.summary.dag_run_id, "green")


def test_lines_that_are_no_readings_are_named_and_counted(story: Story) -> None:
    """Each is rejected with line number and reason, and no other line is lost."""
    assert [reject.line for reject in story.laid.rejects] == [11, 12, 13]
    assert story.laid.rejects_total == 3
    assert "line 12" in (story.folder / "rejected.txt").read_text()
    assert '"rejected": 3' in (story.folder / "summary.json").read_text()


def test_predictions_equal_what_scikit_learn_says(story: Story, readings: Path, stack: Stack) -> None:
    """Every prediction of the hour equals that of a Pipeline fitted on the same values."""
    texts = predictions(stack)
    found = {sensor: labels(texts[layout.prediction_blob(HOUR, sensor)].decode()) for sensor in SCORED}
    assert found == labels_by_scikit_learn(readings)
    assert sum(map(len, found.values())) == story.summary.totals()["readings"] == 5 * 240


@pytest.mark.behaviour("passing-cause")
def test_the_killed_scorer_was_tried_again(story: Story, stack: Stack) -> None:
    """Airflow created a second Batch task for that sensor, and one for each of the others."""
    (job,) = jobs_of(stack, story.summary)
    attempts = sorted(task.id.rpartition("-")[2] for task in batch_client(stack).list_tasks(job))
    assert attempts == ["a0", "a0", "a0", "a0", "a0", "a1"]
    assert "was killed by SIGKILL" in story.log


def test_what_every_batch_task_printed_is_kept(story: Story, stack: Stack) -> None:
    """The logs container has stdout and stderr of every attempt, the killed one included."""
    names = list(
        stack.storage.container(Container.LOGS).list_blob_names(name_starts_with=f"{story.summary.run}/")
    )
    assert sorted(name.rpartition("/")[2] for name in names) == ["stderr.txt"] * 6 + ["stdout.txt"] * 6


def test_the_batch_job_is_closed(story: Story, stack: Stack) -> None:
    """No job of the run stays active, because active jobs count against a quota."""
    assert list(jobs_of(stack, story.summary).values()) == ["completed"]


def test_task_instances_are_labelled_by_sensor(story: Story) -> None:
    """People find a sensor by its name, not by its map index."""
    assert story.labels == [(sensor, "success") for sensor in SCORED]


def test_no_signature_is_logged_or_stored(story: Story, stack: Stack) -> None:
    """Signatures go to Batch tasks alone, not into Airflow's log or database."""
    assert "sig=" not in story.log
    assert b"sig=" not in (stack.workspace.airflow / "airflow.db").read_bytes()


def channels(mailbox: Mailbox | None, webhook: Webhook) -> dict[str, str]:
    """Return settings that send alerts."""
    mail = {"AIRFLOW_CONN_SMTP_DEFAULT": mailbox.connection} if mailbox else {}
    words = ["smtp:oncall@example.org"] if mailbox else []
    return {
        "SENSOR_SCORING_NOTIFY": " ".join([*words, "apprise"]),
        "AIRFLOW_CONN_APPRISE_DEFAULT": webhook.connection,
        **mail,
    }


@pytest.mark.behaviour("partly-failed", "permanent-cause")
def test_a_packed_task_fails_for_one_sensor_alone(
    story: Story, stack: Stack, mailbox: Mailbox, webhook: Webhook
) -> None:
    """Of five sensors in two Batch tasks, only the one with the altered model fails; one alert says why."""
    with an_altered_model(stack, "1_2"):
        settings = {"SENSOR_SCORING_SENSORS_PER_TASK": "3", **channels(mailbox, webhook)}
        summary = hourly.score(stack, HOUR, on_line=lambda _line: None, settings=settings)
    (failed,) = summary.having(Outcome.FAILED)
    assert failed.sensor == "1_2"
    assert "sha256" in failed.reason or "digest" in failed.reason
    assert [sensor.sensor for sensor in summary.having(Outcome.SCORED)] == ["1_1", "1_3", "2_1", "2_2"]
    (job,) = jobs_of(stack, summary)
    assert sorted(str(task.display_name) for task in batch_client(stack).list_tasks(job)) == [
        "1_1..1_3",
        "2_1..2_2",
    ]
    assert f"1 of 3 sensors failed: 1_2: {failed.reason}" in airflow_log(stack)
    copied = hourly.collect(stack, summary, story.laid) / "predictions"
    assert {file.stem for file in copied.iterdir()} == set(SCORED) - {"1_2"}, (
        "no prediction of an earlier run"
    )
    assert list(not_done(summary, story.laid, None)) == ["1_2 failed"]
    alerts = [line for line in airflow_log(stack).splitlines() if "ALERT Failed" in line]
    assert len(alerts) == 1
    assert failed.reason in alerts[0]
    (mail,), (posted,) = mailbox.mails, webhook.bodies
    assert mail["Subject"] == posted["title"]
    assert posted["title"].startswith(f"red: sensor scoring of {HOUR}: 1 failed")
    assert failed.reason in posted["message"]


def test_a_repair_is_told_once_and_the_same_hour_again_gives_the_same(
    story: Story, stack: Stack, mailbox: Mailbox, webhook: Webhook
) -> None:
    """A repaired sensor is reported once; scoring again changes no byte and no model version."""
    before = predictions(stack)
    with an_altered_model(stack, "1_2"):
        hourly.score(stack, HOUR, on_line=lambda _line: None)  # the log alone is told of the failure
    registry = stack.storage.container(Container.MODELS).download_blob(layout.REGISTRY_BLOB).readall()
    hourly.train(stack, story.laid, HOUR)
    told = []
    for _ in range(2):
        summary = hourly.score(stack, HOUR, on_line=lambda _line: None, settings=channels(mailbox, webhook))
        assert summary.dag_run_id != story.summary.dag_run_id
        assert [sensor.sensor for sensor in summary.having(Outcome.SILENT)] == ["2_3"]
        assert summary.colour == "green"
        told.append((len(mailbox.mails), len(webhook.bodies)))
    assert told == [(1, 1), (1, 1)]
    assert f"Scored again: 1_2 (since {HOUR})" in webhook.bodies[0]["message"]
    assert "2_3" not in webhook.bodies[0]["message"]
    assert predictions(stack) == before
    assert stack.storage.container(Container.MODELS).download_blob(layout.REGISTRY_BLOB).readall() == registry


@pytest.mark.usefixtures("story")
def test_the_hour_from_mounts_has_the_predictions_of_the_hour_over_http(stack: Stack) -> None:
    """Nodes mount readings and models as files; the tasks have no address of the two containers."""
    before = predictions(stack)
    for name in before:
        stack.storage.container(Container.PREDICTIONS).delete_blob(name)
    for container in (Container.DATA, Container.MODELS):
        mount(stack, container)
    mounting = {
        "SENSOR_SCORING_POOL_ID": "mounting",
        "SENSOR_SCORING_DATA_MOUNT": "blob",
        "SENSOR_SCORING_MODELS_MOUNT": "blob",
    }
    summary = hourly.score(stack, HOUR, on_line=lambda _line: None, settings=mounting)
    assert [sensor.sensor for sensor in summary.having(Outcome.SCORED)] == SCORED
    assert predictions(stack) == before
    (job,) = jobs_of(stack, summary)
    for task in batch_client(stack).list_tasks(job):
        addresses = {setting.name: setting.value for setting in task.environment_settings or ()}
        assert (addresses["SCORING_DATA_URL"], addresses["SCORING_MODELS_URL"]) == (
            "mount:data",
            "mount:models",
        )
    assert azurite.KEY not in airflow_log(stack) + (stack.workspace.logs / "batch.log").read_text()


def mount(stack: Stack, container: Container) -> None:
    """Put a container's blobs, with their times, where nodes mount them."""
    client, folder = stack.storage.container(container), mount_of(stack.workspace.root, container.value)
    for blob in client.list_blobs():
        path = folder / blob.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(client.download_blob(blob.name).readall())
        written = blob.last_modified.timestamp()
        os.utime(path, (written, written))


@pytest.mark.behaviour("untold", "permanent-cause", "sibling")
@pytest.mark.usefixtures("story")
def test_a_run_whose_alert_nobody_took_is_red(stack: Stack, webhook: Webhook) -> None:
    """A sensor with its own Batch task fails alone, once; the next run reports what this one could not."""
    nobody = {"SENSOR_SCORING_NOTIFY": "apprise:forgotten"}
    with an_altered_model(stack, "1_1"):
        tolerant = {**nobody, "SENSOR_SCORING_TOLERATED_FAILED_SHARE": "0.5"}
        summary = hourly.score(stack, HOUR, on_line=lambda _line: None, settings=tolerant)
        assert summary.colour == "amber"
        assert [line.sensor for line in summary.having(Outcome.FAILED)] == ["1_1"]
        assert [line.sensor for line in summary.having(Outcome.SCORED)] == SCORED[1:]
        (job,) = jobs_of(stack, summary)
        assert len(list(batch_client(stack).list_tasks(job))) == 5, "nothing is tried twice"
        assert "'alert' failed, so no alert was delivered" in airflow_log(stack)
        with receiving() as received:
            heard = {**tolerant, **channels(None, webhook), **received.settings}
            told = hourly.score(stack, HOUR, on_line=lambda _line: None, settings=heard)
    (posted,) = webhook.bodies
    assert posted["title"].startswith(f"amber: sensor scoring of {HOUR}: 1 failed")
    check_telemetry(received, told)


def check_telemetry(received: Received, summary: Summary) -> None:
    """Compare what a collector and Application Insights got of a run with its summary, and keep it."""
    CAPTURE.parent.mkdir(parents=True, exist_ok=True)
    CAPTURE.write_text(received.to_json())
    values, totals = received.values(), summary.totals()
    for name in ("readings", "anomalies", "rejected"):
        assert values[f"sensor_scoring.run.{name}", "sensor-scoring", "manual"] == totals[name]
    by_id = {span["spanId"]: span for span in received.spans}
    assert len(by_id) == len(received.spans)
    (root,) = [span for span in received.spans if span.get("parentSpanId") not in by_id]
    assert (root["name"], root["attributes"]["sensor_scoring.run.id"]) == ("hourly_scoring", summary.run)
    (failed,) = summary.having(Outcome.FAILED)
    (event,) = [event for span in received.spans for event in span["events"]]
    assert event["attributes"]["sensor_scoring.sensor"] == failed.sensor
    assert event["attributes"]["sensor_scoring.reason"] == failed.reason
    # The same spans and values reach both, and the page of the documentation shows a run of the same form.
    spans = [*received.of_type("RequestData"), *received.of_type("RemoteDependencyData")]
    assert {span["id"] for span in spans} == set(by_id)
    assert sorted(each["metrics"][0]["name"] for each in received.of_type("MetricData")) == sorted(
        metric["name"] for metric in received.metrics for _ in metric["gauge"]["dataPoints"]
    )
    shown = json.loads(SHOWN_CAPTURE.read_text())
    assert sorted(span["name"] for span in shown["spans"]) == sorted(
        span["name"] for span in received.spans
    ), f"copy {CAPTURE} to {SHOWN_CAPTURE}, and run docs/generate.py"


@pytest.mark.usefixtures("story")
def test_a_wrong_key_is_one_sentence(stack: Stack) -> None:
    """It names the connection at once, and nothing is retried."""
    other = replace(stack, batch=replace(stack.batch, key="d3Jvbmc="))
    log = stack.workspace.logs / "wrong-key.log"
    airflow = other.airflow()
    for _ in airflow.test_dag(hourly.DAG_ID, HOUR, log=log):
        pass
    lines = log.read_text().splitlines()
    said = [line for line in lines if "BatchAccessRefused" in line and "azure_batch_default" in line]
    assert said
    assert "refused access (AuthenticationFailed)" in said[0]
    assert sum("[DAG TEST] starting task_id=open" in line for line in lines) == 1
