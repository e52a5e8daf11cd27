"""``python -m scorer score`` as Batch runs it: a real process against a real Blob Storage."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import OneClassSVM

from scorer.console import Console
from scorer.models.format import FORMAT, SKOPS_FORMAT, parse_model
from scorer.models.skops import dump_skops
from scorer.scoring.work import SensorWork, attempt
from scoring_contract.layout import Container, prediction_blob
from scoring_contract.messages.invocation import ExitCode, ScoreInvocation
from scoring_contract.messages.manifest import ModelRef, SensorOrder
from scoring_contract.messages.report import Cause, SensorState
from scoring_contract.planned_at import read_planned_at
from scoring_contract.predictions import COLUMNS, PredictionMark
from tests.scorer.conftest import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.scorer.conftest import Scorer, Storage

HOUR_PATH = "2018/08/29/02"
ROWS = (
    "2018-08-29T02:20:00.0000000Z,1,4,90.5",
    "2018-08-29 02:10:00.000,1,4,10.160",
    "2018-08-29T03:00:00Z,1,4,11",
)


def a_model(storage: Storage, sensor: str = "1_4", data: bytes | None = None, **changes: Any) -> ModelRef:
    """Store a model file; return its registry entry."""
    data = json.dumps(MODEL).encode() if data is None else data
    blob = f"{sensor}/v1/model.json"
    storage.put(Container.MODELS, blob, data)
    return replace(ModelRef("v1", blob, hashlib.sha256(data).hexdigest(), FORMAT), **changes)


def an_order(
    storage: Storage, sensor: str = "1_4", rows: Iterable[str] = ROWS, **changes: Any
) -> SensorOrder:
    """Order one sensor whose model and readings are stored."""
    device, _, tag = sensor.partition("_")
    facts: dict[str, Any] = {"sensor": sensor, "device": device, "tag": tag}
    if "readings" not in changes:
        facts["readings"] = (storage.put_readings(sensor, rows),)
    if "model" not in changes:
        facts["model"] = a_model(storage, sensor)
    return SensorOrder(**{**facts, **changes})


def rows_for(sensor: str) -> list[str]:
    """Write a reading per minute."""
    device, _, tag = sensor.partition("_")
    return [f"2018-08-29T02:{minute:02}:00Z,{device},{tag},{minute}" for minute in range(60)]


def predictions(storage: Storage, sensor: str = "1_4") -> list[dict[str, str]]:
    """Read a prediction blob."""
    text = storage.get(Container.PREDICTIONS, f"{HOUR_PATH}/{sensor}.csv").decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_a_sensor_is_scored(storage: Storage, scorer: Scorer) -> None:
    """Readings become predictions sorted by time, and the report counts them."""
    order = an_order(storage)
    call = storage.put_manifest(order)
    done = scorer.score(call)
    assert (done.returncode, done.stderr) == (ExitCode.SUCCESS, "")
    assert done.stdout.startswith("1_4 scored: 2 readings, 1 anomalies, 1 rows rejected")
    assert "2018-08-29T02: 1 scored, 0 skipped, 0 failed; 2 readings, 1 anomalies" in done.stdout

    rows = predictions(storage)
    assert tuple(rows[0]) == COLUMNS
    assert [row["TS"] for row in rows] == ["2018-08-29 02:10:00.000", "2018-08-29T02:20:00.0000000Z"]
    assert [row["Value"] for row in rows] == ["10.160", "90.5"]
    assert [row["Prediction"] for row in rows] == ["0", "1"]
    scores = parse_model(json.dumps(MODEL).encode()).predict(np.array([10.16, 90.5])).scores.tolist()
    assert [float(row["Score"]) for row in rows] == scores

    (sensor,) = storage.report(call).sensors
    assert (sensor.state, sensor.readings, sensor.rejected, sensor.anomalies) == (SensorState.SCORED, 2, 1, 1)
    assert (sensor.model_sha256, sensor.reason) == (order.model.sha256, "")
    assert 0 < sensor.seconds < storage.report(call).seconds


def test_a_report_says_how_the_time_of_its_process_divides(storage: Storage, scorer: Scorer) -> None:
    """Each stage lies within the process's time, and the trace context comes back as it was given."""
    context = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    orders = [an_order(storage, f"1_{tag}", rows_for(f"1_{tag}")) for tag in range(20)]
    call = storage.put_manifest(*orders, traceparent=context)
    before = datetime.now(UTC)
    done = scorer.score(call)
    after = datetime.now(UTC)
    assert done.returncode == ExitCode.SUCCESS, done.stderr
    report = storage.report(call)
    started = read_planned_at(report.started_at)
    assert started is not None
    assert before <= started <= started + timedelta(seconds=report.seconds) <= after
    assert report.traceparent == context
    assert [stage.name for stage in report.stages] == ["prepare", "fetch", "compute", "publish"]
    prepare, _, compute, publish = report.stages
    assert prepare.start == 0 < prepare.seconds == prepare.end
    assert all(prepare.end <= stage.start < stage.end <= report.seconds for stage in report.stages[1:])
    # One chunk is computed at a time; many are published at once.
    assert 0 < compute.seconds <= compute.end - compute.start
    assert publish.seconds > 0


def test_predictions_carry_their_mark(storage: Storage, scorer: Scorer) -> None:
    """Metadata names the hour, sensor, model and manifest of a prediction blob."""
    order = an_order(storage)
    call = storage.put_manifest(order)
    scorer.score(call)
    blob = f"{HOUR_PATH}/1_4.csv"
    mark = PredictionMark.from_metadata(storage.metadata(Container.PREDICTIONS, blob))
    assert mark is not None
    assert blob == prediction_blob(mark.hour, mark.sensor)
    assert (mark.model_sha256, mark.manifest) == (order.model.sha256, call.manifest)
    assert mark.planned_at == storage.report(call).planned_at
    assert storage.content_type(Container.PREDICTIONS, blob) == "text/csv; charset=utf-8"


def test_scoring_again_overwrites(storage: Storage, scorer: Scorer) -> None:
    """However often it is scored, an hour and sensor have one prediction blob with the same bytes."""
    call = storage.put_manifest(an_order(storage))
    scorer.score(call)
    first = storage.get(Container.PREDICTIONS, f"{HOUR_PATH}/1_4.csv")
    storage.put(Container.PREDICTIONS, f"{HOUR_PATH}/1_4.csv", b"something else")
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    assert storage.get(Container.PREDICTIONS, f"{HOUR_PATH}/1_4.csv") == first
    assert storage.names(Container.PREDICTIONS) == [f"{HOUR_PATH}/1_4.csv"]


def test_several_files_of_an_hour_are_one_series(storage: Storage, scorer: Scorer) -> None:
    """Stream Analytics writes several files per hour; repeated rows stay repeated."""
    later = storage.put_readings("1_4", ["2018-08-29T02:30:00Z,1,4,3", ROWS[1]], file="1.csv")
    earlier = storage.put_readings("1_4", ROWS, file="0.csv")
    call = storage.put_manifest(an_order(storage, readings=(later, earlier)))
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    assert [row["Value"] for row in predictions(storage)] == ["10.160", "10.160", "90.5", "3"]


def test_a_mounted_container_is_read_like_any_other(storage: Storage, scorer: Scorer, tmp_path: Path) -> None:
    """Readings and models may come from a folder; predictions may not be written to one."""
    order = an_order(storage)
    for container, blob in ((Container.DATA, order.readings[0]), (Container.MODELS, order.model.blob)):
        path = tmp_path / container.value / blob
        path.parent.mkdir(parents=True)
        path.write_bytes(storage.get(container, blob))
    environ = storage.environ({Container.PREDICTIONS: "cw", Container.RUNS: "rcw"})
    mounted = {f"SCORING_{role}_URL": (tmp_path / role.lower()).as_uri() for role in ("DATA", "MODELS")}
    call = storage.put_manifest(order)
    assert scorer.score(call, {**environ, **mounted}).returncode == ExitCode.SUCCESS
    assert len(predictions(storage)) == 2

    refused = scorer.score(call, {**environ, **mounted, "SCORING_PREDICTIONS_URL": tmp_path.as_uri()})
    assert refused.returncode == ExitCode.ORDER
    assert "predictions carry blob metadata, which a folder cannot keep" in refused.stderr


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        pytest.param(None, "the plan found no readings in this hour", id="none ordered"),
        pytest.param([], "the reading blobs hold no rows", id="header only"),
    ],
)
def test_a_silent_sensor_is_skipped(
    storage: Storage, scorer: Scorer, rows: list[str] | None, reason: str
) -> None:
    """No readings are not a failure, and no prediction is written."""
    order = an_order(storage, readings=()) if rows is None else an_order(storage, rows=rows)
    call = storage.put_manifest(order)
    done = scorer.score(call)
    assert (done.returncode, done.stderr) == (ExitCode.SUCCESS, "")
    (sensor,) = storage.report(call).sensors
    assert (sensor.state, sensor.cause, sensor.reason) == (SensorState.SKIPPED, None, reason)
    assert storage.names(Container.PREDICTIONS) == []


@pytest.mark.behaviour("readings-gone")
@pytest.mark.parametrize("is_left", [pytest.param(False, id="all"), pytest.param(True, id="all with rows")])
def test_readings_that_are_gone_since_the_plan_are_no_silence(
    storage: Storage, scorer: Scorer, *, is_left: bool
) -> None:
    """The plan saw them, so having nothing to score is a failure that says what to do."""
    gone = f"readings/{HOUR_PATH}/1_4/gone.csv"
    left = (storage.put_readings("1_4", []),) if is_left else ()
    call = storage.put_manifest(an_order(storage, readings=(*left, gone)))
    assert scorer.score(call).returncode == ExitCode.DATA
    (sensor,) = storage.report(call).sensors
    assert (sensor.state, sensor.cause) == (SensorState.FAILED, Cause.DATA)
    assert "that the plan found are gone; clear 'plan' with Downstream" in sensor.reason
    assert storage.names(Container.PREDICTIONS) == []


def test_what_is_left_of_the_readings_is_scored(storage: Storage, scorer: Scorer) -> None:
    """If one of several files is gone, the others count, and the report says so."""
    there = storage.put_readings("1_4", ROWS)
    call = storage.put_manifest(an_order(storage, readings=(there, f"{there}.gone")))
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    (sensor,) = storage.report(call).sensors
    assert (sensor.state, sensor.reason) == (SensorState.SCORED, "1 of 2 reading blobs were gone")


FAULTS: dict[str, tuple[Callable[[Storage], SensorOrder], Cause, str]] = {
    "no readable row": (
        lambda storage: an_order(storage, rows=["x,1,4,1", ROWS[2], "2018-08-29T02:00:00Z,2,4,1"]),
        Cause.DATA,
        "none of 3 rows can be scored: 1 unreadable, 1 outside the hour, 1 of another sensor",
    ),
    "missing model": (
        lambda storage: an_order(storage, model=ModelRef("v1", "1_4/v1/model.json", "0" * 64, FORMAT)),
        Cause.MODEL,
        "there is no model models/1_4/v1/model.json",
    ),
    "altered model": (
        lambda storage: an_order(storage, model=a_model(storage, sha256="0" * 64)),
        Cause.MODEL,
        "not the registered 000000000000...",
    ),
    "pickle": (
        lambda storage: an_order(storage, model=a_model(storage, data=pickle.dumps([1]))),
        Cause.MODEL,
        "1_4/v1/model.json is a pickle, which could run any code",
    ),
    "unknown format": (
        lambda storage: an_order(storage, model=a_model(storage, format="ocsvm-json/1")),
        Cause.MODEL,
        "has the format 'ocsvm-json/1', this scorer reads 'ocsvm-json/2'",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_sensor_names_its_cause(storage: Storage, scorer: Scorer, fault: str) -> None:
    """Cause, sentence and exit code give the kind of failure, and the report is written all the same."""
    make, cause, words = FAULTS[fault]
    call = storage.put_manifest(make(storage))
    done = scorer.score(call)
    assert done.returncode == ExitCode[cause.name]
    assert done.stderr.startswith("1_4: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    (sensor,) = storage.report(call).sensors
    assert (sensor.state, sensor.cause) == (SensorState.FAILED, cause)
    assert sensor.reason == done.stderr.removeprefix("1_4: ").rstrip("\n")
    assert storage.names(Container.PREDICTIONS) == []


def test_a_failing_sensor_does_not_disturb_the_others(storage: Storage, scorer: Scorer) -> None:
    """All sensors that can be scored are, and the report keeps the manifest's order."""
    good = [an_order(storage, sensor, rows=rows_for(sensor)) for sensor in (f"{n}_4" for n in range(1, 40))]
    silent = an_order(storage, "90_1", readings=())
    broken = an_order(storage, "91_1", rows=["x,91,1,1"])
    altered = an_order(
        storage, "92_1", rows=rows_for("92_1"), model=a_model(storage, "92_1", sha256="f" * 64)
    )
    orders = [broken, *good, silent, altered]
    call = storage.put_manifest(*orders)
    done = scorer.score(call)
    assert done.returncode == ExitCode.PARTLY_FAILED
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["91_1", "92_1"]
    report = storage.report(call)
    assert [sensor.sensor for sensor in report.sensors] == [order.sensor for order in orders]
    assert {sensor.readings for sensor in report.sensors[1:40]} == {60}
    assert len(storage.names(Container.PREDICTIONS)) == 39
    assert "39 scored, 1 skipped, 2 failed" in done.stdout


def test_storage_that_refuses_is_worth_another_try(storage: Storage, scorer: Scorer) -> None:
    """An expired signature fails its sensors as a storage fault and appears in no output."""
    call = storage.put_manifest(an_order(storage))
    environ = storage.environ({Container.MODELS: "r", Container.PREDICTIONS: "cw", Container.RUNS: "rcw"})
    done = scorer.score(call, {**environ, "SCORING_DATA_URL": storage.url(Container.DATA, "r", hours=-1)})
    assert done.returncode == ExitCode.STORAGE
    assert "1_4: data/readings/2018/08/29/02/1_4/0.csv: Blob Storage answered 403" in done.stderr
    assert "sig=" not in done.stdout + done.stderr
    assert "sig=" not in storage.get(Container.RUNS, call.report).decode()


def test_without_a_report_nothing_is_done(storage: Storage, scorer: Scorer) -> None:
    """The report is the commit marker: if it cannot be written, the whole call fails."""
    call = storage.put_manifest(an_order(storage))
    environ = storage.environ({Container.DATA: "r", Container.MODELS: "r", Container.PREDICTIONS: "cw"})
    done = scorer.score(call, {**environ, "SCORING_RUNS_URL": storage.url(Container.RUNS, "r")})
    assert done.returncode == ExitCode.STORAGE
    assert done.stderr.startswith("runs/run1/reports/job1/task1.json: Blob Storage answered 403")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(None, "there is no manifest runs/run1/manifests/group1.json", id="missing"),
        pytest.param("{", "manifest: is not JSON", id="no JSON"),
        pytest.param(
            '{"contract": 7}', "manifest: contract: is version 7, this program reads 2", id="other contract"
        ),
        pytest.param('{"contract": 2, "sensors": []}', "manifest: sensors: is empty", id="empty"),
    ],
)
def test_a_wrong_manifest_is_an_order_fault(
    storage: Storage, scorer: Scorer, text: str | None, words: str
) -> None:
    """One sentence, the exit code of a wrong order, and no report that could look like success."""
    call = ScoreInvocation("run1/manifests/group1.json", "run1/reports/job1/task1.json")
    if text is not None:
        storage.put(Container.RUNS, call.manifest, text)
    done = scorer.score(call)
    assert (done.returncode, done.stdout) == (ExitCode.ORDER, "")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    assert call.report not in storage.names(Container.RUNS)


def test_what_cannot_stand_in_a_header_is_refused_early(storage: Storage, scorer: Scorer) -> None:
    """The plan's time becomes blob metadata, where some characters crash the storage library."""
    call = storage.put_manifest(an_order(storage))
    text = storage.get(Container.RUNS, call.manifest).decode().replace("2018-08-29T03:00:07", "2018\\u00fc")
    storage.put(Container.RUNS, call.manifest, text)
    done = scorer.score(call)
    assert done.returncode == ExitCode.ORDER
    assert "must be printable ASCII" in done.stderr


def test_a_fault_of_ours_is_traced_and_stays_with_its_sensor(storage: Storage) -> None:
    """It is not retried; the report says where to look, and other sensors go on."""
    work, other = SensorWork(an_order(storage)), SensorWork(an_order(storage, "1_5"))
    out, err = io.StringIO(), io.StringIO()
    with attempt([work], Console(out, err)):
        raise ZeroDivisionError("division by zero")
    assert (work.cause, work.reason) == (
        Cause.UNEXPECTED,
        "an internal error of the scorer (ZeroDivisionError); see stderr",
    )
    assert work.report(1.0).state is SensorState.FAILED
    assert other.cause is None
    assert err.getvalue().rstrip().endswith("ZeroDivisionError: division by zero")


def test_the_process_ends_with_its_code_every_time(storage: Storage, scorer: Scorer) -> None:
    """The interpreter exits without the abort that the storage library's asyncio API caused."""
    orders = [an_order(storage, sensor, rows=rows_for(sensor)) for sensor in ("1_1", "1_2", "2_1", "2_2")]
    call = storage.put_manifest(*orders)
    assert {scorer.score(call).returncode for _ in range(10)} == {ExitCode.SUCCESS}


def test_a_later_plan_keeps_its_predictions(storage: Storage, scorer: Scorer) -> None:
    """Of two runs of one hour, the predictions of the later plan stay, whoever scores last."""
    call = storage.put_manifest(an_order(storage))
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    (name,) = storage.names(Container.PREDICTIONS)
    planned_at = storage.metadata(Container.PREDICTIONS, name)["planned_at"]
    client = storage.service.get_blob_client(storage.name_of(Container.PREDICTIONS), name)
    later = storage.metadata(Container.PREDICTIONS, name) | {"planned_at": "2018-08-29T03:00:08.000000Z"}
    client.upload_blob(b"of the later plan", metadata=later, overwrite=True)
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    assert storage.get(Container.PREDICTIONS, name) == b"of the later plan"
    (outcome,) = storage.report(call).sensors
    assert outcome.reason == "kept the existing predictions of a later plan"
    assert (outcome.readings, outcome.anomalies) == (0, 0), "numbers that were not written are not reported"
    earlier = later | {"planned_at": "2018-08-29T02:59:59.000000Z"}
    client.upload_blob(b"of an earlier plan", metadata=earlier, overwrite=True)
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    assert storage.metadata(Container.PREDICTIONS, name)["planned_at"] == planned_at
    client.upload_blob(b"by nobody we know", overwrite=True)
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    assert storage.metadata(Container.PREDICTIONS, name)["planned_at"] == planned_at


@pytest.mark.behaviour("plan-of-the-future")
@pytest.mark.parametrize("when", ["ahead", "soon"])
def test_a_plan_of_the_future_keeps_nothing(storage: Storage, scorer: Scorer, when: str) -> None:
    """A clock half a day ahead, or an invalid time, would block every plan until then."""
    timestamps = {"ahead": f"{datetime.now(UTC) + timedelta(hours=12):%Y-%m-%dT%H:%M:%S.%fZ}", "soon": "soon"}
    call = storage.put_manifest(an_order(storage))
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    (name,) = storage.names(Container.PREDICTIONS)
    before = storage.metadata(Container.PREDICTIONS, name)
    client = storage.service.get_blob_client(storage.name_of(Container.PREDICTIONS), name)
    client.upload_blob(b"of the future", metadata=before | {"planned_at": timestamps[when]}, overwrite=True)
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    assert storage.metadata(Container.PREDICTIONS, name) == before
    (outcome,) = storage.report(call).sensors
    assert outcome.readings > 0


def test_what_is_remarkable_about_rows_is_counted(storage: Storage, scorer: Scorer) -> None:
    """Repeated, late or zoned rows are scored, invalid ones are not, and all are counted."""
    rows = (
        "2018-08-29 02:20:00,1,4,10",
        "2018-08-29 02:10:00,1,4,11",
        "2018-08-29T04:30:00+02:00,1,4,12",
        "2018-08-29T04:30:00+02:00,1,4,12",
        "2018-08-29 02:40:00,1,4,NaN",
        "2018-08-29 02:50:00,1,4",
    )
    call = storage.put_manifest(an_order(storage, rows=rows))
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    (sensor,) = storage.report(call).sensors
    assert (sensor.readings, sensor.rejected) == (4, 2)
    assert sensor.noticed == {
        "not written in UTC": 2,
        "out of order": 1,
        "repeated": 1,
        "unreadable": 1,
        "without a finite value": 1,
    }


@pytest.mark.behaviour("unscorable")
def test_a_reading_that_the_model_cannot_score_is_left_out_and_counted(
    storage: Storage, scorer: Scorer
) -> None:
    """A step turns -2 into NaN: it is left out with a reason, and the other readings are scored."""
    fitted = make_pipeline(FunctionTransformer(np.log1p), OneClassSVM()).fit(np.linspace(9, 12, 50)[:, None])
    model = a_model(storage, data=dump_skops(fitted), format=SKOPS_FORMAT)
    rows = tuple(f"2018-08-29 02:{10 + place}:00,1,4,{value}" for place, value in enumerate((10, -2, 11)))
    call = storage.put_manifest(an_order(storage, rows=rows, model=model))
    done = scorer.score(call)
    assert (done.returncode, done.stderr) == (ExitCode.SUCCESS, "")
    assert [row["Value"] for row in predictions(storage)] == ["10", "11"]
    (sensor,) = storage.report(call).sensors
    assert (sensor.state, sensor.readings, sensor.rejected) == (SensorState.SCORED, 2, 1)
    assert sensor.noticed == {"that the model cannot score": 1}
    assert sensor.reason == "the model cannot score a reading: ValueError: Input X contains NaN"


def test_files_of_three_formats_are_scored_together(storage: Storage, scorer: Scorer) -> None:
    """CSV, JSON lines and Parquet of one hour are merged by time."""
    csv_file = storage.put_readings("1_4", ["2018-08-29T02:20:00Z,1,4,10"])
    folder = csv_file.rpartition("/")[0]
    line = {"TS": "2018-08-29T02:10:00Z", "Device": 1, "Tag": 4, "Value": 11}
    storage.put(Container.DATA, f"{folder}/1.json", json.dumps(line) + "\n")
    moment = datetime(2018, 8, 29, 2, 30, tzinfo=UTC)
    sink = io.BytesIO()
    pq.write_table(pa.table({"Value": [90.5], "Tag": ["4"], "Device": ["1"], "TS": [moment]}), sink)
    storage.put(Container.DATA, f"{folder}/2.parquet", sink.getvalue())
    readings = (csv_file, f"{folder}/1.json", f"{folder}/2.parquet")
    call = storage.put_manifest(an_order(storage, readings=readings))
    done = scorer.score(call)
    assert (done.returncode, done.stderr) == (ExitCode.SUCCESS, "")
    rows = predictions(storage)
    assert [float(row["Value"]) for row in rows] == [11, 10, 90.5]
    assert [row["Prediction"] for row in rows] == ["0", "0", "1"]


def test_a_model_of_several_columns_reads_them_by_name(storage: Storage, scorer: Scorer) -> None:
    """They replace the column Value; a row without one of them cannot be scored."""
    two = MODEL | {
        "features": ["Mean", "Most"],
        "scaler": None,
        "kernel": {"name": "linear"},
        "support_vectors": [[1.0, -1.0]],
        "coefficients": [1.0],
        "intercept": 0.5,
    }
    model = a_model(storage, data=json.dumps(two).encode())
    blob = "readings/2018/08/29/02/1_4/0.csv"
    text = (
        "Most,Tag,Device,TS,Mean\n"
        "1.0,4,1,2018-08-29T02:10:00Z,2.0\n"
        "9.0,4,1,2018-08-29T02:20:00Z,1.0\n"
        ",4,1,2018-08-29T02:30:00Z,1.0\n"
    )
    storage.put(Container.DATA, blob, text)
    call = storage.put_manifest(an_order(storage, model=model, readings=(blob,)))
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    assert storage.get(Container.PREDICTIONS, f"{HOUR_PATH}/1_4.csv").decode() == (
        "TS,Device,Tag,Mean,Most,Prediction,Score\n"
        "2018-08-29T02:10:00Z,1,4,2.0,1.0,0,1.5\n"
        "2018-08-29T02:20:00Z,1,4,1.0,9.0,1,-7.5\n"
    )
    assert storage.report(call).sensors[0].noticed == {"unreadable": 1}
