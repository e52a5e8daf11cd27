"""``python -m scorer models`` as people type it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from scorer.__main__ import main
from scorer.console import Console
from scorer.models.format import FORMAT, load_model, render_model
from scorer.models.kernels import Rbf
from scorer.models.ocsvm import OneClassSvm
from scoring_contract.hour import RunHour
from scoring_contract.layout import PACKS_BLOB, REGISTRY_BLOB, Container, packed_readings_prefix
from scoring_contract.messages.invocation import ExitCode
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, TrainedModel, TrainedSensor
from tests.scorer.training.test_train import a_fleet, rows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scorer.conftest import Scorer, Storage


def typed(storage: Storage, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the fewest permissions that suffice."""
    out, err = io.StringIO(), io.StringIO()
    code = main(["models", *words], storage.environ({Container.MODELS: "rcw"}), Console(out, err))
    return subprocess.CompletedProcess([*words], code, out.getvalue(), err.getvalue())


def versions(storage: Storage, scorer: Scorer, sensor: str = "1_4") -> tuple[str, str]:
    """Train a sensor twice; return its versions, of which the second is current."""
    a_fleet(storage, sensor)
    scorer.train_here()
    first = storage.registry().entry(sensor).current
    scorer.train_here("--nu", "0.2")
    return first, storage.registry().entry(sensor).current


def a_model_file(folder: Path, gamma: float = 1.0) -> Path:
    """Write a model file from elsewhere."""
    model = OneClassSvm(
        np.array([10.0]), np.array([2.0]), Rbf(gamma), np.array([[0.0]]), np.array([1.0]), -0.3
    )
    file = folder / "model.json"
    file.write_bytes(render_model(model, {}))
    return file


def test_list_shows_a_line_for_each_sensor(storage: Storage, scorer: Scorer) -> None:
    """Columns are aligned; ``--json`` gives the same facts."""
    assert typed(storage, "list").stdout.startswith("SENSOR  DEVICE  TAG  PACK  CURRENT")
    first, second = versions(storage, scorer)
    shown = typed(storage, "list")
    assert shown.returncode == ExitCode.SUCCESS
    heading, line = shown.stdout.splitlines()
    assert line.split() == [
        *("1_4", "1", "4", "-", second),
        *("2018-08-29T01", "until", "2018-08-29T02", "2"),
    ]
    assert heading.index("CURRENT") == line.index(second)
    facts = {"sensor": "1_4", "device": "1", "tag": "4", "pack": "", "current": second}
    assert json.loads(typed(storage, "list", "--json").stdout) == [
        {**facts, "versions": sorted([first, second])}
    ]


def test_show_tells_the_versions_and_the_way_back(storage: Storage, scorer: Scorer) -> None:
    """It shows versions and history; the JSON is the registry's own form."""
    first, second = versions(storage, scorer)
    lines = typed(storage, "show", "1_4").stdout.splitlines()
    assert lines[:2] == ["1_4: device 1, tag 4, pack none", f"rollback goes to {first}"]
    current = next(line for line in lines if line.startswith("current"))
    assert second in current
    shown = json.loads(typed(storage, "show", "1_4", "--json").stdout)
    assert shown == {"sensor": "1_4", **storage.registry().entry("1_4").to_json()}


def test_promote_and_rollback_change_who_is_current(storage: Storage, scorer: Scorer) -> None:
    """Rollback undoes the last change, whatever it was; the files stay."""
    first, second = versions(storage, scorer)
    assert typed(storage, "promote", "1_4", first).stdout == f"1_4: {first} is current, was {second}\n"
    assert typed(storage, "promote", "1_4", first).stdout == f"1_4: {first} is current already\n"
    assert typed(storage, "rollback", "1_4").stdout == f"1_4: {second} is current, was {first}\n"
    assert typed(storage, "rollback", "1_4").stdout == f"1_4: {first} is current, was {second}\n"
    entry = storage.registry().entry("1_4")
    assert (entry.current, entry.former, sorted(entry.versions)) == (first, (), sorted([first, second]))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(["show", "9_9"], "the registry has no sensor '9_9'", id="no-sensor"),
        pytest.param(["promote", "1_4", "v9"], "1_4: there is no version 'v9', only 2018", id="no-version"),
        pytest.param(["rollback", "1_4"], "is its first current version", id="no-way-back"),
        pytest.param(
            ["add", "1_4", "--device", "2", "--tag", "4", "README.md"],
            "device '2' tag '4' is sensor 2_4, not 1_4",
            id="another-sensor",
        ),
        pytest.param(
            ["add", "1_4", "--device", "1", "--tag", "4", "README.md"],
            "the file is not a model",
            id="no-model",
        ),
        pytest.param(
            ["add", "1_4", "--device", "1", "--tag", "4", "/none"], "/none cannot be read", id="no-file"
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    storage: Storage, scorer: Scorer, words: list[str], sentence: str
) -> None:
    """The registry stays as it is."""
    a_fleet(storage, "1_4")
    scorer.train_here()
    before = storage.get(Container.MODELS, REGISTRY_BLOB)
    done = typed(storage, *words)
    assert done.returncode in {ExitCode.ORDER, ExitCode.MODEL}
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert storage.get(Container.MODELS, REGISTRY_BLOB) == before


def test_a_reader_may_stop_early(storage: Storage) -> None:
    """Piping a long list into head causes neither traceback nor failure."""
    model = TrainedModel(ModelRef("v1", "m.json", "0" * 64, FORMAT), None, None, 0, {})
    fleet = [TrainedSensor(f"1_{number}", "1", str(number), model) for number in range(3000)]
    storage.put(Container.MODELS, REGISTRY_BLOB, Registry().publishing(fleet).to_json())
    with subprocess.Popen(
        [sys.executable, "-m", "scorer", "models", "list"],
        env={"PYTHONPATH": os.pathsep.join(sys.path), **storage.environ({Container.MODELS: "r"})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"SENSOR")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == ExitCode.SUCCESS


@pytest.mark.parametrize("words", [(), ("lost",), ("promote", "1_4"), ("pack", "--size", "0")])
def test_a_wrong_command_line_is_an_order_fault(storage: Storage, words: tuple[str, ...]) -> None:
    """It prints the usage."""
    with pytest.raises(SystemExit) as caught:
        typed(storage, *words)
    assert caught.value.code == ExitCode.ORDER


def test_a_file_that_somebody_made_becomes_current(storage: Storage, scorer: Scorer, tmp_path: Path) -> None:
    """It is checked as scoring would check it, and a rollback undoes it."""
    _, second = versions(storage, scorer)
    done = typed(storage, "add", "1_4", "--device", "1", "--tag", "4", str(a_model_file(tmp_path)))
    assert done.returncode == ExitCode.SUCCESS
    entry = storage.registry().entry("1_4")
    assert entry.current.startswith("added-")
    assert (entry.model.format, entry.versions[entry.current].trained_from) == (FORMAT, None)
    model = load_model(storage.get(Container.MODELS, entry.model.blob), entry.model)
    assert isinstance(model, OneClassSvm)
    assert model.kernel == Rbf(1.0)
    assert "elsewhere" in typed(storage, "list").stdout
    typed(storage, "rollback", "1_4")
    assert storage.registry().entry("1_4").current == second


def test_a_first_model_can_be_added(storage: Storage, tmp_path: Path) -> None:
    """No registry need exist before."""
    assert typed(storage, "add", "7_1", "--device", "7", "--tag", "1", str(a_model_file(tmp_path))).stdout
    assert list(storage.registry().sensors) == ["7_1"]


def test_a_file_that_scoring_would_refuse_is_not_published(storage: Storage, tmp_path: Path) -> None:
    """Nothing is written."""
    file = a_model_file(tmp_path)
    file.write_bytes(file.read_bytes().replace(b'"intercept": -0.3', b'"intercept": "no"'))
    done = typed(storage, "add", "7_1", "--device", "7", "--tag", "1", str(file))
    assert done.returncode == ExitCode.MODEL
    assert "intercept" in done.stderr
    assert storage.names(Container.MODELS) == []


def slices(storage: Storage) -> dict[str, bytes]:
    """Cut the current models out of their pack files."""
    found = {}
    for sensor, entry in storage.registry().sensors.items():
        place = entry.model.pack
        if place:
            whole = storage.get(Container.MODELS, place.blob)
            found[sensor] = whole[place.offset : place.offset + place.length]
    return found


def test_a_pack_file_holds_the_very_bytes_of_the_models(storage: Storage, scorer: Scorer) -> None:
    """Each slice has the digest of the single file, and one request fetches the whole pack."""
    a_fleet(storage, "1_1", "1_2", "2_1")
    scorer.train_here()
    done = typed(storage, "pack", "--size", "2")
    assert done.stdout == "3 sensors in 2 packs; 2 pack files written\n"
    registry = storage.registry()
    assert {sensor: entry.pack for sensor, entry in registry.sensors.items()} == {
        "1_1": "p0001",
        "1_2": "p0001",
        "2_1": "p0002",
    }
    for sensor, data in slices(storage).items():
        assert data == storage.get(Container.MODELS, registry.entry(sensor).model.blob)
        load_model(data, registry.entry(sensor).model)  # raises if it cannot be read
    assert (
        storage.get(Container.MODELS, PACKS_BLOB)
        == b"Device,Tag,Pack,Sensor\n1,1,p0001,1_1\n1,2,p0001,1_2\n2,1,p0002,2_1\n"
    )
    places = [registry.entry(sensor).model.pack for sensor in ("1_1", "1_2")]
    assert len({place.blob for place in places if place}) == 1


def test_packing_again_writes_what_has_changed(storage: Storage, scorer: Scorer) -> None:
    """Only packs with a new model or sensor get a new file, and no sensor changes its pack."""
    a_fleet(storage, "1_1", "1_2", "2_1")
    scorer.train_here()
    typed(storage, "pack", "--size", "2")
    before = storage.get(Container.MODELS, REGISTRY_BLOB)
    assert typed(storage, "pack", "--size", "2").stdout.endswith("0 pack files written\n")
    assert storage.get(Container.MODELS, REGISTRY_BLOB) == before
    a_fleet(storage, "1_0")
    scorer.train_here()
    assert typed(storage, "pack", "--size", "2").stdout == "4 sensors in 2 packs; 1 pack files written\n"
    assert storage.registry().entry("1_0").pack == "p0002"
    assert set(slices(storage)) == {"1_0", "1_1", "1_2", "2_1"}
    typed(storage, "pack", "--size", "2", "--again")
    assert storage.registry().entry("1_0").pack == "p0001"
    registry = storage.registry()
    assert slices(storage) == {
        sensor: storage.get(Container.MODELS, entry.model.blob) for sensor, entry in registry.sensors.items()
    }


@pytest.mark.parametrize("harm", ["gone", "altered", "of an earlier version"])
def test_packing_writes_a_file_anew_that_is_not_whole(storage: Storage, scorer: Scorer, harm: str) -> None:
    """The command named in scoring's error message repairs the pack file."""
    a_fleet(storage, "1_1", "1_2")
    scorer.train_here()
    typed(storage, "pack")
    registry = storage.registry().to_json()
    (blob,) = {entry.model.pack.blob for entry in storage.registry().sensors.values() if entry.model.pack}
    whole = storage.get(Container.MODELS, blob)
    if harm == "altered":
        storage.put(Container.MODELS, blob, whole.replace(b"Value", b"Other"))
    else:
        storage.service.get_blob_client(storage.name_of(Container.MODELS), blob).delete_blob()
    if harm == "of an earlier version":
        storage.put(Container.MODELS, f"{blob[:30]}.jsonl", whole)
        storage.put(Container.MODELS, REGISTRY_BLOB, registry.replace(blob, f"{blob[:30]}.jsonl"))
    assert typed(storage, "pack").stdout.endswith("1 pack files written\n")
    assert storage.get(Container.MODELS, blob) == whole
    assert typed(storage, "pack").stdout.endswith("0 pack files written\n")


def test_an_altered_model_stays_out_of_its_pack_file(storage: Storage, scorer: Scorer) -> None:
    """The command names it and packs the others."""
    a_fleet(storage, "1_1", "1_2")
    scorer.train_here()
    storage.put(Container.MODELS, storage.registry().entry("1_1").model.blob, "{}")
    done = typed(storage, "pack")
    assert done.returncode == ExitCode.PARTLY_FAILED
    assert done.stderr.startswith("1_1: 1_1/")
    assert set(slices(storage)) == {"1_2"}


def test_training_reads_what_a_pack_shares(storage: Storage, scorer: Scorer) -> None:
    """The registry tells which sensors a pack's files may hold, and a sensor stays in its pack."""
    a_fleet(storage, "1_1", "1_2")
    scorer.train_here()
    typed(storage, "pack")
    hour = RunHour.parse("2018-08-29T02")
    lines = [*rows("1", "1", hour=hour), *rows("1", "2", hour=hour), *rows("8", "8", hour=hour)]
    text = "\n".join(["TS,Device,Tag,Value", *lines]) + "\n"
    storage.put(Container.DATA, f"{packed_readings_prefix(hour, 'p0001')}0.csv", text)
    done = scorer.train_here("--from", "2018-08-29T02", "--until", "2018-08-29T03")
    assert done.returncode == ExitCode.SUCCESS
    registry = storage.registry()
    assert {sensor: (entry.pack, len(entry.versions)) for sensor, entry in registry.sensors.items()} == {
        "1_1": ("p0001", 2),
        "1_2": ("p0001", 2),
    }


def test_broken_models_are_found_and_mended_from_what_is_there(storage: Storage, scorer: Scorer) -> None:
    """Restored from the pack file, byte for byte; else from the last intact version; else named."""
    first, second = versions(storage, scorer, "1_1")
    a_fleet(storage, "1_2", "1_3")
    scorer.train_here("--nu", "0.2")
    assert typed(storage, "verify").stdout == "3 current models checked, 0 broken\n"
    refs = {sensor: entry.model for sensor, entry in storage.registry().sensors.items()}
    storage.put(Container.MODELS, refs["1_3"].blob, "lost for good")
    typed(storage, "pack")
    storage.put(Container.MODELS, refs["1_2"].blob, storage.get(Container.MODELS, refs["1_2"].blob)[:50])
    found = typed(storage, "verify")
    assert found.returncode == ExitCode.MODEL
    assert [line.partition(":")[0] for line in found.stderr.splitlines()] == ["1_2", "1_3"]
    assert found.stdout == "3 current models checked, 2 broken; repair them with 'models repair'\n"
    done = typed(storage, "repair")
    assert done.returncode == ExitCode.MODEL
    assert done.stdout.startswith("1_2: restored from _packs/p0001/")
    assert "1_3: 1_3/" in done.stderr
    assert done.stderr.endswith("no intact copy or version: train it again\n")
    load_model(storage.get(Container.MODELS, refs["1_2"].blob), refs["1_2"])  # raises if it cannot be read

    registry = (
        storage.registry().to_json().replace('"pack": {', '"gone": {')
    )  # no file of many to mend it from
    storage.put(Container.MODELS, REGISTRY_BLOB, registry)
    storage.service.get_blob_client(storage.name_of(Container.MODELS), refs["1_1"].blob).delete_blob()
    assert f"1_1: rolled back to {first}, because {second} is broken" in typed(storage, "repair").stdout
    assert storage.registry().entry("1_1").current == first


@pytest.mark.parametrize("command", ["list", "verify", "repair", "pack"])
def test_a_damaged_registry_is_told_and_left_alone(storage: Storage, command: str) -> None:
    """One sentence says what is damaged, and it is not overwritten."""
    storage.put(Container.MODELS, REGISTRY_BLOB, "{")
    done = typed(storage, command)
    assert done.returncode == ExitCode.MODEL
    assert done.stderr.startswith("the registry is damaged and was left alone: registry: is not JSON: ")
    assert len(done.stderr.splitlines()) == 1
    assert storage.get(Container.MODELS, REGISTRY_BLOB) == b"{"
