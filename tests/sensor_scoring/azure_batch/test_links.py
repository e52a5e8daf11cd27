"""Links: the XCom that Airflow keeps at the end of a try, and what its UI makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from airflow import plugins_manager
from airflow.sdk import DAG
from airflow.serialization.definitions.operatorlink import XComOperatorLink
from airflow.serialization.serialized_objects import DagSerialization
from scoring_plugin import ScoringPlugin

from sensor_scoring.alerts.tasks import alert, verdict
from sensor_scoring.azure_batch.addresses import BATCH_TASK_KEY as KEY
from sensor_scoring.azure_batch.links import BatchTaskLink, SummaryLink
from sensor_scoring.azure_batch.operators import AzureBatchTaskOperator
from sensor_scoring.azure_batch.task import Names
from sensor_scoring.hourly.operator import SensorScoringOperator
from sensor_scoring.hourly.step import SummaryStepOperator
from sensor_scoring.hourly.tasks import plan_hour, summarise
from sensor_scoring.hourly.web_links import PredictionsLink, StdoutLink

NAMES = Names(item="1_1..1_9", job="scoring-20180829T02-0123456789-g2", task="1_1--1_9-0123456789-e2-a0")
PLACE = (
    "/sensor-scoring/dags/a.dag/runs/scheduled__2018-08-29T02%3A00%3A00%2B00%3A00/tasks/group.score"
    "/jobs/scoring-20180829T02-0123456789-g2"
)


@dataclass(frozen=True)
class Instance:
    """The part of a task instance that a link reads."""

    dag_id: str = "a.dag"
    task_id: str = "group.score"
    run_id: str = "scheduled__2018-08-29T02:00:00+00:00"


def an_operator(**options: Any) -> AzureBatchTaskOperator:
    """Make an operator that knows its Batch task."""
    arguments = {"task_id": "score", "item": NAMES.item, "job_id": NAMES.job, "command": "true"}
    operator = AzureBatchTaskOperator(**{**arguments, **options})
    operator.held = NAMES
    return operator


def test_a_link_is_a_path_of_names() -> None:
    """It has DAG run, task, Batch job, Batch task and item, each quoted, and nothing else."""
    found = BatchTaskLink().get_link(an_operator(), ti_key=Instance())
    assert found == PLACE + f"/batch-tasks/{NAMES.task}?item=1_1..1_9"


def test_the_api_server_makes_the_other_links_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to output and predictions need no XCom; names stay quoted."""
    operator = an_operator()
    operator.held = replace(NAMES, item="a/b c")
    kept = BatchTaskLink().get_link(operator, ti_key=Instance())
    monkeypatch.setattr(
        XComOperatorLink, "get_link", lambda link, *_, **__: kept if link.xcom_key == KEY else ""
    )
    assert StdoutLink().get_link(None, ti_key=Instance()) == (
        f"{PLACE}/batch-tasks/{NAMES.task}/files/stdout.txt"
    )
    assert PredictionsLink().get_link(None, ti_key=Instance()) == f"{PLACE}/predictions/a%2Fb%20c"


def test_without_a_batch_task_the_api_server_has_no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its links are empty like the worker's, which means no button."""
    monkeypatch.setattr(XComOperatorLink, "get_link", lambda *_, **__: "")
    assert StdoutLink().get_link(None, ti_key=Instance()) == ""
    assert PredictionsLink().get_link(None, ti_key=Instance()) == ""


def test_a_try_that_never_knew_its_batch_task_has_no_link() -> None:
    """Airflow shows no button for an empty link."""
    operator = an_operator()
    operator.held = None
    assert BatchTaskLink().get_link(operator, ti_key=Instance()) == ""


def test_another_batch_account_than_the_deployments_has_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages know one account; a link to another would lead to the wrong place."""
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
    """Airflow may be served below a path; the browser knows the host."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base_url)
    assert BatchTaskLink().get_link(an_operator(), ti_key=Instance()).startswith(root + PLACE)


def test_the_steps_that_make_or_read_the_summary_lead_to_it() -> None:
    """By the run's id, which contains its hour; a run without an hour has none."""
    with DAG("links", schedule=None) as dag:
        steps = [summarise(), alert(), verdict()]
        plan_hour()
    found = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    links = {task.task_id: [link.name for link in task.operator_extra_links] for task in found.tasks}
    assert links == {"summarise": ["Summary"], "alert": ["Summary"], "verdict": ["Summary"], "plan": []}
    ((operator, _),) = steps[0].iter_references()
    assert isinstance(operator, SummaryStepOperator)
    assert SummaryLink().get_link(operator, ti_key=Instance()) == ""
    operator.run_base = "scoring-20180829T02-0123456789"
    assert SummaryLink().get_link(operator, ti_key=Instance()) == (
        "/sensor-scoring/dags/a.dag/runs/scheduled__2018-08-29T02%3A00%3A00%2B00%3A00"
        "/summaries/scoring-20180829T02-0123456789"
    )


def test_the_web_server_knows_the_links_of_a_mapped_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has only the serialised DAG, the plugin, and one XCom per index."""
    monkeypatch.setattr(
        plugins_manager, "get_operator_extra_links", lambda: ScoringPlugin.operator_extra_links
    )
    with DAG("links", schedule=None) as dag:
        AzureBatchTaskOperator.partial(task_id="work", pool_id="p", command="true").expand(item=["a", "b"])
        SensorScoringOperator.partial(task_id="score", pool_id="p", command="true").expand(item=["a", "b"])
    found = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert found.get_task("work").extra_links == ["Batch task", "stdout"]
    assert found.get_task("score").extra_links == ["Batch task", "Predictions", "stdout"]
    for task in dag.tasks:
        assert [link.xcom_key for link in task.operator_extra_links] == [KEY], "what a worker keeps"


def test_each_map_index_has_a_link_of_its_own() -> None:
    """Airflow asks the operator of that index, which knows its own Batch task."""
    with DAG("links", schedule=None) as dag:
        AzureBatchTaskOperator.partial(task_id="score", pool_id="p", command="true").expand(item=["a", "b"])
    found = set()
    for item in ("a", "b"):
        operator = dag.get_task("score").unmap({"item": item})
        operator.held = Names(item=item, job="job", task=f"{item}-0123456789-e2-a0")
        found.add(BatchTaskLink().get_link(operator, ti_key=Instance()).rsplit("/", 1)[1])
    assert found == {"a-0123456789-e2-a0?item=a", "b-0123456789-e2-a0?item=b"}
