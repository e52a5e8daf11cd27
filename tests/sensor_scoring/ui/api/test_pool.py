"""Route to the pool, through the real SDK."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.pool.autoscale import Floor
from sensor_scoring.hourly.planning.capacity import policy_of
from sensor_scoring.settings import Settings
from sensor_scoring.ui.pool_look import MOST_COUNTED
from tests.sensor_scoring.conftest import BATCH_CONN, POOL
from tests.sensor_scoring.ui.api.conftest import BASE, JOB

if TYPE_CHECKING:
    from tests.sensor_scoring.ui.api.conftest import Deployment

POLICY = policy_of(Settings())


def autoscaled(deployment: Deployment, formula: str, **options: Any) -> None:
    """Make a pool that scales."""
    scaling = {
        "targetDedicatedNodes": None,
        "enableAutoScale": True,
        "autoScaleFormula": formula,
        "autoScaleEvaluationInterval": "PT5M",
    }
    deployment.account.pool(**{**scaling, **options})


def test_a_pool_at_work_is_shown_with_its_nodes_and_its_queue(deployment: Deployment) -> None:
    """In three calls, and one for each job of ours; of other people's jobs it says how many there are."""
    deployment.account.pool(nodes=1, slots=1)
    deployment.account.job(JOB)
    deployment.account.job("somebody-elses")
    deployment.running("1_1")
    deployment.add("2_1", "true")
    deployment.account.advance(minutes=3)
    deployment.calls()
    answer = deployment.get("/pool")
    assert deployment.calls() == {"get_pool": 1, "list_nodes": 1, "list_jobs": 1, "get_job_task_counts": 1}
    assert (answer["id"], answer["state"], answer["allocation_state"]) == (POOL, "active", "steady")
    assert (answer["current"], answer["target"]) == ({"dedicated": 1, "spot": 0},) * 2
    (node,) = answer["nodes"]
    assert (node["state"], node["running"], node["is_spot"], node["errors"]) == ("running", 1, False, [])
    since = datetime.fromisoformat(answer["as_of"]) - datetime.fromisoformat(node["since"])
    assert since == timedelta(minutes=3), "as the service tells"
    assert answer["states"] == {"running": 1}
    (job,) = answer["jobs"]
    assert (job["id"], job["state"], job["active"], job["running"]) == (JOB, "active", 1, 1)
    assert (answer["other_jobs"], answer["queue"]) == (1, 1)
    assert "somebody-elses" not in json.dumps(answer)
    assert (answer["scales"], answer["formula"], answer["evaluation"]) == ("fixed size", None, None)
    assert answer["unknown"] == []


def test_many_viewers_cost_as_many_calls_as_one(deployment: Deployment) -> None:
    """Whoever asks within three seconds gets the same answer."""
    deployment.account.pool()
    first = deployment.get("/pool")
    deployment.calls()
    assert [deployment.api.get("/pool").json() for _ in range(5)] == [first] * 5
    assert deployment.calls() == {}


def test_what_will_happen_next_is_what_the_formula_says(deployment: Deployment) -> None:
    """Its last evaluation, when the next one comes, and what is announced until then."""
    now = deployment.account.hook.pools.service_time()
    autoscaled(deployment, POLICY.formula(Floor(2, now + timedelta(minutes=15))))
    deployment.account.advance(minutes=6)
    answer = deployment.get("/pool")
    assert (answer["scales"], answer["interval_seconds"]) == ("autoscale", 300)
    evaluation = answer["evaluation"]
    assert evaluation["result"]["$TargetDedicatedNodes"] == 2
    assert evaluation["result"]["$NodeDeallocationOption"] == "taskcompletion"
    assert evaluation["error"] is None
    evaluated = datetime.fromisoformat(evaluation["at"])
    assert datetime.fromisoformat(answer["next"]["evaluation_at"]) == evaluated + timedelta(minutes=5)
    assert answer["next"]["floor"]["nodes"] == 2
    assert datetime.fromisoformat(answer["next"]["floor"]["until"]) == now + timedelta(minutes=15)
    assert [sentence.split(" ")[1] for sentence in answer["next"]["sentences"]] == ["formula", "formula"]
    assert (answer["review"], answer["errors"]) == ([], [])
    assert answer["states"] == {"idle": 2}


def test_a_formula_that_the_settings_do_not_make_is_reviewed(deployment: Deployment) -> None:
    """Somebody set it by hand, with other slots, and it is evaluated more seldom."""
    autoscaled(
        deployment, "$TargetDedicatedNodes = 1;", autoScaleEvaluationInterval="PT15M", taskSlotsPerNode=2
    )
    slots, formula, interval = deployment.get("/pool")["review"]
    assert "2 task slots" in slots
    assert "is not the one that the settings make" in formula
    assert "every 15 min" in interval


def test_an_evaluation_that_fails_is_said_in_words(deployment: Deployment) -> None:
    """With what to do about it."""
    autoscaled(deployment, POLICY.formula())
    deployment.account.emulator.faults.fail_evaluations(POOL, code="InsufficientSampleData")
    deployment.account.advance(minutes=5)
    answer = deployment.get("/pool")
    assert answer["evaluation"]["error"].startswith("InsufficientSampleData")
    assert answer["evaluation"]["result"] == {}
    (error,) = answer["errors"]
    assert "enable autoscale again with a formula that evaluates" in error


def test_nodes_that_cannot_be_had_are_said_in_words(deployment: Deployment) -> None:
    """The quota is reached."""
    deployment.account.pool(nodes=0)
    deployment.account.emulator.faults.fail_allocations(POOL, code="AccountCoreQuotaReached")
    deployment.account.client.begin_resize_pool(POOL, {"targetDedicatedNodes": 3}).wait()
    answer = deployment.get("/pool")
    assert (answer["current"]["dedicated"], answer["target"]["dedicated"]) == (0, 3)
    (error,) = answer["errors"]
    assert "AccountCoreQuotaReached" in error
    assert "ask for more cores or lower max_nodes" in error


def test_evicted_and_broken_nodes_are_shown_as_such(deployment: Deployment) -> None:
    """With since when, and why."""
    autoscaled(deployment, "$TargetLowPriorityNodes = 2;")
    deployment.account.advance(minutes=5)
    first, second = (node["id"] for node in deployment.get("/pool")["nodes"])
    faults = deployment.account.emulator.node_faults
    faults.preempt(POOL, first, away=timedelta(hours=1))
    faults.break_node(POOL, second, code="DiskFull", message="read https://x/y?sig=secret")
    answer = deployment.get("/pool")
    assert answer["states"] == {"preempted": 1, "unusable": 1}
    (errors,) = [node["errors"] for node in answer["nodes"] if node["id"] == second]
    assert errors == ["DiskFull: read https://x/y?(signature left out)"]
    assert {node["is_spot"] for node in answer["nodes"]} == {True}
    assert {node["since"] for node in answer["nodes"]} == {answer["as_of"]}


def test_a_pool_without_nodes_is_explained_while_tasks_wait(deployment: Deployment) -> None:
    """Else it is as it should be."""
    autoscaled(deployment, POLICY.formula())
    assert deployment.get("/pool")["errors"] == []
    deployment.account.job(JOB)
    deployment.add("1_1", "true")
    (sentence,) = deployment.get("/pool")["errors"]
    assert "has no node and its formula asks for none" in sentence


def test_a_pool_that_is_not_there_says_so(deployment: Deployment) -> None:
    """A new deployment has none, and nothing is unknown about that."""
    answer = deployment.get("/pool")
    assert (answer["id"], answer["state"], answer["nodes"], answer["next"]) == (POOL, "absent", [], None)
    assert answer["errors"] == ["there is no such pool; the next run makes it"]
    assert (answer["jobs"], answer["queue"], answer["unknown"]) == ([], 0, [])


def test_no_more_than_ten_jobs_are_counted(deployment: Deployment) -> None:
    """Each costs a call; what is not counted is not taken for nothing."""
    deployment.account.pool()
    jobs = [ids.job_id(BASE, generation=generation) for generation in range(MOST_COUNTED + 2)]
    for job in jobs:
        deployment.account.job(job)
    deployment.calls()
    answer = deployment.get("/pool")
    assert deployment.calls()["get_job_task_counts"] == MOST_COUNTED
    assert {job["id"] for job in answer["jobs"]} == set(jobs)
    assert [job["active"] for job in answer["jobs"]].count(None) == 2
    assert answer["queue"] is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"password": "d3Jvbmc="}, "refused access", id="refused"),
        pytest.param({"extra": {"account_url": "http://127.0.0.1:9"}}, "does not answer", id="away"),
    ],
)
def test_a_batch_account_that_does_not_answer_is_no_empty_pool(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], why: str
) -> None:
    """Nothing is known then, which is said, with the reason."""
    deployment.account.pool()
    variable = f"AIRFLOW_CONN_{BATCH_CONN.upper()}"
    monkeypatch.setenv(variable, json.dumps({**json.loads(os.environ[variable]), **change}))
    answer = deployment.get("/pool")
    assert (answer["state"], answer["scales"], answer["current"], answer["queue"]) == (None,) * 4
    assert answer["errors"] == []
    assert [each["part"] for each in answer["unknown"]] == ["pool", "jobs"]
    assert all(why in each["why"] for each in answer["unknown"])


def test_the_pool_is_shown_at_the_scoring_dag_alone(deployment: Deployment) -> None:
    """Who may see another DAG need not see it."""
    assert deployment.api.get("/pool", dag="example_consumer").status_code == 404
