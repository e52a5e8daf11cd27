"""Links: what Airflow keeps as an XCom at the end of a try, and what its UI reads of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from sensor_scoring.batch_task import Names
from sensor_scoring.links import BatchTaskLink, PredictionsLink, StdoutLink, SummaryLink
from sensor_scoring.operators import AzureBatchTaskOperator
from sensor_scoring.tasks import alert, plan_hour, summarise, verdict

NAMES = Names(item="1_1..1_9", job="scoring-20180829T02-0123456789-g2", task="1_1--1_9-0123456789-e2-a0")
PLACE = (
    "/sensor-scoring/dags/a.dag/runs/scheduled__2018-08-29T02%3A00%3A00%2B00%3A00/tasks/group.score"
    "/jobs/scoring-20180829T02-0123456789-g2"
)


@dataclass(frozen=True)
class Instance:
    """A task instance, as much of it as a link reads."""

    dag_id: str = "a.dag"
    task_id: str = "group.score"
    run_id: str = "scheduled__2018-08-29T02:00:00+00:00"


def an_operator(**options: Any) -> AzureBatchTaskOperator:
    """Make an operator that has come to know its Batch task."""
    arguments = {"task_id": "score", "item": NAMES.item, "job_id": NAMES.job, "command": "true"}
    operator = AzureBatchTaskOperator(**{**arguments, **options})
    operator.held = NAMES
    return operator


@pytest.mark.parametrize(
    ("link", "page"),
    [
        pytest.param(BatchTaskLink(), f"/batch-tasks/{NAMES.task}", id="batch-task"),
        pytest.param(StdoutLink(), f"/batch-tasks/{NAMES.task}/files/stdout.txt", id="stdout"),
        pytest.param(PredictionsLink(), "/predictions/1_1..1_9", id="predictions"),
    ],
)
def test_a_link_is_a_path_of_names(link, page) -> None:
    """It names DAG run, task, Batch job and what is wanted, each quoted, and nothing else."""
    assert link.get_link(an_operator(), ti_key=Instance()) == PLACE + page


def test_a_try_that_never_knew_its_batch_task_has_no_link() -> None:
    """Airflow shows no button for an empty link."""
    operator = an_operator()
    operator.held = None
    assert BatchTaskLink().get_link(operator, ti_key=Instance()) == ""


def test_another_batch_account_than_the_deployments_has_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages know one account: a link into another would lead to the wrong place."""
    operator = an_operator(azure_batch_conn_id="another")
    assert BatchTaskLink().get_link(operator, ti_key=Instance()) == ""
    monkeypatch.setenv("SENSOR_SCORING_BATCH_CONN_ID", "another")
    assert BatchTaskLink().get_link(operator, ti_key=Instance()).startswith(PLACE)


@pytest.mark.parametrize(
    ("base_url", "root"),
    [
        pytest.param("https://example.com/airflow/", "/airflow", id="below-a-path"),
        pytest.param("https://example.com/team/airflow", "/team/airflow", id="without-a-slash"),
        pytest.param("http://localhost:8080", "", id="at-the-root"),
    ],
)
def test_a_link_begins_where_the_web_server_is(base_url, root, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow may be served below a path; which host that is on is for the browser to know."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base_url)
    assert BatchTaskLink().get_link(an_operator(), ti_key=Instance()).startswith(root + PLACE)


def test_the_steps_that_make_or_read_the_summary_lead_to_it() -> None:
    """By the run's name, which says its hour; a run of no hour has none."""
    with DAG("links", schedule=None) as dag:
        steps = [summarise(), alert(), verdict()]
        plan_hour()
    found = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    links = {task.task_id: [link.name for link in task.operator_extra_links] for task in found.tasks}
    assert links == {"summarise": ["Summary"], "alert": ["Summary"], "verdict": ["Summary"], "plan": []}
    operator = steps[0].operator
    assert SummaryLink().get_link(operator, ti_key=Instance()) == ""
    operator.run_base = "scoring-20180829T02-0123456789"
    assert SummaryLink().get_link(operator, ti_key=Instance()) == (
        "/sensor-scoring/dags/a.dag/runs/scheduled__2018-08-29T02%3A00%3A00%2B00%3A00"
        "/summaries/scoring-20180829T02-0123456789"
    )


def test_the_web_server_knows_the_links_of_a_mapped_task() -> None:
    """It has the serialised DAG and no operator of ours: names, and where the XComs of each index are."""
    with DAG("links", schedule=None) as dag:
        AzureBatchTaskOperator.partial(task_id="score", pool_id="p", command="true").expand(item=["a", "b"])
    task = DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task("score")
    assert {link.name: link.xcom_key for link in task.operator_extra_links} == {
        "Batch task": "_link_BatchTaskLink",
        "stdout": "_link_StdoutLink",
    }


def test_each_map_index_has_a_link_of_its_own() -> None:
    """Airflow asks for it on the operator of the index, which knows its own Batch task."""
    with DAG("links", schedule=None) as dag:
        AzureBatchTaskOperator.partial(task_id="score", pool_id="p", command="true").expand(item=["a", "b"])
    found = set()
    for item in ("a", "b"):
        operator = dag.get_task("score").unmap({"item": item})
        operator.held = Names(item=item, job="job", task=f"{item}-0123456789-e2-a0")
        found.add(BatchTaskLink().get_link(operator, ti_key=Instance()).rsplit("/", 1)[1])
    assert found == {"a-0123456789-e2-a0", "b-0123456789-e2-a0"}
