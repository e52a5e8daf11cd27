"""The operator that scores a group: what a packed task's report means for retry and message.

Batch tasks really run here, but in place of the scorer a shell command ends with the exit code of the case;
the report is written through the contract.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from airflow.triggers.base import TaskSuccessEvent

from scoring_contract.hour import RunHour
from scoring_contract.layout import Container, manifest_blob, report_blob
from scoring_contract.messages.invocation import ExitCode
from scoring_contract.messages.manifest import Manifest, ModelRef, SensorOrder
from scoring_contract.messages.report import Cause, Report, SensorReport, SensorState
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.task_state import BatchTaskOutcome
from sensor_scoring.errors import BatchTaskInterrupted, BatchTaskRejected
from sensor_scoring.hourly.operator import SensorScoringOperator
from sensor_scoring.hourly.task import MANIFEST_BLOB, REPORT_BLOB
from sensor_scoring.hourly.trigger import ScoringTrigger
from tests.support.tries import Try

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow.triggers.base import TriggerEvent

    from local_stack.services.azurite import BlobStorage
    from tests.sensor_scoring.conftest import Account

BATCH_CONN, WASB_CONN = "batch_for_tests", "wasb_for_tests"
JOB = "scoring-20180829T02-0123456789-g2"
RUN, GROUP = "scoring-20180829T02-0123456789", "1_1..1_4"
SENSORS = ("1_1", "1_2", "1_3", "1_4")
HOUR = RunHour.parse("2018-08-29T02")
PLANNED_AT = "2018-08-29T03:05:00.000000Z"
KEY = ids.group_key(GROUP)


def an_operator(code: int) -> SensorScoringOperator:
    """Make an operator whose Batch tasks end with a given exit code, whatever they are to score."""
    return SensorScoringOperator(
        task_id="score",
        item=GROUP,
        job_id=JOB,
        command=["/bin/sh", "-c", f"exit {code}", "scorer", MANIFEST_BLOB],
        commit_blob=REPORT_BLOB,
        commit_container=Container.RUNS,
        permanent_exit_codes=[ExitCode.MODEL],
        azure_batch_conn_id=BATCH_CONN,
        wasb_conn_id=WASB_CONN,
    )


@pytest.fixture
def runs(storage: BlobStorage) -> Iterator[Any]:
    """Write the manifest of a group of four sensors; clean up afterwards."""
    container = storage.container(Container.RUNS)
    ref = ModelRef("v1", "model.json", "00ff", "ocsvm-json/2")
    pairs = {sensor: sensor.partition("_")[::2] for sensor in SENSORS}
    orders = tuple(
        SensorOrder(sensor, device, tag, ref, ("blob",)) for sensor, (device, tag) in pairs.items()
    )
    manifest = Manifest(HOUR, RUN, GROUP, PLANNED_AT, orders)
    container.upload_blob(manifest_blob(RUN, GROUP), manifest.to_json())
    yield container
    for name in list(container.list_blob_names(name_starts_with=RUN)):
        container.delete_blob(name)


def reported(runs: Any, attempt: int, **failed: Cause) -> None:
    """Write an attempt's report: all four sensors scored, except those that failed.

    :param failed: sensor, with ``s`` in front, to the cause
    """
    sensors = tuple(
        SensorReport(
            sensor, SensorState.FAILED, cause=failed[f"s{sensor}"], reason=f"{failed[f's{sensor}']} trouble"
        )
        if f"s{sensor}" in failed
        else SensorReport(sensor, SensorState.SCORED, readings=1)
        for sensor in SENSORS
    )
    report = Report(HOUR, RUN, GROUP, manifest_blob(RUN, GROUP), PLANNED_AT, 1.0, sensors)
    runs.upload_blob(report_blob(RUN, JOB, name_of(attempt)), report.to_json())


def name_of(attempt: int) -> str:
    """Return the Batch task id of an attempt."""
    return str(ids.AttemptId(KEY, 2, attempt))


def submitted(operator: SensorScoringOperator, tried: Try) -> str:
    """Execute a try that must defer; return the Batch task it waits for."""
    with pytest.raises(TaskDeferred) as caught:
        operator.execute(tried.begin())
    return str(caught.value.trigger.batch_task_id)


def resume(operator: SensorScoringOperator, tried: Try, account: Account, task: str) -> None:
    """Wait for a Batch task and pass its outcome to the operator, as the trigger does."""
    account.ended(task, job=JOB)
    outcome = BatchTaskOutcome.of(account.client.get_task(JOB, task)).to_event()
    operator.execute_complete(tried.context(), {"job_id": JOB, "batch_task_id": task, "outcome": outcome})


@pytest.mark.behaviour("partly-failed")
def test_a_retry_scores_only_the_sensors_that_failed(ready: Account, runs: Any) -> None:
    """Three of four are done, so the second Batch task gets a manifest of just the fourth."""
    tried, operator = Try(), an_operator(ExitCode.PARTLY_FAILED)
    first = submitted(operator, tried)
    reported(runs, 0, s1_3=Cause.STORAGE)
    with pytest.raises(BatchTaskInterrupted, match="1 of 4 sensors failed: 1_3: storage trouble"):
        resume(operator, tried, ready, first)
    second = submitted(an_operator(0), tried)
    assert (first, second) == (name_of(0), name_of(1))
    blob = ready.client.get_task(JOB, second).command_line.split()[-1]
    narrowed = Manifest.from_json(runs.download_blob(blob).readall())
    assert [order.sensor for order in narrowed.sensors] == ["1_3"]
    assert (narrowed.group, narrowed.planned_at) == (GROUP, PLANNED_AT)


def test_a_third_try_leaves_out_what_any_try_before_has_settled(ready: Account, runs: Any) -> None:
    """A sensor that the second attempt scored is not scored again, though the first failed it."""
    tried = Try()
    for attempt, failed in enumerate(
        ({"s1_2": Cause.STORAGE, "s1_3": Cause.STORAGE}, {"s1_3": Cause.STORAGE})
    ):
        operator = an_operator(ExitCode.PARTLY_FAILED)
        task = submitted(operator, tried)
        reported(runs, attempt, **failed)
        with pytest.raises(BatchTaskInterrupted):
            resume(operator, tried, ready, task)
    third = submitted(an_operator(0), tried)
    blob = ready.client.get_task(JOB, third).command_line.split()[-1]
    assert [o.sensor for o in Manifest.from_json(runs.download_blob(blob).readall()).sensors] == ["1_3"]


def event_of(trigger: ScoringTrigger) -> TriggerEvent:
    """Run a trigger to its first event."""

    async def first() -> TriggerEvent:
        return await anext(trigger.run())

    return asyncio.run(first())


def counts_of(sensors: Sequence[str]) -> list[str]:
    """Return the lines with the sensors' counts."""
    return [f"{sensor} scored: 1 readings, 0 anomalies, 0 rejected, 0.000 s" for sensor in sensors]


def test_a_sensor_that_is_scored_has_its_counts_in_the_log(
    ready: Account, runs: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the trigger's, where nearly all end, or in the worker's if it ended before."""
    tried, operator = Try(), an_operator(0)
    with pytest.raises(TaskDeferred) as caught:
        operator.execute(tried.begin())
    path, arguments = caught.value.trigger.serialize()
    assert path == "sensor_scoring.hourly.trigger.ScoringTrigger"
    reported(runs, 0)
    ready.ended(name_of(0), job=JOB)
    event = event_of(ScoringTrigger(**{**arguments, "poll_seconds": 0.1}))
    assert isinstance(event, TaskSuccessEvent)
    printed = capsys.readouterr().out
    assert all(line in printed for line in counts_of(SENSORS))
    an_operator(0).execute(tried.begin())
    printed = capsys.readouterr().out
    assert all(line in printed for line in counts_of(SENSORS))


def test_a_report_that_cannot_be_read_for_its_counts_fails_nobody(
    ready: Account, runs: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sensors are scored; the summary judges the unreadable report."""
    with pytest.raises(TaskDeferred) as caught:
        an_operator(0).execute(Try().begin())
    runs.upload_blob(report_blob(RUN, JOB, name_of(0)), "{")
    ready.ended(name_of(0), job=JOB)
    arguments = {**caught.value.trigger.serialize()[1], "poll_seconds": 0.1}
    assert isinstance(event_of(ScoringTrigger(**arguments)), TaskSuccessEvent)
    assert "cannot be read" in capsys.readouterr().out


def test_a_report_that_comes_too_late_for_its_counts_is_named(
    ready: Account, runs: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A time-out has no words of its own."""
    monkeypatch.setattr("sensor_scoring.hourly.trigger._NOTE_SECONDS", 0.0)
    with pytest.raises(TaskDeferred) as caught:
        an_operator(0).execute(Try().begin())
    reported(runs, 0)
    ready.ended(name_of(0), job=JOB)
    arguments = {**caught.value.trigger.serialize()[1], "poll_seconds": 0.1}
    assert isinstance(event_of(ScoringTrigger(**arguments)), TaskSuccessEvent)
    assert "cannot be read: no answer" in capsys.readouterr().out


@pytest.mark.behaviour("partly-failed")
def test_failures_that_would_not_pass_are_not_tried_again(
    ready: Account, runs: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The instance fails at once and names the sensors; the rest of its group is scored."""
    tried, operator = Try(), an_operator(ExitCode.PARTLY_FAILED)
    task = submitted(operator, tried)
    reported(runs, 0, s1_1=Cause.MODEL, s1_4=Cause.DATA)
    with pytest.raises(BatchTaskRejected, match="2 of 4 sensors failed: 1_1: model trouble; 1_4"):
        resume(operator, tried, ready, task)
    reason = "2 of 4 sensors failed: 1_1: model trouble; 1_4: data trouble"
    assert tried.pushed["failure"] == {"item": GROUP, "reason": reason}
    (first,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert first.getMessage() == f"{GROUP} failed: {reason}", "Airflow's traceback comes after it"


def test_one_failure_that_may_pass_is_worth_a_try(ready: Account, runs: Any) -> None:
    """A bad model in the group just fails again, at little cost."""
    tried, operator = Try(), an_operator(ExitCode.PARTLY_FAILED)
    task = submitted(operator, tried)
    reported(runs, 0, s1_1=Cause.MODEL, s1_2=Cause.STORAGE)
    with pytest.raises(BatchTaskInterrupted):
        resume(operator, tried, ready, task)


def test_without_a_report_the_whole_group_is_scored_again(ready: Account, runs: Any) -> None:
    """Nobody knows what a killed process had finished."""
    tried, operator = Try(), an_operator(137)
    task = submitted(operator, tried)
    with pytest.raises(BatchTaskInterrupted, match="SIGKILL"):
        resume(operator, tried, ready, task)
    second = submitted(an_operator(0), tried)
    assert ready.client.get_task(JOB, second).command_line.split()[-1] == manifest_blob(RUN, GROUP)
    assert runs.get_blob_client(manifest_blob(RUN, GROUP)).exists()


def test_a_clear_scores_the_whole_group(ready: Account, runs: Any) -> None:
    """A person asked for it, so results of earlier epochs do not count."""
    tried, operator = Try(), an_operator(ExitCode.PARTLY_FAILED)
    task = submitted(operator, tried)
    reported(runs, 0, s1_3=Cause.STORAGE)
    with pytest.raises(BatchTaskInterrupted):
        resume(operator, tried, ready, task)
    tried.max_tries += 3
    again = submitted(an_operator(0), tried)
    assert ready.client.get_task(JOB, again).command_line.split()[-1] == manifest_blob(RUN, GROUP)
