"""``airflow dags test`` for every DAG that we ship, on both databases that Airflow supports best."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from ingest.files.readings_files import ReadingsFiles
from local_stack.airflow.local import COMMAND
from local_stack.bootstrap import ROOT
from local_stack.hour import lay_out_files, train
from local_stack.services.postgres import running_postgres
from local_stack.stack import running_stack
from tests.integration.conftest import HOUR, Folders
from tests.support.receivers import running_webhook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_stack.airflow.local import LocalAirflow
    from local_stack.stack import Stack
    from tests.support.receivers import Webhook

DAGS = sorted(file.stem for file in (ROOT / "dags").glob("*.py"))
DATE = HOUR.end.strftime("%Y-%m-%dT%H:%M:%S+00:00")
ASKED_OF_TRAINING = (
    '{"from": "2026-01-05T07", "until": "2026-01-05T09", "evaluate_from": "2026-01-05T09",'
    ' "evaluate_until": "2026-01-05T10"}'
)

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, readings: Path) -> Iterator[Stack]:
    """Run a stack with readings and models."""
    root = tmp_path_factory.mktemp("dags-test")
    with running_stack(Folders(root, root / "results")) as stack:
        train(stack, lay_out_files(stack, ReadingsFiles([readings])), HOUR)
        yield stack


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    """Run the web server that alerts go to."""
    with running_webhook() as webhook:
        yield webhook


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def airflow(
    request: pytest.FixtureRequest,
    stack: Stack,
    webhook: Webhook,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LocalAirflow]:
    """Make an Airflow with a database of its own."""
    folder = tmp_path_factory.mktemp(request.param)
    settings = {
        "SENSOR_SCORING_LATENESS_MINUTES": "0",
        "SENSOR_SCORING_NOTIFY": "apprise",
        "AIRFLOW_CONN_APPRISE_DEFAULT": webhook.connection,
    }
    with ExitStack() as parts:
        if request.param == "postgresql":
            database = parts.enter_context(running_postgres(folder / "postgres", log=folder / "postgres.log"))
            settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = database.url
        yield stack.airflow(settings, home=folder / "airflow")


def airflow_says(airflow: LocalAirflow, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run an Airflow command."""
    environ = airflow.environ() | settings
    return subprocess.run([*COMMAND, *words], env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("dag_id", DAGS)
def test_each_dag_runs_to_a_good_end(airflow: LocalAirflow, dag_id: str) -> None:
    """Exit code 0, as people see who try the package on a laptop."""
    conf = ["--conf", ASKED_OF_TRAINING] if dag_id == "train_models" else []
    done = airflow_says(airflow, "dags", "test", dag_id, DATE, *conf)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.behaviour("late-run")
def test_a_run_that_never_began_is_told_of_once(airflow: LocalAirflow, webhook: Webhook) -> None:
    """A paused DAG's run leaves no trace in Blob Storage, and looking twice sends one alert."""
    webhook.bodies.clear()
    known = airflow_says(airflow, "dags", "reserialize")
    assert known.returncode == 0, known.stderr[-2000:]
    # Another date than that of the test above, which has a run by now.
    other = HOUR.next.end.isoformat()
    asked = airflow_says(
        airflow,
        "dags",
        "trigger",
        "hourly_scoring",
        "--logical-date",
        other,
        "--run-id",
        f"waits-{airflow.home.parent.name}",  # what was told lies in storage, which both databases share
        "--conf",
        json.dumps({"hour": str(HOUR)}),
    )
    assert asked.returncode == 0, asked.stderr[-2000:]
    for date in (DATE, HOUR.next.end.isoformat()):
        done = airflow_says(airflow, "dags", "test", "late_runs", date, SENSOR_SCORING_LATE_MINUTES="0.001")
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    (body,) = webhook.bodies
    assert body["title"] == f"running: sensor scoring of {HOUR}: late"
    assert body["message"].splitlines()[0] == "Late: it has not started 0.001 minutes after it was due"
