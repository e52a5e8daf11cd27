"""Links from a task instance to our pages."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scoring_contract.hour import RunHour
from sensor_scoring import ids
from sensor_scoring.batch_task import Names
from sensor_scoring.links import BatchTaskLink, PredictionsLink, StdoutLink

TI = SimpleNamespace(dag_id="hourly_scoring", run_id="manual__2018-08-29T03:00:00+00:00", task_id="score")
HELD = Names(item="1_1..1_4", job="scoring-20180829T02-0123456789-g2", task="1_1--1_4-0123456789-e2-a0")
PLACE = "/dags/hourly_scoring/runs/manual__2018-08-29T03%3A00%3A00%2B00%3A00/tasks/score/jobs/" + HELD.job


def an_operator(held: Names | None = HELD, conn_id: str = "azure_batch_default") -> SimpleNamespace:
    """Make what a link reads of an operator."""
    return SimpleNamespace(held=held, azure_batch_conn_id=conn_id)


@pytest.mark.parametrize(
    ("link", "rest"),
    [
        (BatchTaskLink(), f"/batch-tasks/{HELD.task}"),
        (StdoutLink(), f"/batch-tasks/{HELD.task}/files/stdout.txt"),
        (PredictionsLink(), "/predictions/1_1..1_4"),
    ],
)
def test_a_link_leads_to_the_page_of_its_own_batch_task(link, rest) -> None:
    """From the root of the web server, so that it works wherever that is."""
    assert link.get_link(an_operator(), ti_key=TI) == f"/sensor-scoring{PLACE}{rest}"


def test_the_web_server_may_stand_behind_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's own setting says where it is."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://example.com/airflow/")
    assert BatchTaskLink().get_link(an_operator(), ti_key=TI).startswith("/airflow/sensor-scoring/dags/")


@pytest.mark.parametrize(
    "operator",
    [
        pytest.param(an_operator(held=None), id="nothing-known-yet"),
        pytest.param(an_operator(conn_id="another_account"), id="another-account"),
    ],
)
def test_no_link_is_better_than_one_that_leads_nowhere(operator) -> None:
    """The pages know the deployment's own Batch account only."""
    assert BatchTaskLink().get_link(operator, ti_key=TI) == ""


def test_a_job_tells_which_run_it_belongs_to() -> None:
    """A run's jobs of every generation are its own, and those that one of its tasks made for itself too."""
    hour = RunHour.parse("2018-08-29T02")
    place = {"dag_id": "d", "task_id": "t", "run_id": "r"}
    for job in (
        ids.job_id(ids.run_base("scoring", hour, dag_id="d", run_id="r"), generation=5, number=1),
        ids.job_id(ids.task_base(dag_id="d", task_id="t", run_id="r"), generation=0),
    ):
        assert ids.belongs_to(job, **place)
        assert not ids.belongs_to(job, **{**place, "dag_id": "other"})
        assert not ids.belongs_to(job, **{**place, "run_id": "other"})
    assert not ids.belongs_to("somebody-elses-job", **place)
