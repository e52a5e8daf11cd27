"""``python -m scorer train``, as people run it, and the models it publishes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scorer.__main__ import main
from scorer.console import Console
from scorer.errors import BlobConflict
from scorer.models import catalogue as module
from scorer.models.catalogue import Catalogue, publish
from scorer.models.format import FORMAT, load_model
from scorer.models.kernels import Rbf
from scorer.models.ocsvm import OneClassSvm
from scorer.storage import open_container
from scoring_contract.hour import RunHour
from scoring_contract.layout import (
    REGISTRY_BLOB,
    Container,
    packed_readings_prefix,
    readings_prefix,
    span_label_blob,
)
from scoring_contract.messages.invocation import ExitCode
from scoring_contract.messages.manifest import ModelRef, SensorOrder
from scoring_contract.messages.registry import Registry, TrainedModel, TrainedSensor
from scoring_contract.messages.report import SensorState
from scoring_contract.messages.span_label import LabelId, LabelKind, SpanLabel
from tests.scorer.conftest import HEADER, break_fits_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scorer.conftest import Scorer, Storage

BEFORE = RunHour.parse("2018-08-29T01")
HOUR = RunHour.parse("2018-08-29T02")


def rows(device: str, tag: str, *, hour: RunHour = BEFORE, count: int = 60) -> list[str]:
    """Write readings of one hour, a minute apart."""
    source = random.Random(f"{device} {tag} {hour}")
    return [
        f"{hour.start.isoformat()[:14]}{n % 60:02}:{n // 60:02}Z,{device},{tag},{source.gauss(10, 2):.2f}"
        for n in range(count)
    ]


def a_fleet(storage: Storage, *sensors: str) -> None:
    """Store readings of the previous hour."""
    for sensor in sensors:
        device, _, tag = sensor.partition("_")
        storage.put_readings(sensor, rows(device, tag), hour=BEFORE)


def trained(sensor: str = "1_4", version: str = "v1", device: str = "1", tag: str = "4") -> TrainedSensor:
    """Build a trained model as it is handed over for publication."""
    ref = ModelRef(version, f"{sensor}/{version}/model.json", "0" * 64, FORMAT)
    model = TrainedModel(ref, BEFORE, HOUR, rows=60, libraries={"scikit-learn": "1.9.1"})
    return TrainedSensor(sensor, device, tag, model)


def test_every_sensor_gets_a_model_that_loads(storage: Storage, scorer: Scorer) -> None:
    """Each current model has the digest and format that the registry states."""
    a_fleet(storage, "1_1", "1_2", "2_1")
    done = scorer.train("--nu", "0.05")
    assert (done.returncode, done.stderr) == (ExitCode.SUCCESS, "")
    assert "registry: 3 sensors" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("3 sensors trained, 0 refused")
    registry = storage.registry()
    assert list(registry.sensors) == ["1_1", "1_2", "2_1"]
    for sensor, entry in registry.sensors.items():
        data = storage.get(Container.MODELS, entry.model.blob)
        model = load_model(data, entry.model)
        assert isinstance(model, OneClassSvm)
        assert isinstance(model.kernel, Rbf)
        assert model.kernel.gamma > 0
        assert entry.current == f"20180829T02-{hashlib.sha256(data).hexdigest()[:10]}"
        assert (f"{entry.device}_{entry.tag}", entry.versions[entry.current].rows) == (sensor, 60)
        assert {"scikit-learn", "numpy"} <= set(entry.versions[entry.current].libraries)


def test_a_trained_model_scores_the_next_hour(storage: Storage, scorer: Scorer) -> None:
    """Scoring accepts what training publishes."""
    a_fleet(storage, "1_4")
    scorer.train_here()
    readings = storage.put_readings("1_4", [*rows("1", "4", hour=HOUR), "2018-08-29T02:59:59Z,1,4,99"])
    call = storage.put_manifest(
        SensorOrder("1_4", "1", "4", storage.registry().sensors["1_4"].model, (readings,))
    )
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    (sensor,) = storage.report(call).sensors
    assert (sensor.state, sensor.readings) == (SensorState.SCORED, 61)
    last = storage.get(Container.PREDICTIONS, "2018/08/29/02/1_4.csv").decode().splitlines()[-1]
    assert last.startswith("2018-08-29T02:59:59Z,1,4,99,1,-")


def test_readings_under_maintenance_are_not_trained_on(storage: Storage, scorer: Scorer) -> None:
    """The command finds the labels itself; one that it cannot read is named."""
    a_fleet(storage, "1_4")
    first = int(BEFORE.start.timestamp()) * 1000
    label = SpanLabel(
        sensor="1_4",
        id=LabelId(first, first + 9 * 60_000, "0123456789ab"),
        kind=LabelKind.MAINTENANCE,
        by="ada",
        at="2018-08-29T03:00:00.000000Z",
    )
    storage.put(Container.DATA, span_label_blob("1_4", str(label.id)), label.to_json())
    damaged = span_label_blob("1_4", str(replace(label.id, token="ba9876543210")))
    storage.put(Container.DATA, damaged, "?")
    done = scorer.train_here()
    (model,) = storage.registry().entry("1_4").versions.values()
    assert model.rows == 50
    assert f"{damaged} is ignored: label: is not JSON" in done.stderr


def test_training_again_on_the_same_readings_changes_nothing(storage: Storage, scorer: Scorer) -> None:
    """Names derive from content, so the second training finds its work done."""
    a_fleet(storage, "1_1", "1_2")
    scorer.train_here()
    names, registry = storage.names(Container.MODELS), storage.get(Container.MODELS, REGISTRY_BLOB)
    assert scorer.train_here().returncode == ExitCode.SUCCESS
    assert storage.names(Container.MODELS) == names
    assert storage.get(Container.MODELS, REGISTRY_BLOB) == registry


def test_older_versions_stay(storage: Storage, scorer: Scorer) -> None:
    """A new model becomes current; an order can still name the old one."""
    a_fleet(storage, "1_1")
    scorer.train_here()
    old = storage.registry().sensors["1_1"].model
    scorer.train_here("--nu", "0.2")
    entry = storage.registry().sensors["1_1"]
    assert entry.current != old.version
    assert entry.versions[old.version].ref == old
    assert old.blob in storage.names(Container.MODELS)


def test_all_hours_of_the_range_are_read(storage: Storage, scorer: Scorer) -> None:
    """The range is half open, and an hour may have several files."""
    for hour in ("2018-08-28T22", "2018-08-28T23", "2018-08-29T00", "2018-08-29T01", "2018-08-29T02"):
        for file in ("0.csv", "1.csv"):
            lines = rows("1", "4", hour=RunHour.parse(hour), count=10)
            storage.put_readings("1_4", lines, hour=RunHour.parse(hour), file=file)
    done = scorer.train_here("--from", "2018-08-28T23", "--until", "2018-08-29T02")
    assert done.returncode == ExitCode.SUCCESS
    entry = storage.registry().sensors["1_4"]
    model = entry.versions[entry.current]
    assert model.rows == 60
    assert (str(model.trained_from), str(model.trained_until)) == ("2018-08-28T23", "2018-08-29T02")


def test_a_sensor_with_too_few_readings_is_left_out_by_name(storage: Storage, scorer: Scorer) -> None:
    """The others are trained and published, and the exit code says that one was not."""
    a_fleet(storage, "1_1", "1_2")
    storage.put_readings("9_9", [*rows("9", "9", count=5), "x,9,9,1"], hour=BEFORE)
    done = scorer.train_here()
    assert done.returncode == ExitCode.PARTLY_FAILED
    assert done.stderr == "9_9: only 5 readings; 30 required (1 unreadable)\n"
    assert list(storage.registry().sensors) == ["1_1", "1_2"]


def test_if_no_sensor_can_be_trained_nothing_is_published(storage: Storage, scorer: Scorer) -> None:
    """The exit code is that of a data fault."""
    a_fleet(storage, "1_1")
    done = scorer.train_here("--min-rows", "61")
    assert done.returncode == ExitCode.DATA
    assert storage.names(Container.MODELS) == []


def test_no_readings_at_all_are_told_at_once(scorer: Scorer) -> None:
    """An empty range is a data fault, in one sentence."""
    done = scorer.train_here()
    assert done.returncode == ExitCode.DATA
    assert done.stderr == "there are no readings from 2018-08-29T01 until 2018-08-29T02\n"


def test_sensors_that_join_to_one_text_have_models_of_their_own(storage: Storage, scorer: Scorer) -> None:
    """Device a_b with tag c, and device a with tag b_c, never share readings or a model."""
    storage.put_readings("a__b_c", rows("a_b", "c"), hour=BEFORE)
    storage.put_readings("a_b_c", rows("a", "b_c"), hour=BEFORE)
    assert scorer.train_here().returncode == ExitCode.SUCCESS
    sensors = storage.registry().sensors
    assert {sensor: (entry.device, entry.tag) for sensor, entry in sensors.items()} == {
        "a__b_c": ("a_b", "c"),
        "a_b_c": ("a", "b_c"),
    }


def test_an_id_that_the_registry_knows_keeps_its_meaning(storage: Storage, scorer: Scorer) -> None:
    """A registry of an earlier version may have the id for another pair, whose readings it must not get."""
    storage.put_readings("a_b_c", rows("a", "b_c"), hour=BEFORE)
    assert scorer.train_here().returncode == ExitCode.SUCCESS
    before = storage.get(Container.MODELS, REGISTRY_BLOB).replace(b'"a"', b'"a_b"').replace(b'"b_c"', b'"c"')
    storage.put(Container.MODELS, REGISTRY_BLOB, before)
    done = scorer.train_here()
    assert done.returncode == ExitCode.DATA
    assert (
        "a_b_c: its id belongs to device 'a_b' tag 'c' and cannot also name device 'a' tag 'b_c'"
        in done.stderr
    )
    assert storage.get(Container.MODELS, REGISTRY_BLOB) == before


def test_a_stuck_sensor_can_be_trained(storage: Storage, scorer: Scorer) -> None:
    """Constant readings give a model that labels as scikit-learn would."""
    lines = [f"2018-08-29T01:{n:02}:00Z,1,4,21.7" for n in range(60)]
    storage.put_readings("1_4", lines, hour=BEFORE)
    assert scorer.train_here().returncode == ExitCode.SUCCESS


def test_a_damaged_registry_is_left_alone(storage: Storage, scorer: Scorer) -> None:
    """It is never overwritten, and nothing is trained."""
    a_fleet(storage, "1_1")
    storage.put(Container.MODELS, REGISTRY_BLOB, "{}")
    done = scorer.train_here()
    assert done.returncode == ExitCode.MODEL
    assert "the registry is damaged and was left alone" in done.stderr
    assert storage.names(Container.MODELS) == [REGISTRY_BLOB]


def test_models_cannot_be_published_in_a_folder(storage: Storage, scorer: Scorer, tmp_path: Path) -> None:
    """The registry needs conditional writes."""
    environ = {**storage.environ({Container.DATA: "rl"}), "SCORING_MODELS_URL": tmp_path.as_uri()}
    done = scorer.run_here("train", "--from", "2018-08-29T01", "--until", "2018-08-29T02", environ=environ)
    assert done.returncode == ExitCode.ORDER
    assert "the registry needs conditional writes" in done.stderr


def test_a_model_file_says_where_it_comes_from(storage: Storage, scorer: Scorer) -> None:
    """Provenance states sensor, hours and settings, but not the time of training."""
    a_fleet(storage, "1_4")
    scorer.train_here("--gamma", "0.5")
    model = json.loads(storage.get(Container.MODELS, storage.registry().sensors["1_4"].model.blob))
    origin = model["provenance"]
    assert (origin["sensor"], origin["device"], origin["tag"]) == ("1_4", "1", "4")
    assert (origin["trained_from"], origin["trained_until"]) == ("2018-08-29T01", "2018-08-29T02")
    assert (origin["nu"], origin["gamma"], model["kernel"]["gamma"], origin["rows"]) == (0.01, 0.5, 0.5, 60)


def test_trainings_at_the_same_time_do_not_lose_each_others_work(storage: Storage) -> None:
    """The later one reads the registry again and adds to what the earlier one published."""
    models = open_container(Container.MODELS, storage.environ({Container.MODELS: "rcw"}))
    start = Catalogue.read(models)
    publish(start, models, [trained("1_1", tag="1")])
    again = Catalogue.read(models)
    publish(again, models, [trained("1_2", tag="2")])
    publish(again, models, [trained("1_1", "v2", tag="1"), trained("1_3", tag="3")])
    sensors = storage.registry().sensors
    assert {name: entry.current for name, entry in sensors.items()} == {"1_1": "v2", "1_2": "v1", "1_3": "v1"}
    assert sorted(sensors["1_1"].versions) == ["v1", "v2"]


def test_publishing_gives_up_when_others_always_win(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of tries is bounded."""
    models = open_container(Container.MODELS, storage.environ({Container.MODELS: "rcw"}))
    stale = Catalogue.read(models)
    publish(stale, models, [trained("1_1", tag="1")])
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    with pytest.raises(BlobConflict):
        publish(stale, models, [trained("1_2", tag="2")])


def test_an_id_that_changed_its_meaning_meanwhile_is_refused(storage: Storage) -> None:
    """The check is repeated against the registry that is about to be overwritten."""
    models = open_container(Container.MODELS, storage.environ({Container.MODELS: "rcw"}))
    stale = Catalogue.read(models)
    publish(stale, models, [trained("a_b_c", device="a_b", tag="c")])
    news = [trained("a_b_c", device="a", tag="b_c"), trained("1_1", tag="1")]
    published = publish(stale, models, news)
    assert "belongs to device 'a_b' tag 'c'" in published.refused["a_b_c"]
    assert published.registry == storage.registry()
    assert set(published.registry.sensors) == {"a_b_c", "1_1"}, "the others are published"


def test_publishing_leaves_the_given_registry_alone() -> None:
    """Values are never changed in place."""
    before = Registry().publishing([trained(version="v1")])
    after = before.publishing([trained(version="v2")])
    assert list(before.sensors["1_4"].versions) == ["v1"]
    assert (after.sensors["1_4"].current, sorted(after.sensors["1_4"].versions)) == ("v2", ["v1", "v2"])


@pytest.mark.behaviour("training-bad-member")
def test_a_fault_that_nobody_foresaw_refuses_its_sensor_alone(
    storage: Storage, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its traceback is printed; the others are trained and published, and the exit code says so."""
    break_fits_of(monkeypatch, above=500)
    a_fleet(storage, "1_4")
    storage.put_readings("1_5", [row.replace(",1,5,", ",1,5,9999") for row in rows("1", "5")], hour=BEFORE)
    done = scorer.train_here()
    assert done.returncode == ExitCode.PARTLY_FAILED
    assert "1_5: an internal error of the scorer (RuntimeError); see stderr" in done.stderr
    assert "RuntimeError: out of luck" in done.stderr
    assert set(storage.registry().sensors) == {"1_4"}


@pytest.mark.behaviour("training-bad-member")
def test_an_unreadable_file_refuses_the_sensor_whose_it_is(storage: Storage, scorer: Scorer) -> None:
    """A damaged file of one pack member leaves the others their models."""
    a_fleet(storage, "1_4", "1_5")
    scorer.train_here()
    console = Console(io.StringIO(), io.StringIO())
    packed = main(("models", "pack"), storage.environ({Container.MODELS: "rcw"}), console)
    assert packed == ExitCode.SUCCESS
    shared = "\n".join([HEADER, *rows("1", "4"), *rows("1", "5")])
    storage.put(Container.DATA, f"{packed_readings_prefix(BEFORE, 'p0001')}0.csv", shared)
    storage.put(Container.DATA, f"{readings_prefix(BEFORE, '1_5')}1.csv.gz", gzip.compress(b"x" * 99)[:-9])
    done = scorer.train_here()
    assert done.returncode == ExitCode.PARTLY_FAILED
    assert done.stderr.startswith("1_5: ")
    assert "cannot be read as gzip" in done.stderr
    assert "1 sensors trained, 1 refused" in done.stdout
