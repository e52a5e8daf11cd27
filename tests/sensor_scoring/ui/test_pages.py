"""The pages behind the operators' links, against the emulator and Azurite.

Airflow's own check of the user is the one thing stood in for; ``test_scoring_plugin.py`` meets the real one.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import PROGRAM
from scoring_contract.predictions import PredictionFormat
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.task import BatchTaskTemplate, Grants, Names
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.ui.batch_job import MOST_BYTES
from sensor_scoring.ui.pages import app, may_see
from sensor_scoring.ui.run_facts import MOST_SENSORS

if TYPE_CHECKING:
    from httpx2 import Response

    from local_stack.services.azurite import BlobStorage
    from tests.sensor_scoring.conftest import Account

BATCH_CONN, WASB_CONN = "batch_for_tests", "wasb_for_tests"
HOUR = RunHour.parse("2018-08-29T02")
DAG, RUN, TASK = "hourly_scoring", "manual__2018-08-29T03:00:00+00:00", "score"
BASE = ids.run_base("scoring", HOUR, dag_id=DAG, run_id=RUN)
JOB = ids.job_id(BASE, generation=2)
PAIR = "1_2..1_3"
PARQUET = PredictionFormat.PARQUET
SECRET = "sig=do-not-show"
SHELL = "/bin/sh"


def name_of(item: str) -> str:
    """Return the Batch task id of an item."""
    return str(ids.AttemptId(ids.group_key(item), 2, 0))


def address(page: str, *, dag: str = DAG, run: str = RUN, task: str = TASK, job: str = JOB) -> str:
    """Return the address of a page, as a link does."""
    place = {"dags": dag, "runs": run, "tasks": task, "jobs": job}
    return "".join(f"/{kind}/{quote(name, safe='')}" for kind, name in place.items()) + page


@dataclass(frozen=True)
class World:
    """A Batch account, a storage account, and a browser in front of the pages."""

    account: Account
    storage: BlobStorage
    browser: TestClient

    def run(self, item: str, *command: str, keeps_log: bool = False, **grants: str) -> str:
        """Add a Batch task for an item; return its page's path below the job's."""
        names = Names(item=item, job=JOB, task=name_of(item))
        container, store = str(Container.LOGS), BlobStore(WASB_CONN)
        log_url = store.signed_url(container, permissions="cw", lasts=HOUR.end - HOUR.start)
        template = BatchTaskTemplate(command=command)
        request = template.request(names, Grants(grants, log_url if keeps_log else ""))
        self.account.hook.add_task(JOB, request)
        return f"/batch-tasks/{names.task}"

    def ended(self, item: str, *command: str, **options: Any) -> str:
        """Add a Batch task and wait until it has ended."""
        page = self.run(item, *command, **options)
        self.account.ended(name_of(item), job=JOB)
        return page

    def get(self, page: str, **elsewhere: str) -> Response:
        """Open a page."""
        found: Response = self.browser.get(address(page, **elsewhere))
        return found

    def write(self, container: Container, blob: str, text: str) -> None:
        """Write a blob."""
        self.storage.container(container).upload_blob(blob, text, overwrite=True)

    def plan(self, **changes: Any) -> None:
        """Write the run's plan: a sensor alone, and two that are packed."""
        plan = Plan(
            hour=HOUR,
            run=BASE,
            planned_at="2018-08-29T03:05:00.000000Z",
            groups={"1_1": ("1_1",), PAIR: ("1_2", "1_3")},
            silent=(),
            unmodelled=(),
            **changes,
        )
        self.write(Container.RUNS, layout.plan_blob(BASE), plan.to_json())


@pytest.fixture
def world(account: Account, storage: BlobStorage, monkeypatch: pytest.MonkeyPatch) -> World:
    """Connect the pages to both services and sign in."""
    monkeypatch.setenv("SENSOR_SCORING_BATCH_CONN_ID", BATCH_CONN)
    monkeypatch.setenv("SENSOR_SCORING_WASB_CONN_ID", WASB_CONN)
    monkeypatch.setitem(app.dependency_overrides, may_see, lambda: None)
    account.pool()
    account.job(JOB)
    return World(account, storage, TestClient(app))


def test_no_page_goes_without_airflows_check() -> None:
    """Every route authorises first, before it looks at the address."""
    assert len(app.routes) == 5
    for route in app.routes:
        assert isinstance(route, APIRoute)
        assert route.dependant.dependencies[0].call is may_see


@pytest.mark.parametrize("page", ["/batch-tasks/x", "/batch-tasks/x/files/stdout.txt", "/predictions/x"])
def test_who_is_not_signed_in_is_told_where_to(page) -> None:
    """Without a session there is no page, nor a hint whether such a job exists."""
    for place in (address(page), SUMMARY):
        answer = TestClient(app).get(place)
        assert answer.status_code == 401
        assert "/api/v2/auth/login?next=" in answer.text


def test_a_batch_task_is_shown_as_the_service_sees_it(world: World) -> None:
    """For people without a role in Azure: what, where, how it ended, and its files."""
    page = world.ended("1_1", SHELL, "-c", "exit 7")
    shown = world.get(page)
    assert shown.status_code == 200
    for fact in ("<h1>1_1", ">failed<", "<td>completed</td>", "FailureExitCode", "in pool pool", "exit 7"):
        assert fact in shown.text
    assert f'href="{name_of("1_1")}/files/stderr.txt"' in shown.text
    assert "Predictions" not in shown.text, "this program scores nothing"


def test_a_running_batch_task_is_shown_too(world: World) -> None:
    """It has a node and no result yet."""
    page = world.run("1_1", SHELL, "-c", "echo begun; sleep 60")
    world.account.running(name_of("1_1"), job=JOB)
    shown = world.get(page).text
    assert ">running<" in shown
    assert "Result" not in shown


def test_a_batch_task_that_scores_leads_to_its_predictions(world: World) -> None:
    """By its group's name, one folder up."""
    page = world.ended(PAIR, *PROGRAM, "score")
    assert f'href="../predictions/{PAIR}"' in world.get(page).text


def test_no_secret_of_a_batch_task_is_shown(world: World) -> None:
    """Environment settings and the log container's URL contain signatures; a command line should not."""
    page = world.ended(
        "1_1", SHELL, "-c", f"true https://example.com/x?{SECRET}", keeps_log=True, DATA_URL=f"x?{SECRET}"
    )
    raw = str(world.account.client.get_task(JOB, name_of("1_1")).as_dict())
    assert "DATA_URL" in raw
    assert raw.count("sig=") >= 3
    shown = world.get(page).text
    assert "DATA_URL" not in shown
    assert "sig=" not in shown


def test_what_others_wrote_is_text_and_not_markup(world: World) -> None:
    """Anybody may have written item and command line."""
    page = world.ended("<i>1_1</i>", SHELL, "-c", "true '<script>alert(1)</script>'")
    shown = world.get(page).text
    assert "<i>" not in shown
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown


def test_a_batch_task_that_the_service_forgot_still_has_what_was_kept(world: World) -> None:
    """Jobs are deleted eventually; logs and predictions stay."""
    world.plan()
    page = world.ended(PAIR, SHELL, "-c", "echo said", keeps_log=True)
    world.account.client.begin_delete_job(JOB).wait()
    gone = world.get(page)
    assert gone.status_code == 404
    assert "no longer has this task" in gone.text
    assert f'href="../predictions/{PAIR}"' in gone.text
    assert world.get(f"{page}/files/stdout.txt").text == "said\n"


def test_what_it_printed_is_plain_text_from_the_log_container(world: World) -> None:
    """It outlives the node, and browsers must not render it as a page."""
    page = world.ended("1_1", SHELL, "-c", "echo '<b>said</b>'; echo oops >&2", keeps_log=True)
    world.account.client.begin_delete_pool("pool").wait()
    answer = world.get(f"{page}/files/stdout.txt")
    assert answer.text == "<b>said</b>\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert world.get(f"{page}/files/stderr.txt").text == "oops\n"


def test_what_it_printed_comes_from_the_node_as_long_as_it_runs(world: World) -> None:
    """Batch copies files to the log container only at a task's end."""
    page = world.run("1_1", SHELL, "-c", "echo begun; sleep 60", keeps_log=True)
    world.account.running(name_of("1_1"), job=JOB)
    deadline = time.monotonic() + 15
    while (answer := world.get(f"{page}/files/stdout.txt")).status_code == 404:
        assert time.monotonic() < deadline, "it printed nothing in time"
    assert answer.text == "begun\n"


def test_an_empty_file_and_one_that_is_not_there_say_so(world: World) -> None:
    """A blank page would leave open which it is."""
    page = world.ended("1_1", "/bin/true", keeps_log=True)
    empty = world.get(f"{page}/files/stdout.txt")
    assert (empty.status_code, empty.text) == (200, "[stdout.txt is empty.]\n")
    missing = world.get(f"/batch-tasks/{name_of('other')}/files/stdout.txt")
    assert missing.status_code == 404
    assert "neither in the log container nor on the node" in missing.text


def test_of_a_long_text_the_end_is_shown_and_the_page_says_so(world: World) -> None:
    """The end says how it went, and the first line shown is complete."""
    line = "x" * 99 + "\n"
    blob = f"{layout.log_folder(BASE, JOB, name_of('1_1'))}/stdout.txt"
    world.write(Container.LOGS, blob, line * (MOST_BYTES // 100 + 10) + "the end\n")
    first, *lines = world.get(f"/batch-tasks/{name_of('1_1')}/files/stdout.txt").text.splitlines()
    assert first == f"[Only the last 1 MiB is shown; the whole is the blob logs/{blob}.]"
    assert lines[0] == line.rstrip()
    assert lines[-1] == "the end"
    assert len("\n".join(lines)) <= MOST_BYTES


@pytest.mark.parametrize("file", ["wd%2Fsecret", "secret.txt", "..%2Fstdout.txt"])
def test_no_other_file_of_a_node_is_shown(world: World, file) -> None:
    """A program may write secrets into its folder."""
    assert world.get(f"/batch-tasks/{name_of('1_1')}/files/{file}").status_code == 404


def test_the_predictions_of_a_sensor_are_shown_as_text(world: World) -> None:
    """Directly, as a group of one sensor leaves nothing to choose."""
    world.plan()
    world.write(Container.PREDICTIONS, layout.prediction_blob(HOUR, "1_1"), "TS,Value\n")
    answer = world.get("/predictions/1_1")
    assert answer.text == "TS,Value\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == f'inline; filename="1_1-{HOUR}.csv"'


@pytest.mark.parametrize(
    ("page", "blob", "name"),
    [
        ("/predictions/1_1", layout.prediction_blob(HOUR, "1_1", PARQUET), "1_1"),
        (f"/predictions/{PAIR}/1_3", layout.packed_prediction_blob(HOUR, "p1", PARQUET), "p1"),
    ],
)
def test_predictions_as_parquet_are_handed_out_as_a_file(
    world: World, page: str, blob: str, name: str
) -> None:
    """Browsers cannot show them; a pack's predictions are one file."""
    world.plan(predictions_format=PARQUET, pack_of={"1_2": "p1", "1_3": "p1"})
    assert "or not yet" in world.get(page).text
    world.write(Container.PREDICTIONS, blob, "PAR1 whatever")
    answer = world.get(page)
    assert answer.content == b"PAR1 whatever"
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}-{HOUR}.parquet"'


def test_a_packed_group_is_a_list_of_its_sensors(world: World) -> None:
    """Each links to its own predictions, or says that it has none."""
    world.plan()
    world.write(Container.PREDICTIONS, layout.prediction_blob(HOUR, "1_3"), "TS,Value\n")
    listed = world.get(f"/predictions/{PAIR}").text
    assert f'href="{PAIR}/1_2"' in listed
    assert f'href="{PAIR}/1_3"' in listed
    assert world.get(f"/predictions/{PAIR}/1_3").text == "TS,Value\n"
    missing = world.get(f"/predictions/{PAIR}/1_2")
    assert missing.status_code == 404
    assert "There are no predictions of 1_2 for 2018-08-29T02" in missing.text


def test_a_page_of_a_large_pack_takes_less_memory_than_the_pack(world: World) -> None:
    """The api-server's memory grows with neither the sensors of a blob nor their rows."""
    sensors = [f"1_{tag}" for tag in range(1, 96)]
    plan = Plan(
        hour=HOUR,
        run=BASE,
        planned_at="2018-08-29T03:05:00.000000Z",
        groups={"1_1..1_95": tuple(sensors)},
        silent=(),
        unmodelled=(),
        pack_of=dict.fromkeys(sensors, "p"),
    )
    world.write(Container.RUNS, layout.plan_blob(BASE), plan.to_json())
    # Long rows: as much memory as many short ones, in less time.
    row = f"2018-08-29T02:00:00Z,1,{{0}},3.5{'0' * 2000},0,0.125\r\n"
    text = "TS,Device,Tag,Value,Prediction,Score\r\n" + "".join(row.format(tag) * 120 for tag in range(1, 96))
    world.write(Container.PREDICTIONS, layout.packed_prediction_blob(HOUR, "p"), text)
    assert world.get("/predictions/1_1..1_95/1_1").status_code == 200
    tracemalloc.start()
    try:
        answer = world.get("/predictions/1_1..1_95/1_95")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(answer.text.splitlines()) == 1 + 120
    assert peak < len(text)


def test_a_line_without_an_end_is_shown_in_pieces(world: World) -> None:
    """A blob may contain anything, so no page holds all of it."""
    world.plan()
    world.write(Container.PREDICTIONS, layout.prediction_blob(HOUR, "1_1"), "x" * (5 * MOST_BYTES // 2))
    answer = world.get("/predictions/1_1")
    assert answer.text == "x" * (5 * MOST_BYTES // 2)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("/predictions/1_9", id="group"),
        pytest.param(f"/predictions/{PAIR}/1_1", id="sensor-of-another-group"),
    ],
)
def test_only_what_the_plan_names_is_shown(world: World, page) -> None:
    """An address cannot reach any other blob of the container."""
    world.plan()
    world.write(Container.PREDICTIONS, layout.prediction_blob(HOUR, "1_9"), "not in this run")
    world.write(Container.PREDICTIONS, layout.prediction_blob(HOUR, "1_1"), "not in this group")
    answer = world.get(page)
    assert answer.status_code == 404
    assert "plan has no such" in answer.text


def test_a_run_without_a_plan_has_no_predictions(world: World) -> None:
    """For example that of a DAG with its own command."""
    answer = world.get("/predictions/1_1")
    assert answer.status_code == 404
    assert "has no plan" in answer.text


SUMMARY = f"/dags/{DAG}/runs/{quote(RUN, safe='')}/summaries/{BASE}"


def summarised(world: World, *lines: SensorOutcome, **facts: Any) -> None:
    """Write the run's summary."""
    summary = Summary(hour=HOUR, run=BASE, dag_run_id=RUN, sensors=lines, **facts)
    world.write(Container.RUNS, layout.summary_blob(BASE), summary.to_json())


def test_a_summary_shows_first_what_failed_and_then_who_has_most_anomalies(world: World) -> None:
    """With counts per sensor, the run's totals on top, and all text escaped."""
    summarised(
        world,
        SensorOutcome(sensor="1_1", outcome=Outcome.SCORED, readings=240, anomalies=2),
        SensorOutcome(sensor="1_2", outcome=Outcome.SCORED, readings=239, anomalies=31, rejected=1),
        SensorOutcome(sensor="1_3", outcome=Outcome.FAILED, reason="no <b>model</b>"),
        SensorOutcome(sensor="1_4", outcome=Outcome.SILENT),
        colour="red",
        failed_steps={"submit": "ServerBusy"},
    )
    answer = world.browser.get(SUMMARY)
    assert answer.status_code == 200
    rows = [f"<td>{sensor}</td>" for sensor in ("1_3", "1_4", "1_2", "1_1")]
    assert [answer.text.index(row) for row in rows] == sorted(answer.text.index(row) for row in rows)
    for fact in (
        "<h1>Hour 2018-08-29T02",
        ">red<",
        "2 scored, 1 failed, 1 silent",
        "479, 1 rows rejected",
        "submit failed: ServerBusy",
        "<td>239</td><td>31</td><td>1</td>",
        "no &lt;b&gt;model&lt;/b&gt;",
        f"blob {BASE}/summary.json of the container runs",
    ):
        assert fact in answer.text


def test_a_summary_of_very_many_is_a_page_that_a_browser_shows(world: World) -> None:
    """It says how many more there are, and where."""
    lines = [SensorOutcome(sensor=f"{n}_1", outcome=Outcome.SCORED) for n in range(MOST_SENSORS + 5)]
    summarised(world, *lines, SensorOutcome(sensor="9999_1", outcome=Outcome.FAILED, reason="no"))
    shown = world.browser.get(SUMMARY).text
    assert shown.count("<tr><td>") == MOST_SENSORS
    assert "<td>9999_1</td>" in shown
    assert "6 more sensors, and all of this as JSON" in shown


def test_a_summary_is_shown_to_its_own_run_alone(world: World) -> None:
    """Access to one DAG does not reach another's summary; a deleted one is reported as such."""
    assert "no summary, or no longer" in world.browser.get(SUMMARY).text
    summarised(world)
    assert world.browser.get(SUMMARY).status_code == 200
    for other in (
        SUMMARY.replace(DAG, "another"),
        SUMMARY.replace("manual", "scheduled"),
        SUMMARY.replace("20180829", "20180829x"),
        f"{SUMMARY}%2F..%2F{BASE}",
    ):
        assert world.browser.get(other).status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(f"/batch-tasks/{name_of('1_1')}", id="batch-task"),
        pytest.param(f"/batch-tasks/{name_of('1_1')}/files/stdout.txt", id="file"),
        pytest.param("/predictions/1_1", id="predictions"),
        pytest.param(f"/predictions/{PAIR}/1_3", id="sensor"),
    ],
)
@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param({"dag": "another"}, id="another-dag"),
        pytest.param({"dag": "~"}, id="any-dag"),
        pytest.param({"run": "another"}, id="another-run"),
        pytest.param({"job": "somebody-elses"}, id="another-job"),
        pytest.param({"job": JOB.replace("20180829", "../..")}, id="path-in-the-job"),
    ],
)
def test_an_address_shows_only_what_belongs_to_its_run(world: World, page, elsewhere) -> None:
    """Access to one DAG must not reach another's blobs through a crafted address."""
    world.plan()
    world.ended("1_1", SHELL, "-c", "echo said", keeps_log=True)
    for sensor in ("1_1", "1_3"):
        world.write(Container.PREDICTIONS, layout.prediction_blob(HOUR, sensor), "TS,Value\n")
    assert world.get(page).status_code == 200
    assert world.get(page, **elsewhere).status_code == 404


@pytest.mark.parametrize("batch_task", ["somebody-elses", "..-0123456789-e2-a0%20", "a%20-0123456789-e2-a0"])
def test_a_batch_task_that_is_none_of_ours_is_not_shown(world: World, batch_task) -> None:
    """People may add tasks to our jobs by hand."""
    assert world.get(f"/batch-tasks/{batch_task}").status_code == 404


def test_an_account_that_is_known_is_linked_to(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """For people with a role in Azure; without the setting there is no link."""
    account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a"
    page = world.ended("1_1", "/bin/true")
    assert "portal.azure.com" not in world.get(page).text
    monkeypatch.setenv("SENSOR_SCORING_BATCH_ACCOUNT_ID", account)
    shown = world.get(page).text
    assert f'href="https://portal.azure.com/#resource{account}/overview"' in shown
    route = f"jobs/{JOB}/tasks/{name_of('1_1')}?accountId={quote(account, safe='')}"
    assert f'href="ms-batch-explorer://route/{route}"' in shown


def test_a_page_leads_back_to_the_run_below_airflows_own_path(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links open in the same tab."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://example.com/airflow/")
    page = world.ended("1_1", "/bin/true")
    assert f'href="/airflow/dags/{DAG}/runs/{quote(RUN, safe="")}"' in world.get(page).text


def test_every_answer_may_do_nothing_but_be_read(world: World) -> None:
    """No scripts, frames, content sniffing or caching, not even for errors."""
    page = world.ended("1_1", "/bin/true", keeps_log=True)
    answers = [
        *(world.get(path) for path in (page, f"{page}/files/stdout.txt", "/predictions/1_1", "/nothing")),
        world.browser.post(address(page)),
        world.browser.get("/"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 404, 405, 404]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_a_service_that_refuses_is_one_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the connection and what to check, without a traceback."""
    conn = json.loads(_connection(world))
    monkeypatch.setenv(f"AIRFLOW_CONN_{BATCH_CONN.upper()}", json.dumps({**conn, "password": "d3Jvbmc="}))
    answer = world.get(f"/batch-tasks/{name_of('1_1')}")
    assert answer.status_code == 502
    assert f"Azure Batch (connection {BATCH_CONN}) refused access" in answer.text
    assert "Traceback" not in answer.text


def test_a_connection_that_airflow_has_not_is_one_sentence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment may have given it to the workers but not to the api-server."""
    monkeypatch.delenv(f"AIRFLOW_CONN_{BATCH_CONN.upper()}")
    answer = world.get(f"/batch-tasks/{name_of('1_1')}")
    assert answer.status_code == 502
    assert BATCH_CONN in answer.text


def test_a_setting_that_cannot_be_read_is_one_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the variable."""
    monkeypatch.setenv("SENSOR_SCORING_MAX_NODES", "many")
    answer = world.get("/predictions/1_1")
    assert answer.status_code == 502
    assert "SENSOR_SCORING_MAX_NODES" in answer.text


def _connection(world: World) -> str:
    emulator = world.account.emulator
    extra = {"account_url": emulator.endpoint}
    return json.dumps({"conn_type": "azure_batch", "login": emulator.account, "extra": extra})
