"""Scoring from folders that a node mounts: what they lack, or have late, is never taken for silence."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from scorer.errors import StorageFault
from scorer.storage import open_container
from scoring_contract.access import MOUNTS_VARIABLE, mount_url, variable_of
from scoring_contract.errors import InvocationError
from scoring_contract.layout import Container, manifest_blob, prediction_blob, report_blob
from scoring_contract.messages.invocation import ExitCode, ScoreInvocation
from scoring_contract.messages.manifest import Manifest, ModelRef, SensorOrder
from scoring_contract.messages.planned_file import PlannedFile
from scoring_contract.messages.report import Cause, SensorState
from tests.scorer.conftest import HOUR, MODEL, PLANNED_AT, Scorer, Storage

if TYPE_CHECKING:
    from pathlib import Path

    from scoring_contract.messages.report import SensorReport

ROWS = ["2018-08-29T02:10:00Z,1,4,10.5", "2018-08-29T02:20:00Z,1,4,90.5"]
READINGS, MODELS = Container.DATA, Container.MODELS


@dataclass
class Node:
    """A node whose mounts have what Blob Storage has, until a test changes them."""

    storage: Storage
    root: Path

    def order(self, *files: list[str]) -> SensorOrder:
        """Store a model and files of readings, each file with these rows, and mount both."""
        data = json.dumps(MODEL).encode()
        model = ModelRef("v1", "1_4/v1/model.json", hashlib.sha256(data).hexdigest(), "ocsvm-json/2")
        self.storage.put(MODELS, model.blob, data)
        names = tuple(
            self.storage.put_readings("1_4", rows, file=f"{number}.csv") for number, rows in enumerate(files)
        )
        for container, blob in [(MODELS, model.blob), *((READINGS, name) for name in names)]:
            self.mount(container, blob)
        return SensorOrder("1_4", "1", "4", model, names)

    def path(self, container: Container, blob: str) -> Path:
        """Return where a blob is mounted."""
        return self.root / container.value / blob

    def mount(self, container: Container, blob: str) -> None:
        """Let the mount have a blob as it is now, with its time."""
        path = self.path(container, blob)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.storage.get(container, blob))
        written = self.planned(container, blob).modified.timestamp()
        os.utime(path, (written, written))

    def planned(self, container: Container, blob: str) -> PlannedFile:
        """Describe a blob as a plan that is made now finds it."""
        client = self.storage.service.get_blob_client(self.storage.name_of(container), blob)
        found = client.get_blob_properties()
        return PlannedFile(found.size, found.last_modified)

    def call(self, order: SensorOrder) -> ScoreInvocation:
        """Plan the hour now."""
        files = {blob: self.planned(READINGS, blob) for blob in order.readings}
        manifest = Manifest(HOUR, "run1", "group1", PLANNED_AT, (order,), files=files)
        blob = manifest_blob("run1", "group1")
        self.storage.put(Container.RUNS, blob, manifest.to_json())
        return ScoreInvocation(manifest=blob, report=report_blob("run1", "job1", "task1"))

    def score(self, call: ScoreInvocation) -> tuple[int, SensorReport]:
        """Score from the mounts, in this process; return the exit code and the sensor's report."""
        environ = self.storage.environ({Container.PREDICTIONS: "rcw", Container.RUNS: "rcw"})
        environ |= {variable_of(each): mount_url(each.value) for each in (READINGS, MODELS)}
        environ[MOUNTS_VARIABLE] = str(self.root)
        done = Scorer.run_here(*call.to_argv(), environ=environ)
        return done.returncode, self.storage.report(call).sensors[0]

    def fails(self, call: ScoreInvocation, *words: str) -> None:
        """Score; the sensor must fail so that it is tried again, and leave no predictions."""
        code, report = self.score(call)
        assert (code, report.state, report.cause) == (
            ExitCode.STORAGE,
            SensorState.FAILED,
            Cause.STORAGE,
        ), report
        assert all(word in report.reason for word in words), report.reason
        assert self.storage.names(Container.PREDICTIONS) == []


@pytest.fixture
def node(storage: Storage, tmp_path: Path) -> Node:
    """Return a node with two mounts."""
    return Node(storage, tmp_path / "fsmounts")


def test_predictions_from_mounts_are_those_over_http(node: Node, scorer: Scorer) -> None:
    """The same bytes, from a process that has no address of the two containers."""
    order = node.order(ROWS, ["2018-08-29T02:30:00Z,1,4,10.160"])
    call = node.call(order)
    assert scorer.score(call).returncode == ExitCode.SUCCESS
    over_http = node.storage.get(Container.PREDICTIONS, prediction_blob(HOUR, "1_4"))
    node.storage.delete(Container.PREDICTIONS, prediction_blob(HOUR, "1_4"))
    code, report = node.score(call)
    assert (code, report.state, report.readings) == (ExitCode.SUCCESS, SensorState.SCORED, 3)
    assert node.storage.get(Container.PREDICTIONS, prediction_blob(HOUR, "1_4")) == over_http


def test_a_silent_sensor_is_silent_below_a_mount_too(node: Node) -> None:
    """A file without rows that is the plan's file is silence, as over HTTP."""
    code, report = node.score(node.call(node.order([])))
    assert (code, report.state) == (ExitCode.SUCCESS, SensorState.SKIPPED)


@pytest.mark.behaviour("mount-lacks-readings")
@pytest.mark.parametrize("is_all", [True, False], ids=["an-empty-folder", "one-of-two-files"])
def test_readings_that_a_mount_lacks_are_no_silence(node: Node, *, is_all: bool) -> None:
    """The plan saw them in Blob Storage: neither is the sensor silent, nor is half of its hour its hour."""
    call = node.call(order := node.order(ROWS, ROWS[:1]))
    if is_all:
        shutil.rmtree(node.root / "data")
        (node.root / "data").mkdir()
    else:
        node.path(READINGS, order.readings[1]).unlink()
    node.fails(call, "the mount does not have it", "clear 'plan' with Downstream")


@pytest.mark.behaviour("mount-is-stale")
def test_an_hour_that_was_written_again_is_not_scored_from_a_cache(node: Node) -> None:
    """A plan that saw the new blob does not take the old file, though it is as long."""
    order = node.order(ROWS)
    path = node.path(READINGS, order.readings[0])
    node.storage.put_readings("1_4", [row.replace("0.5", "1.5") for row in ROWS])
    planned = node.planned(READINGS, order.readings[0])
    assert path.stat().st_size == planned.size
    earlier = (planned.modified - timedelta(seconds=1)).timestamp()
    os.utime(path, (earlier, earlier))
    node.fails(node.call(order), "the plan found", "clear 'plan'")
    node.mount(READINGS, order.readings[0])
    assert node.score(node.call(order))[1].state is SensorState.SCORED


@pytest.mark.parametrize(
    "content", [b"", b"TS,Device,Tag,Value\n", b"x" * 500], ids=["empty", "half", "more"]
)
def test_a_copy_that_is_not_the_blob_is_not_scored(node: Node, content: bytes) -> None:
    """A file that is being copied, or was written since the plan, is new enough and has another length."""
    call = node.call(order := node.order(ROWS))
    node.path(READINGS, order.readings[0]).write_bytes(content)
    node.fails(call, f"{len(content)} bytes", f"{node.planned(READINGS, order.readings[0]).size} bytes")


def test_a_later_copy_of_the_same_blob_counts(node: Node) -> None:
    """A file server has the time of the copy, which is later than the blob's."""
    call = node.call(order := node.order(ROWS))
    os.utime(node.path(READINGS, order.readings[0]))
    assert node.score(call)[1].state is SensorState.SCORED


@pytest.mark.parametrize("content", [None, b"{"], ids=["none", "another"])
def test_a_model_that_a_mount_lacks_may_be_there_soon(node: Node, content: bytes | None) -> None:
    """Unlike a model that is gone or altered in Blob Storage, it is worth another try."""
    call = node.call(order := node.order(ROWS))
    path = node.path(MODELS, order.model.blob)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    node.fails(call, "the mount is not as registered")


def test_a_node_without_the_mount_says_so(tmp_path: Path) -> None:
    """Whether the pool mounts nothing, or not this."""
    environ = {variable_of(READINGS): mount_url("data")}
    with pytest.raises(InvocationError, match=MOUNTS_VARIABLE):
        open_container(READINGS, environ)
    with pytest.raises(StorageFault, match="is not mounted"):
        open_container(READINGS, {**environ, MOUNTS_VARIABLE: str(tmp_path)})


def test_a_manifest_without_mounts_says_nothing_of_files(node: Node) -> None:
    """Manifests of large fleets stay as short as they were."""
    manifest = Manifest(HOUR, "run1", "group1", PLANNED_AT, (node.order(ROWS),))
    assert '"files": {}' in manifest.to_json()
    assert Manifest.from_json(manifest.to_json()) == replace(manifest, files={})
