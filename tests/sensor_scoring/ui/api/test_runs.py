"""Route to a run: what its Batch tasks did, through the real SDK and Azurite."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract import layout
from scoring_contract.layout import Container
from scoring_contract.messages.report import Cause, Report, SensorReport, SensorState
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy
from sensor_scoring.azure_batch.pool.usage import PoolUse
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome
from tests.sensor_scoring.conftest import BATCH_CONN, POOL, WASB_CONN
from tests.sensor_scoring.ui.api.conftest import BASE, HOUR, JOB, RUN, name_of

if TYPE_CHECKING:
    from tests.sensor_scoring.ui.api.conftest import Deployment

PLANNED_AT = "2018-08-29T03:05:00.000000Z"


def by_group(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the Batch tasks by their groups."""
    return {task["group"]: task for task in answer["tasks"]}


def autoscaled(deployment: Deployment, formula: str = "") -> None:
    """Make a pool that scales."""
    deployment.account.pool(
        targetDedicatedNodes=None,
        enableAutoScale=True,
        autoScaleFormula=formula or AutoscalePolicy(max_nodes=4, slots_per_node=4).formula(),
        autoScaleEvaluationInterval="PT5M",
    )


def report_of(deployment: Deployment, group: str, *sensors: SensorReport) -> None:
    """Leave the report of a Batch task."""
    report = Report(HOUR, BASE, group, "m", PLANNED_AT, 1.0, sensors)
    deployment.api.write(Container.RUNS, layout.report_blob(BASE, JOB, name_of(group)), report.to_json())


def test_a_run_that_works_is_shown_as_azure_batch_sees_it_now(deployment: Deployment) -> None:
    """Tasks, nodes, waiting and running over time, the pool, and node-hours so far, in five calls."""
    deployment.account.pool(slots=1)
    deployment.account.job(JOB)
    deployment.plan()
    done = deployment.ended("1_1", "true")
    running = deployment.running("1_2..1_3")
    deployment.add("2_1", "true")
    deployment.account.advance(minutes=6)
    deployment.calls()
    answer = deployment.run()
    assert deployment.calls() == {"list_jobs": 2, "list_tasks": 1, "get_pool": 1, "list_nodes": 1}
    assert (answer["hour"], answer["run"], answer["is_live"]) == (str(HOUR), BASE, True)
    assert (answer["colour"], answer["counts"], answer["tasks_from"]) == (None, None, "Azure Batch")
    assert (answer["failed"], answer["slowest"], answer["notes"], answer["unknown"]) == ([], [], [], [])
    tasks = by_group(answer)
    assert {group: (task["id"], task["state"], task["result"]) for group, task in tasks.items()} == {
        "1_1": (done, "completed", "success"),
        "1_2..1_3": (running, "running", ""),
        "2_1": (name_of("2_1"), "active", ""),
    }
    assert [task["map_index"] for task in tasks.values()] == [0, 1, 2]
    assert [task["sensor_count"] for task in tasks.values()] == [1, 2, 1]
    assert tasks["1_1"]["exit_code"] == 0
    (job,) = answer["jobs"]
    assert (job["id"], job["state"], job["ended"]) == (JOB, "active", None)
    assert [job[what] for what in ("active", "running", "succeeded", "failed")] == [1, 1, 1, 0]
    (node,) = answer["nodes"]
    assert (node["id"], node["state"]) == (tasks["1_2..1_3"]["node"], "running")
    assert (node["tasks"], node["running"], node["is_spot"]) == (2, 1, False)
    curve = answer["over_time"]
    assert [curve[what][-1] for what in ("waiting", "running", "nodes")] == [1, 1, 1]
    assert answer["pool"]["at"] == "now"
    assert answer["node_hours"] == pytest.approx(0.1, abs=0.01)
    assert answer["cost"] is None
    moments = [datetime.fromisoformat(task["created"]) for task in tasks.values()]
    assert all(moment.tzinfo for moment in moments)


def test_many_viewers_cost_as_many_calls_as_one(deployment: Deployment) -> None:
    """Whoever asks within three seconds gets the same answer."""
    deployment.account.pool()
    deployment.account.job(JOB)
    deployment.plan()
    first = deployment.run()
    deployment.calls()
    assert [deployment.api.get(f"/runs/{RUN}").json() for _ in range(5)] == [first] * 5
    assert deployment.calls() == {}
    deployment.run()
    assert deployment.calls()["list_jobs"] == 2


def test_a_run_of_a_thousand_tasks_takes_as_many_calls(deployment: Deployment) -> None:
    """As many as fit one answer of the service; a task more is one call more."""
    deployment.account.pool(nodes=0)
    deployment.account.job(JOB)
    groups = {f"1_{number}": (f"1_{number}",) for number in range(1000)}
    deployment.plan(groups)
    requests = [{"id": name_of(group), "displayName": group, "commandLine": "true"} for group in groups]
    deployment.account.hook.submit(JOB, requests)
    deployment.calls()
    answer = deployment.run()
    assert deployment.calls() == {"list_jobs": 2, "list_tasks": 1, "get_pool": 1, "list_nodes": 1}
    assert len(answer["tasks"]) == answer["jobs"][0]["active"] == 1000
    assert answer["over_time"]["waiting"][0] == 1000


def test_a_run_that_is_over_is_told_by_its_summary(deployment: Deployment) -> None:
    """With the pool as it was at its end, and the slowest sensors; the pool of today is not asked."""
    deployment.account.pool()
    deployment.account.job(JOB)
    deployment.plan()
    deployment.ended("1_1", "true")
    deployment.account.hook.jobs.close(BASE)
    use = PoolUse(
        pool_id=POOL,
        nodes=2,
        node_hours=0.5,
        spot_node_hours=0.25,
        cost=0.125,
        evaluated_at="2026-03-04T10:10:00.0000000Z",
        evaluation="$TargetDedicatedNodes=2;$NodeDeallocationOption=taskcompletion;",
    )
    lines = [
        SensorOutcome(sensor=f"9_{number}", outcome=Outcome.SCORED, seconds=float(number), readings=240)
        for number in range(20)
    ]
    deployment.summarise(
        SensorOutcome(sensor="1_2", outcome=Outcome.SCORED, seconds=99.5, readings=10),
        *lines,
        colour="green",
        pool=use,
    )
    deployment.calls()
    answer = deployment.run()
    assert deployment.calls() == {"list_jobs": 1, "list_tasks": 1}
    assert (answer["colour"], answer["is_live"]) == ("green", False)
    assert answer["counts"] == {"scored": 21, "failed": 0, "silent": 0, "no model": 0}
    assert (answer["node_hours"], answer["spot_node_hours"], answer["cost"]) == (0.5, 0.25, 0.125)
    assert answer["pool"] == {
        "id": POOL,
        "at": "the end of the run",
        "formula": None,
        "evaluated_at": "2026-03-04T10:10:00Z",
        "result": {"$TargetDedicatedNodes": 2, "$NodeDeallocationOption": "taskcompletion"},
        "error": None,
        "troubles": [],
    }
    assert [each["sensor"] for each in answer["slowest"]] == ["1_2", *(f"9_{n}" for n in range(19, 10, -1))]
    assert answer["slowest"][0] == {"sensor": "1_2", "group": "1_2..1_3", "seconds": 99.5, "readings": 10}
    (job,) = answer["jobs"]
    assert (job["state"], job["why_ended"]) == ("completed", "RunClosed")
    assert [node["state"] for node in answer["nodes"]] == [""], "where it was, not how it is now"


def test_a_failed_sensor_is_shown_with_the_end_of_what_its_task_printed(deployment: Deployment) -> None:
    """While the run works in the words of the report, of which there may be none; without signatures."""
    deployment.account.pool()
    deployment.account.job(JOB)
    deployment.plan()
    url = "https://example.com/x?sig=secret"
    task = deployment.ended("1_1", f"echo begun; echo 'cannot read {url}' >&2; exit 3")
    packed = deployment.ended("1_2..1_3", "exit 7")
    report_of(
        deployment,
        "1_2..1_3",
        SensorReport("1_2", SensorState.SCORED, readings=240),
        SensorReport("1_3", SensorState.FAILED, cause=Cause.DATA, reason="no reading can be used"),
    )
    answer = deployment.run()
    assert answer["failed_count"] == 2
    alone, of_pack = answer["failed"]
    assert alone == {
        "sensor": "1_1",
        "group": "1_1",
        "sensor_count": 1,
        "reason": "its process ended with exit code 3",
        "job": JOB,
        "batch_task": task,
        "stderr_tail": "cannot read https://example.com/x?(signature left out)",
        "stderr_place": "log container",
    }
    assert (of_pack["sensor"], of_pack["reason"]) == ("1_3", "no reading can be used")
    assert (of_pack["batch_task"], of_pack["stderr_tail"]) == (packed, "")
    assert by_group(answer)["1_1"]["why"] == "its process ended with exit code 3"
    deployment.add("1_1", "sleep 600", attempt=1)
    assert [each["sensor"] for each in deployment.run()["failed"]] == ["1_3"], "the other is tried again"


def test_no_more_than_ten_logs_are_fetched(deployment: Deployment) -> None:
    """And no more than a hundred failures are listed; their number is told. Nothing is fetched twice."""
    groups = {f"1_{number}": (f"1_{number}",) for number in range(120)}
    deployment.plan(groups)
    for group in groups:
        blob = f"{layout.log_folder(BASE, JOB, name_of(group))}/stderr.txt"
        deployment.api.write(Container.LOGS, blob, f"{group} failed\n")
    failed = [SensorOutcome(sensor=group, outcome=Outcome.FAILED, reason="no") for group in groups]
    deployment.summarise(*failed, colour="red")
    answer = deployment.run()
    assert (answer["failed_count"], len(answer["failed"])) == (120, 100)
    assert [each["stderr_tail"] for each in answer["failed"][:10]] == [
        f"{each['sensor']} failed" for each in answer["failed"][:10]
    ]
    assert {each["stderr_tail"] for each in answer["failed"][10:]} == {None}


def test_a_run_whose_job_is_deleted_is_told_by_what_it_left(deployment: Deployment) -> None:
    """Jobs go after a week, summaries and logs after three months; the answer says what is missing."""
    deployment.account.pool()
    deployment.account.job(JOB)
    deployment.plan()
    deployment.ended("1_1", "echo oops >&2; exit 3")
    deployment.ended("2_1", "true")
    report_of(deployment, "2_1", SensorReport("2_1", SensorState.SCORED, readings=240))
    deployment.account.client.begin_delete_job(JOB).wait()
    deployment.summarise(
        SensorOutcome(sensor="1_1", outcome=Outcome.FAILED, reason="it failed"),
        SensorOutcome(sensor="2_1", outcome=Outcome.SCORED, seconds=1.0),
        colour="red",
    )
    deployment.calls()
    answer = deployment.run()
    assert deployment.calls() == {"list_jobs": 1}
    assert (answer["jobs"], answer["nodes"], answer["tasks_from"]) == ([], [], "files")
    tasks = by_group(answer)
    assert set(tasks) == {"1_1", "2_1"}
    for task in tasks.values():
        assert (task["job"], task["state"], task["result"]) == (JOB, "completed", "")
        assert (task["started"], task["node"]) == (None, "")
        assert task["ended"]
    assert answer["over_time"] == {"at": [], "waiting": [], "running": [], "nodes": []}
    (failed,) = answer["failed"]
    assert (failed["batch_task"], failed["stderr_tail"]) == (name_of("1_1"), "oops")
    (note,) = answer["notes"]
    assert note.startswith("Azure Batch has no job of this run (any more)")


def test_a_task_whose_node_was_evicted_waits_again(deployment: Deployment) -> None:
    """What it did before is missing, and the answer says so; the node is shown as it is."""
    deployment.account.pool(nodes=0, targetLowPriorityNodes=1)
    deployment.account.job(JOB)
    deployment.plan()
    task = deployment.running("1_1")
    deployment.account.emulator.node_faults.preempt(POOL, away=timedelta(hours=1))
    deployment.account.waiting(task, job=JOB)
    answer = deployment.run()
    waits = by_group(answer)["1_1"]
    assert (waits["state"], waits["node"], waits["started"], waits["requeues"]) == ("active", "", None, 1)
    assert waits["waits_since"] >= waits["created"]
    (node,) = answer["nodes"]
    assert (node["state"], node["is_spot"], node["tasks"], node["first"]) == ("preempted", True, 0, None)
    (note,) = answer["notes"]
    assert "had to wait for a node again" in note


def test_a_formula_that_fails_says_why(deployment: Deployment) -> None:
    """With what to do; the formula is the one in force."""
    formula = AutoscalePolicy(max_nodes=4, slots_per_node=4).formula()
    autoscaled(deployment, formula)
    deployment.account.job(JOB)
    deployment.plan()
    deployment.add("1_1", "true")
    deployment.account.emulator.faults.fail_evaluations(POOL, code="InsufficientSampleData")
    deployment.account.advance(minutes=5)
    pool = deployment.run()["pool"]
    assert pool["formula"] == formula
    assert (pool["result"], pool["evaluated_at"]) == ({}, pool["evaluated_at"])
    assert pool["error"].startswith("InsufficientSampleData")
    (trouble,) = pool["troubles"]
    assert "its autoscale formula fails" in trouble


def test_a_run_whose_pool_is_gone_says_so(deployment: Deployment) -> None:
    """Somebody has deleted it while the run waits."""
    deployment.account.job(JOB)
    deployment.plan()
    deployment.add("1_1", "true")
    answer = deployment.run()
    assert (answer["pool"], answer["node_hours"], answer["unknown"]) == (None, None, [])
    assert answer["notes"] == ["The pool of the run's Batch job is gone; the next run makes it."]


def test_a_run_that_was_cleared_is_not_told_by_its_old_summary(deployment: Deployment) -> None:
    """It works again, and what comes of that is not known yet."""
    # Blob Storage has a clock of its own, and the emulator's stands still.
    deployment.account.advance(days=3650)
    deployment.plan()
    deployment.summarise(SensorOutcome(sensor="1_1", outcome=Outcome.FAILED), colour="red")
    deployment.account.pool()
    deployment.account.job(JOB)
    deployment.add("1_1", "sleep 600")
    answer = deployment.run()
    assert (answer["colour"], answer["counts"], answer["failed"]) == (None, None, [])
    (note,) = answer["notes"]
    assert note.startswith("The run works again since it was last summed up")


def test_a_batch_account_that_refuses_leaves_what_blob_storage_tells(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part that is unknown is named, with the reason; nothing is made up."""
    deployment.plan()
    deployment.summarise(SensorOutcome(sensor="1_1", outcome=Outcome.SCORED), colour="green")
    report_of(deployment, "1_1", SensorReport("1_1", SensorState.SCORED))
    variable = f"AIRFLOW_CONN_{BATCH_CONN.upper()}"
    connection = json.loads(os.environ[variable])
    monkeypatch.setenv(variable, json.dumps({**connection, "password": "d3Jvbmc="}))
    answer = deployment.run()
    assert (answer["colour"], answer["is_live"], answer["tasks_from"]) == ("green", None, "files")
    assert set(by_group(answer)) == {"1_1"}
    (unknown,) = answer["unknown"]
    assert unknown["part"] == "Batch jobs and tasks"
    assert f"Azure Batch (connection {BATCH_CONN}) refused access" in unknown["why"]


def test_a_batch_account_that_is_away_is_asked_once(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens there, so no other question is worth the wait."""
    deployment.plan()
    variable = f"AIRFLOW_CONN_{BATCH_CONN.upper()}"
    connection = {**json.loads(os.environ[variable]), "extra": {"account_url": "http://127.0.0.1:9"}}
    monkeypatch.setenv(variable, json.dumps(connection))
    answer = deployment.run()
    (unknown,) = answer["unknown"]
    assert "does not answer" in unknown["why"]
    assert (answer["tasks"], answer["is_live"], answer["notes"]) == ([], None, [])


def test_a_plan_that_does_not_read_is_named(deployment: Deployment) -> None:
    """The Batch tasks are there all the same, about groups whose sensors nobody knows."""
    deployment.account.pool()
    deployment.account.job(JOB)
    deployment.api.write(Container.RUNS, layout.plan_blob(BASE), "no JSON")
    deployment.ended("1_1", "true")
    answer = deployment.run()
    assert [each["part"] for each in answer["unknown"]] == ["plan"]
    (task,) = answer["tasks"]
    assert (task["group"], task["sensor_count"], task["map_index"]) == ("1_1", None, None)


def test_a_run_that_has_left_nothing_is_not_there(deployment: Deployment) -> None:
    """It has not been planned yet; as soon as it has, it is shown."""
    answer = deployment.api.get(f"/runs/{RUN}")
    assert (answer.status_code, answer.json()) == (
        404,
        {"detail": "Nothing is kept of this DAG run: it has not been planned yet, or its time is over."},
    )
    deployment.plan()
    assert deployment.run()["hour"] == str(HOUR)


@pytest.mark.parametrize(
    ("dag", "run_id"),
    [
        pytest.param("hourly_scoring", RUN.replace("scheduled", "manual"), id="another-run"),
        pytest.param("train_models", RUN, id="another-dag"),
        pytest.param("~", RUN, id="any-dag"),
        pytest.param("hourly_scoring", BASE, id="the-base-itself"),
        pytest.param("hourly_scoring", "..%2F..", id="a-path"),
    ],
)
def test_an_address_shows_its_own_run_alone(deployment: Deployment, dag: str, run_id: str) -> None:
    """Access to one DAG or run must not reach another's tasks and logs."""
    deployment.account.pool()
    deployment.account.job(JOB)
    deployment.plan()
    assert deployment.run()["run"] == BASE
    assert deployment.api.get(f"/runs/{run_id}", dag=dag).status_code == 404


def test_storage_that_is_unknown_to_airflow_is_one_sentence(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it nobody knows what the run is called in Azure Batch."""
    monkeypatch.delenv(f"AIRFLOW_CONN_{WASB_CONN.upper()}")
    answer = deployment.api.get("/runs/manual__2018-08-29T03:00:00+00:00")
    assert answer.status_code == 502
    assert WASB_CONN in answer.json()["detail"]


def test_an_answer_is_kept_by_nobody(deployment: Deployment) -> None:
    """It is true for seconds."""
    deployment.plan()
    answer = deployment.api.get(f"/runs/{RUN}")
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-type"] == "application/json"
    assert ids.is_job_of(JOB, answer.json()["run"])
