"""Messages and names that the contract refuses, and its errors."""

from __future__ import annotations

import contextlib
import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_contract import layout
from scoring_contract.access import SignedBlobs, signed_blobs_of, url_of, variable_of
from scoring_contract.errors import ContractError, InvocationError, LayoutError, MessageError
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import ExitCode, ScoreInvocation
from scoring_contract.messages.manifest import Manifest
from scoring_contract.messages.registry import Registry
from scoring_contract.messages.report import Cause, Report, SensorReport, SensorState
from scoring_contract.messages.span_label import SpanLabel
from scoring_contract.predictions import HEADER_BYTES, PackMark, PredictionFormat, PredictionMark, has_rows

GOLDEN = Path(__file__).parent / "golden"
HOUR = RunHour.parse("2018-08-29T02")


def changed(file: str, path: list[str | int], value: object) -> str:
    """Return a golden message with one member changed."""
    body = json.loads((GOLDEN / file).read_text())
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(body)


@pytest.mark.parametrize(
    ("kind", "text", "path"),
    [
        pytest.param(Manifest, changed("manifest.json", ["contract"], 3), "contract", id="newer-contract"),
        pytest.param(Manifest, changed("manifest.json", ["hour"], "2018-08-29"), "hour", id="day-for-hour"),
        pytest.param(Manifest, changed("manifest.json", ["sensors"], []), "sensors", id="no-sensor"),
        pytest.param(
            Manifest,
            changed("manifest.json", ["sensors", 0, "sensor"], "../etc"),
            "sensors[0].sensor",
            id="path-for-sensor",
        ),
        pytest.param(
            Manifest,
            changed("manifest.json", ["sensors", 0, "model", "sha256"], None),
            "sensors[0].model.sha256",
            id="no-digest",
        ),
        pytest.param(
            Report, changed("report.json", ["sensors", 0, "state"], "fine"), "sensors[0].state", id="state"
        ),
        pytest.param(
            Report, changed("report.json", ["sensors", 0, "readings"], -1), "sensors[0].readings", id="count"
        ),
        pytest.param(
            Report,
            changed("report.json", ["stages", 1, "end"], 0.03125),
            "stages[1].end",
            id="stage-that-ends-before-it-starts",
        ),
        pytest.param(
            Manifest, changed("manifest.json", ["traceparent"], "00-0-1-01"), "traceparent", id="no-trace"
        ),
        pytest.param(Report, changed("report.json", ["traceparent"], []), "traceparent", id="list-for-trace"),
        pytest.param(
            Manifest,
            changed("manifest.json", ["sensors", 0, "pack"], {}),
            "sensors[0].pack",
            id="object-for-a-pack",
        ),
        pytest.param(
            Registry,
            changed("registry.json", ["sensors", "1_4", "current"], "gone"),
            "sensors.1_4.current",
            id="unknown-version",
        ),
        pytest.param(SpanLabel, changed("span_label.json", ["id"], "20180829T02"), "id", id="id-of-a-label"),
        pytest.param(SpanLabel, changed("span_label.json", ["kind"], "odd"), "kind", id="kind-of-a-label"),
        pytest.param(SpanLabel, changed("span_label.json", ["note"], None), "note", id="note-of-a-label"),
        pytest.param(SpanLabel, changed("span_label.json", ["at"], "today"), "at", id="time-of-a-label"),
    ],
)
def test_a_wrong_message_is_refused_by_place(kind, text, path) -> None:
    """The error names the message and the member, so that people know where to look."""
    with pytest.raises(MessageError) as caught:
        kind.from_json(text)
    assert caught.value.path == path
    assert path in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301  our own error


def test_messages_of_before_have_neither_trace_nor_stages() -> None:
    """A scorer of another day reads today's manifests, and its reports are read today."""
    new = {"report.json": ("traceparent", "started_at", "stages"), "manifest.json": ("traceparent",)}
    bodies = {file: json.loads((GOLDEN / file).read_text()) for file in new}
    for file, body in bodies.items():
        for name in new[file]:
            del body[name]
    report = Report.from_json(json.dumps(bodies["report.json"]))
    assert (report.traceparent, report.started_at, report.stages) == ("", "", ())
    assert not Manifest.from_json(json.dumps(bodies["manifest.json"])).traceparent


@pytest.mark.parametrize("kind", [Manifest, Report, Registry])
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_read_or_refused(kind, body) -> None:
    """Whatever a blob contains, parsers raise only their own error."""
    text = json.dumps({"contract": 2, "sensors": body, "hour": "2018-08-29T02", "run": body})
    with contextlib.suppress(ContractError):
        kind.from_json(text)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000])
def test_what_is_no_message_is_refused(text) -> None:
    """Text that is not a JSON object, or nests too deep for one of ours."""
    with pytest.raises(MessageError):
        Manifest.from_json(text)


def test_an_hour_is_whole_and_utc() -> None:
    """A run's hour has neither minutes nor another zone."""
    for wrong in (
        "2018-08-29T2",
        "2018-08-29T24",
        "2018-08-29 02",
        "2018-08-29T02:00",
        "",
        "\uff12018-08-29T02",
    ):
        with pytest.raises(LayoutError):
            RunHour.parse(wrong)
    with pytest.raises(LayoutError, match="not the start of an hour"):
        RunHour(datetime(2018, 8, 29, 2, 30, tzinfo=UTC))
    with pytest.raises(LayoutError, match="not UTC"):
        RunHour(datetime(2018, 8, 29, 2, tzinfo=timezone(timedelta(hours=2))))
    with pytest.raises(LayoutError, match="not UTC"):
        RunHour(datetime(2018, 8, 29, 2))  # noqa: DTZ001  naive on purpose


def test_an_hour_holds_its_start_and_not_its_end() -> None:
    """A reading at the full hour belongs to the hour that begins, whatever its zone."""
    assert HOUR.contains(HOUR.start)
    assert not HOUR.contains(HOUR.end)
    berlin = timezone(timedelta(hours=2))
    assert RunHour.containing(datetime(2018, 8, 29, 4, 59, tzinfo=berlin)) == HOUR
    assert HOUR.next.previous == HOUR
    assert (HOUR.path, HOUR.compact, str(HOUR)) == ("2018/08/29/02", "20180829T02", "2018-08-29T02")


def test_readings_lead_back_to_their_sensor() -> None:
    """A blob's name in an hour's folder contains its sensor; other blobs are ignored."""
    blob = f"{layout.readings_prefix(HOUR, '1_4')}0.csv"
    assert blob == "readings/2018/08/29/02/1_4/0.csv"
    assert layout.sensor_of_readings(blob) == "1_4"
    assert layout.sensor_of_readings("readings/2018/08/29/02/0.csv") is None
    assert layout.sensor_of_readings("labels/2018/08/29/02/1_4/0.csv") is None


def test_names_of_a_run_are_parts_of_a_path() -> None:
    """A run, job, task or group cannot smuggle a folder into a blob's name."""
    for name in ("a/b", "", "..", "a b"):
        with pytest.raises(LayoutError):
            layout.plan_blob(name)
    assert layout.report_blob("run", "run-g0", "t") == "run/reports/run-g0/t.json"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], id="nothing"),
        pytest.param(["train"], id="other-command"),
        pytest.param(["score", "--contract", "2", "--manifest", "m"], id="no-report"),
        pytest.param(["score", "--contract", "3", "--manifest", "m", "--report", "r"], id="other-contract"),
        pytest.param(["score", "--contract", "2", "--manifest", "m", "--manifest", "r"], id="twice"),
    ],
)
def test_a_foreign_command_line_is_refused(words) -> None:
    """A scorer of another contract version must not guess."""
    with pytest.raises(InvocationError):
        ScoreInvocation.from_argv(words)


def outcome(state: SensorState, cause: Cause | None = None) -> SensorReport:
    """Return a sensor's report."""
    return SensorReport(sensor="s", state=state, cause=cause)


@pytest.mark.parametrize(
    ("sensors", "code"),
    [
        pytest.param([], ExitCode.SUCCESS, id="nobody"),
        pytest.param([outcome(SensorState.SCORED)], ExitCode.SUCCESS, id="scored"),
        pytest.param([outcome(SensorState.SKIPPED)], ExitCode.SUCCESS, id="silent"),
        pytest.param([outcome(SensorState.FAILED, Cause.MODEL)], ExitCode.MODEL, id="model"),
        pytest.param([outcome(SensorState.FAILED, Cause.STORAGE)] * 2, ExitCode.STORAGE, id="same-cause"),
        pytest.param(
            [outcome(SensorState.FAILED, Cause.STORAGE), outcome(SensorState.FAILED, Cause.DATA)],
            ExitCode.PARTLY_FAILED,
            id="two-causes",
        ),
        pytest.param(
            [outcome(SensorState.FAILED, Cause.DATA), outcome(SensorState.SCORED)],
            ExitCode.PARTLY_FAILED,
            id="one-of-two",
        ),
        pytest.param([outcome(SensorState.FAILED)], ExitCode.UNEXPECTED, id="no-cause"),
    ],
)
def test_exit_codes_tell_causes_apart(sensors, code) -> None:
    """The exit code alone decides between retry and failure."""
    assert ExitCode.of(sensors) is code


def test_a_mark_survives_the_round_trip_through_blob_metadata() -> None:
    """Azure may change the case of metadata names, and the mark still reads; other blobs have none."""
    mark = PredictionMark(HOUR, "1_4", "00ff", "m.json", "2018-08-29T03:05:00.000000Z")
    shouted = {name.upper(): value for name, value in mark.to_metadata().items()}
    assert PredictionMark.from_metadata(shouted) == mark
    assert PredictionMark.from_metadata({"hour": "yesterday"}) is None


def test_a_mark_says_how_many_rows_there_are() -> None:
    """Size tells that only for CSV; earlier versions did not record it."""
    alone = PredictionMark(HOUR, "1_4", "00ff", "m.json", "2018-08-29T03:05:00.000000Z", rows=0)
    packed = PackMark(HOUR, "p0001", ("1_4", "1_5"), "m.json", "2018-08-29T03:05:00Z", rows=7)
    assert PredictionMark.from_metadata(alone.to_metadata()) == alone
    assert PackMark.from_metadata(packed.to_metadata()) == packed
    assert [has_rows(mark, size=900) for mark in (alone, packed)] == [False, True]
    silent = replace(packed, rows=None)
    assert [has_rows(silent, size=size) for size in (HEADER_BYTES, HEADER_BYTES + 1)] == [False, True]
    # Somebody overwrote it with a header and kept the metadata.
    assert not has_rows(packed, size=HEADER_BYTES)
    nonsense = PredictionMark.from_metadata(alone.to_metadata() | {"rows": "-1"})
    assert nonsense == replace(alone, rows=None)


def test_an_order_of_before_is_for_csv() -> None:
    """It names no format; a format that no scorer writes is refused."""
    body = json.loads((GOLDEN / "manifest.json").read_text())
    del body["predictions_format"], body["image"]
    older = Manifest.from_json(json.dumps(body))
    assert (older.predictions_format, older.image) == (PredictionFormat.CSV, "")
    with pytest.raises(MessageError, match="predictions_format: is 'xlsx', not one of csv, parquet"):
        Manifest.from_json(changed("manifest.json", ["predictions_format"], "xlsx"))


def test_a_missing_container_variable_is_named() -> None:
    """A scorer started without its environment says which variable is missing."""
    assert variable_of(Container.DATA) == "SCORING_DATA_URL"
    with pytest.raises(InvocationError, match="SCORING_MODELS_URL"):
        url_of(Container.MODELS, {})


def test_a_pack_mark_survives_metadata() -> None:
    """A listing shows whose rows a packed prediction blob contains."""
    mark = PackMark(HOUR, "p0001", ("1_4", "1_5"), "run/manifests/1_4..1_5.json", "2018-08-29T03:05:00Z")
    assert PackMark.from_metadata(mark.to_metadata()) == mark
    assert PackMark.from_metadata({"hour": "2018-08-29T02"}) is None


def test_a_pack_of_readings_is_told_from_a_sensors() -> None:
    """A listing of an hour contains both, and neither is taken for the other."""
    packed = f"{layout.packed_readings_prefix(HOUR, 'p0001')}0.parquet"
    alone = f"{layout.readings_prefix(HOUR, '1_4')}0.csv"
    assert (layout.pack_of_readings(packed), layout.sensor_of_readings(packed)) == ("p0001", None)
    assert (layout.pack_of_readings(alone), layout.sensor_of_readings(alone)) == (None, "1_4")


def test_a_pack_cannot_be_called_anything() -> None:
    """Its name is part of a path."""
    with pytest.raises(LayoutError, match="cannot name a pack"):
        layout.packed_prediction_blob(HOUR, "../p")


def test_signatures_of_blobs_are_read_as_they_were_written() -> None:
    """Names and signatures of any characters; a process without the variable has the container's URL."""
    signed = SignedBlobs("https://account.blob.core.windows.net/data", {'ä "b.csv': "sv=1&sig=a%2Bb"})
    assert signed_blobs_of(Container.DATA, {"SCORING_DATA_BLOBS": signed.to_text()}) == signed
    assert signed_blobs_of(Container.DATA, {}) is None
    assert "sig" not in repr(signed)


@pytest.mark.parametrize(
    "text", ["sig=secret", "[1]", "{}", '{"url": "https://x/data", "signatures": "sig=secret"}', "[" * 10**5]
)
def test_signatures_that_cannot_be_read_are_not_quoted(text) -> None:
    """The error names the variable alone."""
    with pytest.raises(InvocationError) as caught:
        signed_blobs_of(Container.DATA, {"SCORING_DATA_BLOBS": text})
    assert str(caught.value) == "the variable SCORING_DATA_BLOBS does not hold the signatures of blobs"
    assert caught.value.__suppress_context__
