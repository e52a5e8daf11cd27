"""Late readings: those within the wait are scored, those after it are found."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.loader import lay_out
from ingest.simulator import Fleet
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container, prediction_blob, readings_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_stack.stack import Stack

DAG = "hourly_scoring"
_WAITS = [timedelta(seconds=seconds) for seconds in (30, 60, 240)]
"""From Airflow's start on. On a busy machine the first ones may be over before the run gets to wait."""
_TO_SEND = timedelta(seconds=10)
"""What a wait has left when a reading is sent; with less it could come too late, and prove nothing."""

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture
def hour() -> RunHour:
    """Return an hour that is due at any minute: of the last one, late readings may still be expected."""
    return RunHour.containing(datetime.now(UTC)).previous.previous


@pytest.fixture
def stack(tmp_path: Path, hour: RunHour) -> Iterator[Stack]:
    """Run a stack with one sensor that is trained and has readings in the hour."""
    first = RunHour(hour.start - timedelta(hours=2))
    with running_stack(Workspace(tmp_path, tmp_path / "results")) as stack:
        readings = Fleet(devices=1, tags=1).readings(first, 3)
        lay_out(readings, stack.storage.container(Container.DATA), source="simulated")
        stack.train(first, hour)
        yield stack


def send(stack: Stack, hour: RunHour, name: str, at: str) -> None:
    """Write one more reading of the sensor, in a file of its own."""
    row = f"TS,Device,Tag,Value\n{hour.start:%Y-%m-%d %H}:{at},1,1,3.5\n"
    blob = f"{readings_prefix(hour, '1_1')}{name}.csv"
    stack.storage.container(Container.DATA).upload_blob(blob, row)


def has_waited(stack: Stack, hour: RunHour, wait: timedelta) -> bool:
    """Score the hour and send a reading while the run waits; return whether it waited."""
    until = datetime.now(UTC) + wait
    lateness = until - hour.end
    airflow = stack.airflow({"SENSOR_SCORING_LATENESS_MINUTES": str(lateness / timedelta(minutes=1))})
    log, waited = stack.workspace.logs / "airflow.log", False
    with closing(airflow.test_dag(DAG, hour, log=log, params={"hour": str(hour)})) as lines:
        for line in lines:
            if "when late readings have arrived" in line and datetime.now(UTC) < until - _TO_SEND:
                send(stack, hour, "inside", "59:58.111")
                waited = True
    return waited


def predictions(stack: Stack, hour: RunHour) -> str:
    """Return the sensor's predictions."""
    blob = stack.storage.container(Container.PREDICTIONS).download_blob(prediction_blob(hour, "1_1"))
    return blob.readall().decode()


def missing(hour: RunHour, environ: dict[str, str]) -> tuple[int, str]:
    """Run `missing`; return exit code and output."""
    words = ["-m", "sensor_scoring.missing_hours", "--from", str(hour), "--to", str(hour.next)]
    done = subprocess.run([sys.executable, *words], env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.behaviour("late-readings")
def test_readings_inside_the_wait_are_scored_and_later_ones_are_found(stack: Stack, hour: RunHour) -> None:
    """The run waits for the first; the second makes the hour incomplete."""
    airflow = stack.airflow()
    assert any(has_waited(stack, hour, wait) for wait in _WAITS)
    assert ":59:58.111" in predictions(stack, hour)

    environ = {**airflow.environ(), "PYTHONPATH": ":".join(sys.path)}
    assert missing(hour, environ) == (0, f"All 1 hours from {hour} up to {hour.next} are complete.\n")
    send(stack, hour, "after", "59:59.222")
    code, printed = missing(hour, environ)
    assert code == 1
    assert "1 sensor with readings newer than their predictions (1_1)" in printed
