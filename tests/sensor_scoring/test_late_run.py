"""A run past its deadline: real Batch, real Blob Storage, a real webhook."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract.layout import Container
from sensor_scoring.autoscale import Floor
from sensor_scoring.deadline import late_alert, tell_late
from sensor_scoring.pool_load import pool_spec
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from conftest import Account

    from local_stack.azurite import BlobStorage
    from tests.receivers import Webhook

BATCH_CONN, WASB_CONN = "batch_for_tests", "wasb_for_tests"


def context_of(**facts: Any) -> dict[str, Any]:
    """Return what Airflow gives the callback of a deadline."""
    dag_run = {
        "dag_run_id": "scheduled__2018-08-29T03:00:00+00:00",
        "dag_id": "hourly_scoring",
        "data_interval_start": "2018-08-29T02:00:00Z",
        "run_after": "2018-08-29T03:00:00Z",
        "run_type": "scheduled",
        "queued_at": "2018-08-29T03:00:00Z",
        "state": "running",
        "conf": None,
        **facts,
    }
    return {"dag_run": dag_run, "deadline": {"id": "1", "deadline_time": "2018-08-29T03:50:00Z"}}


@pytest.fixture
def webhook_of_alerts(storage: BlobStorage, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Webhook:
    """Set a deployment up that tells a webhook, and has told it nothing yet."""
    for blob in storage.container(Container.RUNS).list_blob_names(name_starts_with="_alerts/"):
        storage.container(Container.RUNS).delete_blob(blob)
    settings = {
        "NOTIFY": "apprise",
        "BATCH_CONN_ID": BATCH_CONN,
        "WASB_CONN_ID": WASB_CONN,
        "POOL_ID": "pool",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"SENSOR_SCORING_{name}", value)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org/")
    return webhook


@pytest.mark.behaviour("late-run", "pool-trouble")
def test_a_pool_that_cannot_allocate_is_the_cause_of_a_late_run(
    account: Account, webhook_of_alerts: Webhook
) -> None:
    """The one message names the hour, what the service says and what to do; the same again is no news."""
    spec = pool_spec(Settings(pool_id="pool"))
    account.hook.pools.ensure(spec)
    account.emulator.faults.fail_allocations("pool", code="AllocationFailed", message="no such machines left")
    until = account.hook.pools.service_time() + timedelta(minutes=10)
    account.hook.pools.ensure(spec, floor=Floor(2, until))
    tell_late(context_of())
    tell_late(context_of())
    (body,) = webhook_of_alerts.bodies
    assert body["title"] == "running: sensor scoring of 2018-08-29T02: late, 1 pool trouble"
    late, pool, place = body["message"].splitlines()
    assert late == "Late: it still runs 50 minutes after the end of its hour"
    assert pool.startswith("Pool: pool pool: AllocationFailed: no such machines left; the region has no such")
    assert place == (
        "Run: https://airflow.example.org/dags/hourly_scoring/runs/"
        "scheduled__2018-08-29T03%3A00%3A00%2B00%3A00"
    )


def test_a_run_asked_for_by_hand_is_named_by_its_hour(account: Account, webhook_of_alerts: Webhook) -> None:
    """Its parameters say which, as they do in the run."""
    account.pool()
    tell_late(context_of(conf={"hour": "2018-08-29T01"}, data_interval_start=None, run_type="manual"))
    (body,) = webhook_of_alerts.bodies
    assert body["title"] == "running: sensor scoring of 2018-08-29T01: late"


def test_a_batch_account_that_does_not_answer_is_told_too(
    webhook_of_alerts: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever keeps the run, a person hears that it is late."""
    monkeypatch.setenv("SENSOR_SCORING_BATCH_CONN_ID", "forgotten")
    tell_late(context_of())
    (body,) = webhook_of_alerts.bodies
    assert "pool pool cannot be looked at" in body["message"]


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"run_type": "backfill"}, id="a-backfill"),
        pytest.param(
            {"run_type": "manual", "queued_at": datetime.now(UTC).isoformat()}, id="by-hand-for-an-old-hour"
        ),
        pytest.param({"state": "failed"}, id="failed-before-its-deadline"),
        pytest.param({"state": "success"}, id="ended-meanwhile"),
    ],
)
def test_nobody_is_told_of_a_run_that_does_not_keep_anyone_waiting(facts, webhook_of_alerts: Webhook) -> None:
    """Airflow keeps the deadline of a run that failed; its own alert has said so."""
    tell_late(context_of(**facts))
    assert webhook_of_alerts.bodies == []


def test_the_deadline_can_be_switched_off() -> None:
    """Else it counts from the end of the hour."""
    assert late_alert(Settings(late_minutes=0)) is None
    deadline = late_alert(Settings(late_minutes=20))
    assert deadline is not None
    assert deadline.interval == timedelta(minutes=80)
    assert deadline.callback.path == "sensor_scoring.deadline.tell_late"
