"""Making records of hours again, in a real Blob Storage."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.planned_at import planned_at
from sensor_scoring.azure_batch.ids import run_base
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.fleet.__main__ import main
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.outcome.record_store import keep_record
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.hourly.planning.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.services.azurite import BlobStorage

HOUR = RunHour.parse("2018-08-29T02")
ALL = ["--from", "2018-08-29T01", "--to", "2018-08-29T03"]


@pytest.fixture
def runs(storage: BlobStorage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return the container of runs, and leave nothing behind."""
    monkeypatch.setenv("SENSOR_SCORING_WASB_CONN_ID", "wasb_for_tests")
    container = storage.container("runs")
    yield container
    for blob in container.list_blob_names():
        container.delete_blob(blob)


def a_summary(run_id: str, *, minute: int = 0, hour: RunHour = HOUR, **outcomes: Outcome) -> Summary:
    """Return what a run knows that planned so many minutes after its hour."""
    return Summary(
        hour=hour,
        run=run_base("scoring", hour, dag_id="hourly_scoring", run_id=run_id),
        dag_run_id=run_id,
        sensors=tuple(SensorOutcome(sensor=f"1_{tag[1:]}", outcome=each) for tag, each in outcomes.items()),
        planned_at=planned_at(hour.end + timedelta(minutes=minute)),
    )


def leave(runs: Any, summary: Summary, *, text: str = "") -> None:
    """Write a run's summary."""
    runs.upload_blob(layout.summary_blob(summary.run), text or summary.to_json(), overwrite=True)


def outcomes(runs: Any, hour: RunHour = HOUR) -> dict[str, tuple[str, str]]:
    """Return each sensor's outcome in the record of an hour, and the DAG run that says so."""
    record = HourRecord.from_bytes(runs.download_blob(layout.hour_record_blob(hour)).readall())
    return {
        line.sensor: (line.outcome.value, record.earlier.get(line.sensor, record.newest).dag_run_id)
        for line in record.sensors
    }


def test_records_are_made_of_the_summaries_that_are_there(
    runs: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of all runs of an hour; repeating it changes nothing, and it says what it did."""
    leave(runs, a_summary("old", s1=Outcome.SCORED, s2=Outcome.SCORED))
    leave(runs, a_summary("new", minute=9, s1=Outcome.FAILED))
    leave(runs, a_summary("next", hour=HOUR.next, s1=Outcome.SILENT))
    runs.upload_blob(f"scoring-b-{HOUR.compact}-0123456789/summary.json", b"of another deployment")
    assert main(["rebuild", *ALL]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2018-08-29T01: no run has left a summary; what was recorded stays",
        "2018-08-29T02: recorded what 2 runs left",
        "2018-08-29T03: recorded what 1 run left",
    ]
    assert outcomes(runs) == {"1_1": ("failed", "new"), "1_2": ("scored", "old")}
    assert outcomes(runs, HOUR.next) == {"1_1": ("silent", "next")}
    assert main(["rebuild", *ALL]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "2018-08-29T02: up to date",
        "2018-08-29T03: up to date",
    ]


def test_a_newer_outcome_is_never_replaced_by_an_older_one(
    runs: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a run whose folder has gone, or of a summary that was written after the one that is there."""
    newer = a_summary("gone", minute=30, s1=Outcome.SCORED)
    assert keep_record(BlobStore("wasb_for_tests"), "runs", HourRecord.of(newer))
    leave(runs, a_summary("there", s1=Outcome.FAILED, s2=Outcome.FAILED))
    assert main(["rebuild", *ALL]) == 0
    assert "2018-08-29T02: recorded what 1 run left" in capsys.readouterr().out
    assert outcomes(runs) == {"1_1": ("scored", "gone"), "1_2": ("failed", "there")}


def test_a_summary_that_does_not_read_is_named_and_left_out(
    runs: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others count all the same, and the exit code tells."""
    good, bad = a_summary("good", s1=Outcome.SCORED), a_summary("bad", s1=Outcome.FAILED)
    leave(runs, good)
    leave(runs, bad, text="{")
    assert main(["rebuild", *ALL]) == 1
    said = capsys.readouterr().out.splitlines()[1]
    assert said.startswith(f"2018-08-29T02: recorded what 1 run left; the summary of {bad.run} is left out: ")
    assert outcomes(runs) == {"1_1": ("scored", "good")}
    elsewhere = a_summary("bad", hour=HOUR.next, s1=Outcome.FAILED)
    leave(runs, bad, text=elsewhere.to_json())
    assert main(["rebuild", *ALL]) == 1
    assert "is left out: it is about 2018-08-29T03" in capsys.readouterr().out


def test_a_summary_of_version_0_1_0_has_the_time_of_its_runs_plan(runs: Any) -> None:
    """Without it, it could not be told from a newer one."""
    for name, minute, outcome in (("old", 0, Outcome.FAILED), ("new", 9, Outcome.SCORED)):
        summary = a_summary(name, minute=minute, s1=outcome)
        body = json.loads(summary.to_json())
        del body["planned_at"], body["clears"]
        leave(runs, summary, text=json.dumps(body))
        plan = Plan(
            hour=HOUR, run=summary.run, planned_at=summary.planned_at, groups={}, silent=(), unmodelled=()
        )
        runs.upload_blob(layout.plan_blob(summary.run), plan.to_json())
    assert main(["rebuild", *ALL]) == 0
    assert outcomes(runs) == {"1_1": ("scored", "new")}


def test_a_storage_that_cannot_be_asked_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And another exit code: nobody knows what is there."""
    text = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:9/a;"
    extra = {"connection_string": text, "retry_total": 0}
    monkeypatch.setenv("AIRFLOW_CONN_NOWHERE", json.dumps({"conn_type": "wasb", "extra": extra}))
    monkeypatch.setenv("SENSOR_SCORING_WASB_CONN_ID", "nowhere")
    assert main(["rebuild", *ALL]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_what_is_no_hour_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With what was probably meant."""
    with pytest.raises(SystemExit):
        main(["rebuild", "--from", "2018-08-29", "--to", "2018-08-29T03"])
    assert "try 2018-08-29T00" in capsys.readouterr().err
