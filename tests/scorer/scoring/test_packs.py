"""Sensors that share files: readings are read once, predictions written once."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scorer.__main__ import main
from scorer.console import Console
from scorer.errors import ModelFault
from scorer.models import files as model_files
from scorer.models.files import ModelFiles, model_of
from scorer.models.format import SKOPS_FORMAT
from scorer.models.ocsvm import OneClassSvm
from scorer.models.pack_format import ModelPack, head_of
from scorer.models_command.packs import packed
from scorer.scoring.units import chunks_of, units_of
from scorer.storage import BlobContainer, open_container
from scoring_contract.layout import Container, packed_prediction_blob, packed_readings_prefix
from scoring_contract.messages.invocation import ExitCode
from scoring_contract.messages.manifest import Manifest, ModelRef, PackSlice, SensorOrder
from scoring_contract.messages.report import Cause, SensorState
from scoring_contract.predictions import PackMark, PredictionFormat, PredictionMark
from tests.scorer.conftest import HEADER, HOUR, MODEL, PLANNED_AT, SCORING
from tests.scorer.scoring.test_score import a_model, an_order, rows_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scoring_contract.messages.invocation import ScoreInvocation
    from tests.scorer.conftest import Scorer, Storage

    PackFile = Callable[[Sequence[tuple[ModelRef, bytes]]], tuple[bytes, list[PackSlice]]]

SENSORS = ("1_4", "1_5", "2_1")
PACKED = packed_prediction_blob(HOUR, "p1")
PACKED_PARQUET = packed_prediction_blob(HOUR, "p1", PredictionFormat.PARQUET)


def a_pack(
    storage: Storage,
    sensors: Sequence[str] = SENSORS,
    rows: Sequence[str] | None = None,
    *,
    pack_file: PackFile | None = None,
) -> list[SensorOrder]:
    """Store readings and models of some sensors in a file each; order their predictions into one blob.

    :param pack_file: makes the file of the models; today's unless given
    """
    lines = rows if rows is not None else [row for sensor in sensors for row in rows_for(sensor)]
    blob = f"{packed_readings_prefix(HOUR, 'p1')}0.csv"
    storage.put(Container.DATA, blob, "\n".join([HEADER, *lines]) + "\n")
    models = [
        json.dumps(MODEL | {"intercept": -0.3 - index / 64}).encode() + b"\n" for index in range(len(sensors))
    ]
    refs = [a_model(storage, sensor, model) for sensor, model in zip(sensors, models, strict=True)]
    content, slices = (pack_file or partial(packed, "p1"))(list(zip(refs, models, strict=True)))
    storage.put(Container.MODELS, slices[0].blob, content)
    return [
        an_order(storage, sensor, readings=(blob,), pack="p1", model=replace(ref, pack=place))
        for sensor, ref, place in zip(sensors, refs, slices, strict=True)
    ]


def packed_before(models: Sequence[tuple[ModelRef, bytes]]) -> tuple[bytes, list[PackSlice]]:
    """Write a pack file as earlier versions did: single files, concatenated."""
    ends = itertools.accumulate((len(data) for _, data in models), initial=0)
    slices = [
        PackSlice("_packs/p1/v1.jsonl", end, len(data)) for end, (_, data) in zip(ends, models, strict=False)
    ]
    return b"".join(data for _, data in models), slices


def pack_blob(ref: ModelRef) -> str:
    """Return the name of the pack file that holds a model."""
    assert ref.pack is not None
    return ref.pack.blob


def packed_rows(storage: Storage) -> dict[str, list[dict[str, str]]]:
    """Read the predictions of the pack by sensor."""
    text = storage.get(Container.PREDICTIONS, PACKED).decode()
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        found.setdefault(f"{row['Device']}_{row['Tag']}", []).append(row)
    return found


def the_mark(storage: Storage) -> PackMark:
    """Read the metadata of the pack's predictions."""
    mark = PackMark.from_metadata(storage.metadata(Container.PREDICTIONS, PACKED))
    assert mark is not None
    return mark


def in_parquet(storage: Storage, call: ScoreInvocation) -> ScoreInvocation:
    """Change a manifest to ask for Parquet."""
    manifest = Manifest.from_json(storage.get(Container.RUNS, call.manifest))
    changed = replace(manifest, predictions_format=PredictionFormat.PARQUET)
    storage.put(Container.RUNS, call.manifest, changed.to_json())
    return call


def table_of(storage: Storage, blob: str) -> list[dict[str, Any]]:
    """Read predictions as Parquet."""
    rows: list[dict[str, Any]] = pq.read_table(
        pa.BufferReader(storage.get(Container.PREDICTIONS, blob))
    ).to_pylist()
    return rows


def planned(storage: Storage, orders: Sequence[SensorOrder], *, at: str) -> ScoreInvocation:
    """Write a manifest of a plan made at a given time."""
    call = storage.put_manifest(*orders)
    manifest = Manifest.from_json(storage.get(Container.RUNS, call.manifest))
    storage.put(Container.RUNS, call.manifest, replace(manifest, planned_at=at).to_json())
    return call


def test_a_pack_is_scored_like_its_sensors_alone(storage: Storage, scorer: Scorer) -> None:
    """A sensor's rows equal those of its own blob, byte for byte; one blob holds and lists all."""
    orders = a_pack(storage)
    done = scorer.score(storage.put_manifest(*orders))
    assert (done.returncode, done.stderr) == (ExitCode.SUCCESS, "")
    assert storage.names(Container.PREDICTIONS) == [PACKED]
    assert the_mark(storage).sensors == SENSORS

    alone = [replace(order, pack="", readings=(storage.put_readings(order.sensor, rows_for(order.sensor)),),
                     model=replace(order.model, pack=None)) for order in orders]  # fmt: skip
    packed = packed_rows(storage)
    assert scorer.score(storage.put_manifest(*alone)).returncode == ExitCode.SUCCESS
    for sensor in SENSORS:
        text = storage.get(Container.PREDICTIONS, f"{HOUR.path}/{sensor}.csv").decode()
        assert packed[sensor] == list(csv.DictReader(io.StringIO(text)))
        assert len(packed[sensor]) == 60


def test_shared_readings_alone_give_each_sensor_its_blob(storage: Storage, scorer: Scorer) -> None:
    """Producers may pack readings while consumers still expect a blob per sensor."""
    orders = [replace(order, pack="") for order in a_pack(storage)]
    assert scorer.score(storage.put_manifest(*orders)).returncode == ExitCode.SUCCESS
    assert storage.names(Container.PREDICTIONS) == [f"{HOUR.path}/{sensor}.csv" for sensor in SENSORS]


def test_a_sensor_without_rows_in_the_shared_file_is_silent(storage: Storage, scorer: Scorer) -> None:
    """Only the scorer sees into the file; the rest of the pack is scored."""
    call = storage.put_manifest(*a_pack(storage, rows=[*rows_for("1_4"), *rows_for("2_1")]))
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    states = {sensor.sensor: sensor.state for sensor in storage.report(call).sensors}
    assert states == {"1_4": SensorState.SCORED, "1_5": SensorState.SKIPPED, "2_1": SensorState.SCORED}
    assert the_mark(storage).sensors == ("1_4", "2_1")


def test_rows_that_nobody_gets_are_counted(storage: Storage, scorer: Scorer) -> None:
    """The report counts rows of sensors not in the manifest, and invalid lines."""
    rows = [*rows_for("1_4"), *rows_for("9_9")[:3], "no reading"]
    call = storage.put_manifest(*a_pack(storage, ("1_4", "1_5"), rows))
    scorer.score(call)
    assert storage.report(call).noticed == {"of another sensor": 3, "unreadable": 1}


def test_one_bad_model_of_a_pack_fails_its_sensor_alone(storage: Storage, scorer: Scorer) -> None:
    """A retry scores only this sensor, and its rows join the others'."""
    orders = a_pack(storage)
    call = storage.put_manifest(
        orders[0], replace(orders[1], model=replace(orders[1].model, sha256="0" * 64)), orders[2]
    )
    assert scorer.score(call).returncode == ExitCode.PARTLY_FAILED
    (failed,) = storage.report(call).failed
    assert (failed.sensor, failed.cause) == ("1_5", Cause.MODEL)
    assert the_mark(storage).sensors == ("1_4", "2_1")

    before = packed_rows(storage)
    assert scorer.score(storage.put_manifest(orders[1])).returncode == ExitCode.SUCCESS
    after = packed_rows(storage)
    assert after.keys() == set(SENSORS)
    assert {sensor: after[sensor] for sensor in before} == before
    assert the_mark(storage).sensors == ("1_4", "2_1", "1_5")


def test_a_later_plan_replaces_the_whole_pack(storage: Storage, scorer: Scorer) -> None:
    """Rows of an earlier plan never mix with a later one's, even for sensors that it leaves out."""
    orders = a_pack(storage)
    scorer.score(storage.put_manifest(*orders))
    scorer.score(planned(storage, orders[:1], at="2018-08-29T04:00:00.000000Z"))
    assert packed_rows(storage).keys() == {"1_4"}


def test_an_earlier_plan_leaves_a_later_ones_pack_alone(storage: Storage, scorer: Scorer) -> None:
    """The later plan wins, whichever run writes last; the report says ours were not written."""
    orders = a_pack(storage)
    scorer.score(planned(storage, orders, at="2018-08-29T04:00:00.000000Z"))
    call = planned(storage, orders[:1], at=PLANNED_AT)
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    assert the_mark(storage).sensors == SENSORS
    (sensor,) = storage.report(call).sensors
    assert "later plan" in sensor.reason


@pytest.mark.behaviour("predictions-format")
def test_an_order_for_parquet_leaves_parquet(storage: Storage, scorer: Scorer) -> None:
    """Named as Parquet and marked like CSV, with the same rows; a retry keeps those of the first try."""
    orders = a_pack(storage)
    call = in_parquet(storage, storage.put_manifest(*orders[:2]))
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    assert storage.names(Container.PREDICTIONS) == [PACKED_PARQUET]
    content_type = storage.content_type(Container.PREDICTIONS, PACKED_PARQUET)
    assert content_type == "application/vnd.apache.parquet"
    first = PackMark.from_metadata(storage.metadata(Container.PREDICTIONS, PACKED_PARQUET))
    assert scorer.score(in_parquet(storage, storage.put_manifest(*orders[1:]))).returncode == ExitCode.SUCCESS
    mark = PackMark.from_metadata(storage.metadata(Container.PREDICTIONS, PACKED_PARQUET))
    assert first is not None
    assert mark == replace(first, sensors=SENSORS, rows=180)
    scorer.score(storage.put_manifest(*orders))
    assert the_mark(storage).rows == 180
    texts = [row for rows in packed_rows(storage).values() for row in rows]
    found = table_of(storage, PACKED_PARQUET)
    columns = ("Device", "Tag", "Value", "Prediction", "Score")
    assert [[str(row[name]) for name in ("Device", "Tag", "Prediction")] for row in found] == [
        [row[name] for name in ("Device", "Tag", "Prediction")] for row in texts
    ]
    assert [[row[name] for name in ("Value", "Score")] for row in found] == [
        [float(row[name]) for name in ("Value", "Score")] for row in texts
    ]
    assert list(found[0]) == ["TS", *columns]


def test_a_sensor_alone_is_written_as_parquet_too(storage: Storage, scorer: Scorer) -> None:
    """Its mark states the number of rows, which its size does not reveal."""
    call = in_parquet(storage, storage.put_manifest(an_order(storage)))
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    blob = f"{HOUR.path}/1_4.parquet"
    assert storage.names(Container.PREDICTIONS) == [blob]
    mark = PredictionMark.from_metadata(storage.metadata(Container.PREDICTIONS, blob))
    assert mark is not None
    assert mark.rows == len(table_of(storage, blob)) > 0


def test_without_pyarrow_an_order_for_parquet_says_what_to_do(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the lean image, nothing is written, and the sensor does not count as scored."""
    call = in_parquet(storage, storage.put_manifest(an_order(storage)))
    monkeypatch.setitem(sys.modules, "scorer.scoring.prediction_parquet", None)
    code = main(call.to_argv(), storage.environ(SCORING), Console(io.StringIO(), io.StringIO()))
    assert code == ExitCode.ORDER
    (sensor,) = storage.report(call).sensors
    assert sensor.reason.startswith("the predictions format is Parquet and pyarrow is not installed: use")
    assert storage.names(Container.PREDICTIONS) == []


def test_a_pack_whose_file_is_gone_fails_its_sensors(storage: Storage, scorer: Scorer) -> None:
    """The plan saw the file, so this is not silence; nothing is written."""
    orders = [
        replace(order, readings=("readings/2018/08/29/02/_packs/p1/gone.csv",)) for order in a_pack(storage)
    ]
    call = storage.put_manifest(*orders)
    assert scorer.score(call).returncode == ExitCode.DATA
    assert {sensor.state for sensor in storage.report(call).sensors} == {SensorState.FAILED}
    assert storage.names(Container.PREDICTIONS) == []


class CountingContainer(BlobContainer):
    """A container that counts its reads."""

    reads = 0

    def read(self, blob: str, *, most_bytes: int | None = None) -> bytes:
        """Read, and count it."""
        type(self).reads += 1
        return super().read(blob, most_bytes=most_bytes)


@pytest.mark.parametrize("pack_file", [None, packed_before], ids=["now", "before"])
def test_a_file_of_models_is_fetched_once(storage: Storage, pack_file: PackFile | None) -> None:
    """However many threads ask, and whichever of our versions wrote it."""
    refs = [order.model for order in a_pack(storage, pack_file=pack_file)]
    CountingContainer.reads = 0
    assert intercepts(storage, refs) == INTERCEPTS
    assert CountingContainer.reads == 1


def test_one_sensor_alone_reads_its_own_model(storage: Storage) -> None:
    """It need not fetch all models of the pack."""
    (ref,) = (order.model for order in a_pack(storage, ("1_4",)))
    storage.put(Container.MODELS, pack_blob(ref), b"damaged")
    assert intercepts(storage, [ref]) == INTERCEPTS[:1]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("gone", "is missing"),
        ("altered", "has a head with the digest"),
        ("cut", "claims a head of"),
        ("another's", "has a head with the digest"),
        ("of no format of ours", "is not of format ocsvm-pack/1"),
        ("too large", "; the limit is "),
    ],
)
def test_a_bad_file_of_models_costs_nobody_their_model(
    storage: Storage, harm: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each model is read from its own file, and the log says why."""
    refs = [order.model for order in a_pack(storage)]
    blob = pack_blob(refs[0])
    whole = storage.get(Container.MODELS, blob)
    head = bytes(head_of(whole))
    contents = {
        "altered": head.replace(np.float64(-0.3).tobytes(), np.float64(0.3).tobytes()) + whole[len(head) :],
        "cut": head[:-1],
        "another's": packed("p1", [(ref, a_file(0.5)) for ref in refs])[0],
        "of no format of ours": b"{}",
    }
    if harm == "gone":
        storage.service.get_blob_client(storage.name_of(Container.MODELS), blob).delete_blob()
    elif harm == "too large":
        monkeypatch.setattr(model_files, "MOST_PACK_BYTES", len(whole) - 1)
    else:
        storage.put(Container.MODELS, blob, contents[harm])
    complaints: list[str] = []
    assert intercepts(storage, refs, complaints) == INTERCEPTS
    (complaint,) = complaints
    assert complaint.startswith(f"models/{blob} ")
    assert told in complaint
    assert "its models are read from their own files until" in complaint


@pytest.mark.parametrize("harm", ["gone", "altered", "shifted"])
def test_a_bad_file_of_an_earlier_version_costs_nobody_their_model(storage: Storage, harm: str) -> None:
    """A sensor whose bytes are not in the pack file is read from its own file."""
    refs = [order.model for order in a_pack(storage, pack_file=packed_before)]
    blob = pack_blob(refs[0])
    whole = storage.get(Container.MODELS, blob)
    if harm == "gone":
        storage.service.get_blob_client(storage.name_of(Container.MODELS), blob).delete_blob()
    elif harm == "altered":
        storage.put(Container.MODELS, blob, whole.replace(b"-0.3", b"+0.3"))
    else:
        place = refs[0].pack
        assert place is not None
        refs[0] = replace(refs[0], pack=replace(place, offset=7))
    assert intercepts(storage, refs) == INTERCEPTS


def test_a_pack_gives_no_model_to_whom_another_is_registered(storage: Storage) -> None:
    """Digests decide: a sensor trained since, and two that were swapped, get their own models."""
    refs = [order.model for order in a_pack(storage)]
    newer = replace(a_model(storage, "1_4", a_file(0.25)), pack=refs[0].pack)
    swapped = [newer, replace(refs[2], pack=refs[1].pack), replace(refs[1], pack=refs[2].pack)]
    assert intercepts(storage, swapped) == [0.25, INTERCEPTS[2], INTERCEPTS[1]]


def test_an_earlier_scorer_finds_the_single_files_in_a_pack(storage: Storage) -> None:
    """Each slice has the digest of the single file, so images and fleet can be upgraded in any order."""
    refs = [order.model for order in a_pack(storage)]
    whole = storage.get(Container.MODELS, pack_blob(refs[0]))
    for ref in refs:
        assert ref.pack is not None
        data = whole[ref.pack.offset : ref.pack.offset + ref.pack.length]
        assert hashlib.sha256(data).hexdigest() == ref.sha256


def test_a_pack_holds_files_of_scikit_learn_as_they_are(storage: Storage) -> None:
    """One request returns their bytes along with the numbers of the others."""
    ref, other = (a_model(storage, sensor, a_file(0.5)) for sensor in ("1_4", "1_5"))
    strange = b"PK\x03\x04 whatever skops writes"
    other = replace(other, sha256=hashlib.sha256(strange).hexdigest(), format=SKOPS_FORMAT, blob="gone")
    content, slices = packed("p1", [(ref, a_file(0.5)), (other, strange)])
    storage.put(Container.MODELS, slices[0].blob, content)
    refs = [replace(each, pack=place) for each, place in zip((ref, other), slices, strict=True)]
    files = ModelFiles(a_container(storage), refs, no_complaint)
    assert isinstance(files.fetch(refs[0]), ModelPack)
    assert files.fetch(refs[1]) == strange
    without = packed("p1", [(ref, a_file(0.5))])[1]
    assert without[0].blob != slices[0].blob


def test_a_model_that_is_nowhere_is_named(storage: Storage) -> None:
    """If it is neither in the pack file nor in a file of its own, the sensor fails at once."""
    place = PackSlice("_packs/p9/v1.jsonl", 0, 1)
    refs = [
        replace(order.model, blob=f"{order.sensor}/v9/model.json", pack=place) for order in a_pack(storage)
    ]
    complaints: list[str] = []
    files = ModelFiles(a_container(storage), refs, complaints.append)
    for ref in refs:
        with pytest.raises(ModelFault, match=f"there is no model models/{ref.blob}"):
            files.fetch(ref)
    assert len(complaints) == 1


@pytest.mark.parametrize("content", [b"", b"\x80 not even looked at", b"{}"])
def test_a_file_that_is_not_the_registered_one_is_refused_before_it_is_read(
    storage: Storage, content: bytes
) -> None:
    """Both digests are shown, shortened."""
    (ref,) = (order.model for order in a_pack(storage, ("1_4",)))
    storage.put(Container.MODELS, ref.blob, content)
    words = rf"has the digest [0-9a-f]{{12}}\.\.\., not the registered {ref.sha256[:12]}\.\.\."
    with pytest.raises(ModelFault, match=words):
        ModelFiles(a_container(storage), [ref], no_complaint).fetch(ref)


INTERCEPTS = [-0.3, -0.3 - 1 / 64, -0.3 - 2 / 64]


def intercepts(
    storage: Storage, refs: Sequence[ModelRef], complaints: list[str] | None = None
) -> list[float]:
    """Load models in threads; return their intercepts, which tell them apart."""
    told = [] if complaints is None else complaints
    files = ModelFiles(a_container(storage), refs, told.append)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(files.fetch, refs))
    models = [model_of(each, ref) for each, ref in zip(found, refs, strict=True)]
    return [model.intercept for model in models if isinstance(model, OneClassSvm)]


def a_file(intercept: float) -> bytes:
    """Write a model file."""
    return json.dumps(MODEL | {"intercept": intercept}).encode() + b"\n"


def no_complaint(problem: str) -> None:
    """Fail the test."""
    raise AssertionError(problem)


def a_container(storage: Storage) -> CountingContainer:
    """Open the models container of a test."""
    opened = open_container(Container.MODELS, storage.environ({Container.MODELS: "r"}))
    return CountingContainer("models", opened._store)


def an_abstract_order(sensor: str, *readings: str, pack: str = "") -> SensorOrder:
    """Order a sensor without any blobs."""
    return SensorOrder(
        sensor, "1", "1", ModelRef("v1", "m", hashlib.sha256().hexdigest(), "f"), readings, pack
    )


def test_sensors_that_share_a_file_or_a_blob_form_one_unit() -> None:
    """Any other sensor is a unit by itself, and a unit reads each of its files once."""
    shared = f"{packed_readings_prefix(HOUR, 'p2')}0.csv"
    orders = [
        an_abstract_order("a", "readings/own.csv"),
        an_abstract_order("b", shared),
        an_abstract_order("c", "one.csv", pack="p1"),
        an_abstract_order("d", shared),
        an_abstract_order("e", "two.csv", pack="p1"),
        an_abstract_order("f", "readings/own.csv"),
    ]
    units = units_of(orders)
    assert [[order.sensor for order in unit.orders] for unit in units] == [
        ["a"],
        ["b", "d"],
        ["c", "e"],
        ["f"],
    ]
    assert [unit.readings for unit in units[1:3]] == [(shared,), ("one.csv", "two.csv")]
    assert [unit.pack for unit in units] == ["", "", "p1", ""]


@pytest.mark.parametrize(
    ("sensors", "chunks"),
    [(1, [1]), (31, [1] * 31), (96, [3] * 32), (500, [8] * 62 + [4]), (1000, [8] * 125)],
)
def test_units_of_one_sensor_are_computed_in_chunks(sensors: int, chunks: list[int]) -> None:
    """Every thread gets two chunks of at most eight units, which are in memory together."""
    units = units_of([an_abstract_order(f"s{number}", f"{number}.csv") for number in range(sensors)])
    divided = chunks_of(units, threads=16)
    assert [len(chunk) for chunk in divided] == chunks
    assert [unit for chunk in divided for unit in chunk] == units
