"""The preflight of a running Airflow, as a command and as a DAG; one sensor is scored and leaves nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scoring_contract.layout import Container
from tests.integration.world import LONG

if TYPE_CHECKING:
    from tests.integration.world import World

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


def blobs(world: World) -> list[str]:
    """Return the names of all blobs but those of readings."""
    names = [name for name in Container if name is not Container.DATA]
    return [
        f"{name}/{blob}" for name in names for blob in world.stack.storage.container(name).list_blob_names()
    ]


def test_one_sensor_is_scored_by_the_command_and_nothing_is_left(world: World) -> None:
    """A whole deployment lacks nothing; predictions, jobs and blobs are those of before."""
    before, jobs = blobs(world), {job.id for job in world.batch.list_jobs()}
    words = ["-m", "sensor_scoring.preflight", "--try", "--json"]
    environ = {**world.cluster.airflow.environ(), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, *words], env=environ, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    found = {finding["check"]: finding for finding in report["findings"]}
    assert (done.returncode, report["is_ready"]) == (0, True), report
    assert found["one sensor"]["verdict"] == "fine", found["one sensor"]
    assert found["Airflow's processes"]["sentence"] == "scheduler, triggerer and dag-processor are alive"
    assert blobs(world) == before
    assert {job.id for job in world.batch.list_jobs() if job.state == "active"} <= jobs


def test_the_dag_is_green_if_nothing_is_missing(world: World) -> None:
    """What was found is in the log of its one task."""
    run = world.web.trigger("preflight")
    assert world.web.wait_for_run("preflight", run, seconds=LONG) == "success"
    assert "Nothing is missing" in world.web.log("preflight", run, "look")
