"""The pages behind the operators' links, against the emulator and Azurite, without Airflow's sign-in."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from sensor_scoring import ids
from sensor_scoring.batch_task import BatchTaskTemplate, Grants, Names
from sensor_scoring.plan import Plan
from sensor_scoring.ui.pages import app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOUR = RunHour.parse("2018-08-29T02")
DAG, RUN, TASK = "hourly_scoring", "manual__2018-08-29T03:00:00+00:00", "score"
BASE = ids.run_base("scoring", HOUR, dag_id=DAG, run_id=RUN)
JOB = ids.job_id(BASE, generation=2)
BATCH_TASK = str(ids.AttemptId(ids.group_key("1_1"), 2, 0))
PAIR = "1_2..1_3"


def address(rest: str, *, dag: str = DAG, job: str = JOB) -> str:
    """Write the address of a page, as a link does."""
    return f"/dags/{dag}/runs/{quote(RUN, safe='')}/tasks/{TASK}/jobs/{job}/{rest}"


@pytest.fixture
def world(account: Any, storage: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Run a Batch task that prints markup, in a run with a plan; connect the pages to both services."""
    monkeypatch.setenv("SENSOR_SCORING_BATCH_CONN_ID", "batch_for_tests")
    monkeypatch.setenv("SENSOR_SCORING_WASB_CONN_ID", "wasb_for_tests")
    account.pool()
    account.job(JOB)
    template = BatchTaskTemplate(
        command=["/bin/sh", "-c", "echo '<b>said</b>'"], log_folder="{run}/{job}/{task}"
    )
    grants = Grants({"SECRET_URL": "https://example.com/?sig=secret"})
    account.hook.add_task(JOB, template.request(Names("<i>1_1</i>", JOB, BATCH_TASK), grants))
    account.ended(BATCH_TASK, job=JOB)
    plan = Plan(
        hour=HOUR,
        run=BASE,
        planned_at="2018-08-29T03:05:00.000000Z",
        groups={"1_1": ("1_1",), PAIR: ("1_2", "1_3")},
        silent=(),
        unmodelled=(),
    )
    storage.container(Container.RUNS).upload_blob(layout.plan_blob(BASE), plan.to_json(), overwrite=True)
    for sensor in ("1_1", "1_3"):
        blob = layout.prediction_blob(HOUR, sensor)
        storage.container(Container.PREDICTIONS).upload_blob(blob, f"rows of {sensor}", overwrite=True)
    yield account
    for container in (Container.RUNS, Container.PREDICTIONS):
        for name in list(storage.container(container).list_blob_names()):
            storage.container(container).delete_blob(name)


@pytest.fixture
def browser() -> Iterator[TestClient]:
    """Open a browser that is signed in."""
    checks = {
        dependency.call: lambda: None
        for route in app.routes
        if isinstance(route, APIRoute)
        for dependency in get_flat_dependant(route.dependant).dependencies
        if "requires_access_dag" in getattr(dependency.call, "__qualname__", "")
    }
    app.dependency_overrides.update(checks)
    yield TestClient(app)
    app.dependency_overrides.clear()


def test_every_page_asks_airflow_whether_the_user_may(world: Any) -> None:
    """Without a session nobody sees anything; the check stands on the application, not on each page."""
    assert world
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    assert len(routes) == 3
    for route in routes:
        calls = [getattr(each.call, "__qualname__", "") for each in route.dependant.dependencies]
        assert any("requires_access_dag" in call for call in calls)
    assert TestClient(app).get(address(f"batch-tasks/{BATCH_TASK}")).status_code in {401, 403}


def test_a_batch_task_is_shown_without_its_secrets(world: Any, browser: TestClient) -> None:
    """State, exit code and command are there; environment settings hold signatures and are not."""
    assert world
    answer = browser.get(address(f"batch-tasks/{BATCH_TASK}"))
    assert answer.status_code == 200
    assert "completed" in answer.text
    assert "SECRET_URL" not in answer.text
    assert "secret" not in answer.text
    assert "<i>" not in answer.text, "what others have written is text, not markup"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_it_printed_is_plain_text(world: Any, browser: TestClient) -> None:
    """A browser must not take a program's output for a page."""
    assert world
    answer = browser.get(address(f"batch-tasks/{BATCH_TASK}/files/stdout.txt"))
    assert answer.text == "<b>said</b>\n"
    assert answer.headers["content-type"].startswith("text/plain")
    assert browser.get(address(f"batch-tasks/{BATCH_TASK}/files/secrets.txt")).status_code == 404


def test_a_task_that_the_service_forgot_still_has_its_logs(
    world: Any, storage: Any, browser: TestClient
) -> None:
    """Jobs are deleted some day; copies of what was printed stay longer."""
    folder = layout.log_folder(BASE, JOB, BATCH_TASK)
    storage.container(Container.LOGS).upload_blob(f"{folder}/stdout.txt", b"kept", overwrite=True)
    world.client.begin_delete_job(JOB)
    gone = browser.get(address(f"batch-tasks/{BATCH_TASK}"))
    assert "no longer has this task" in gone.text
    assert browser.get(address(f"batch-tasks/{BATCH_TASK}/files/stdout.txt")).text == "kept"


def test_predictions_of_one_sensor_and_of_a_packed_group(world: Any, browser: TestClient) -> None:
    """One sensor's rows at once; of a packed group a list to choose from."""
    assert world
    assert browser.get(address("predictions/1_1")).text == "rows of 1_1"
    listed = browser.get(address(f"predictions/{PAIR}"))
    assert listed.text.count("<li>") == 2
    assert browser.get(address(f"predictions/{PAIR}?sensor=1_3")).text == "rows of 1_3"
    missing = browser.get(address(f"predictions/{PAIR}?sensor=1_2"))
    assert (missing.status_code, "no prediction of 1_2" in missing.text) == (404, True)
    assert browser.get(address(f"predictions/{PAIR}?sensor=1_1")).status_code == 404


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param(
            lambda: address(f"batch-tasks/{BATCH_TASK}", dag="example_containers"), id="another-dag"
        ),
        pytest.param(lambda: address("predictions/1_1", job=JOB.replace("scoring", "x")[:-4]), id="no-job"),
        pytest.param(lambda: address("predictions/1_1", job="..%2F..%2Fother"), id="a-path"),
    ],
)
def test_an_address_shows_only_what_belongs_to_its_run(
    world: Any, browser: TestClient, elsewhere: Callable[[], str]
) -> None:
    """Whoever may see one DAG must not read another one's blobs through it."""
    assert world
    assert browser.get(elsewhere()).status_code == 404


def test_a_service_that_does_not_answer_is_one_sentence(
    world: Any, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person sees which service and why, not a traceback."""
    assert world
    text = (
        '{"conn_type": "azure_batch", "login": "l", "password": "no!", "extra": {"account_url": "http://x"}}'
    )
    monkeypatch.setenv("AIRFLOW_CONN_BATCH_FOR_TESTS", text)
    answer = browser.get(address(f"batch-tasks/{BATCH_TASK}"))
    assert answer.status_code == 502
    assert "is not a Batch key" in answer.text


def test_the_plugin_costs_every_process_next_to_nothing() -> None:
    """Scheduler and workers load it too; web framework and Azure's clients wait for the first request."""
    script = (
        "import sys; sys.path.insert(0, 'plugins'); import airflow.plugins_manager; old = set(sys.modules);"
        "import scoring_plugin; new = set(sys.modules) - old;"
        "print(sorted(name for name in new if name.startswith(('azure', 'fastapi', 'sensor_scoring'))))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
