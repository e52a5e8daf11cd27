"""Late runs: which ones, and the alert about them; real Batch, Blob Storage and webhook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sensor_scoring.alerts.late_run import LateRun
from sensor_scoring.alerts.late_step import tell_late_runs
from sensor_scoring.alerts.unfinished_runs import unfinished_runs
from sensor_scoring.azure_batch.pool.autoscale import Floor
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.setting_groups import AlertSettings, ConnectionSettings, PoolSettings
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage
    from sensor_scoring.alerts.unfinished_runs import RunBefore, UnfinishedRun
    from tests.sensor_scoring.conftest import Account
    from tests.support.receivers import Webhook

BATCH_CONN, WASB_CONN = "batch_for_tests", "wasb_for_tests"
SETTINGS = Settings(
    alerts=AlertSettings(notify="apprise"),
    connections=ConnectionSettings(batch_conn_id=BATCH_CONN, wasb_conn_id=WASB_CONN),
    pool=PoolSettings(pool_id="pool"),
)
DUE = datetime(2018, 8, 29, 3, tzinfo=UTC)


@dataclass
class AirflowRun:
    """A run as the Task SDK describes it."""

    run_id: str = "scheduled__2018-08-29T03:00:00+00:00"
    dag_id: str = "hourly_scoring"
    run_type: str = "scheduled"
    state: str = "running"
    logical_date: datetime | None = DUE - timedelta(hours=1)
    data_interval_start: datetime | None = DUE - timedelta(hours=1)
    run_after: datetime = DUE
    start_date: datetime | None = DUE
    clear_number: int | None = 0
    conf: Any = None


def among(*runs: AirflowRun) -> RunBefore:
    """Return a lookup of runs that answers as Airflow's API does."""

    def run_before(moment: datetime, state: str) -> UnfinishedRun | None:
        found = [run for run in runs if run.state == state and run.logical_date and run.logical_date < moment]
        return max(found, key=lambda run: run.logical_date or DUE, default=None)

    return run_before


@pytest.fixture
def webhook_of_alerts(
    storage: BlobStorage,  # noqa: ARG001  it connects the account
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> Webhook:
    """Configure alerts to a webhook, with an empty history."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org/")
    return webhook


@pytest.mark.behaviour("late-run", "pool-trouble")
def test_a_pool_that_cannot_allocate_is_the_cause_of_a_late_run(
    account: Account, webhook_of_alerts: Webhook
) -> None:
    """One message names the hour, the service's error and what to do; later looks send nothing."""
    spec = pool_spec(Settings(pool=PoolSettings(pool_id="pool")))
    account.hook.pools.ensure(spec)
    account.emulator.faults.fail_allocations("pool", code="AllocationFailed", message="no such machines left")
    until = account.hook.pools.service_time() + timedelta(minutes=10)
    account.hook.pools.ensure(spec, floor=Floor(2, until))
    for _ in range(3):
        assert tell_late_runs(among(AirflowRun()), {}, SETTINGS) == [AirflowRun().run_id]
        account.emulator.faults.fail_allocations("pool", code="AllocationFailed", message="another sentence")
    (body,) = webhook_of_alerts.bodies
    assert body["title"] == "running: sensor scoring of 2018-08-29T02: late, 1 pool trouble"
    late, pool, place = body["message"].splitlines()
    assert late == "Late: it is still running 50 minutes after the end of its hour"
    assert pool.startswith("Pool: pool pool: AllocationFailed: no such machines left; the region has no such")
    assert place == (
        "Run: https://airflow.example.org/dags/hourly_scoring/runs/"
        "scheduled__2018-08-29T03%3A00%3A00%2B00%3A00"
    )


def test_every_late_run_is_told_of_by_itself(account: Account, webhook_of_alerts: Webhook) -> None:
    """Two stuck hours are two alerts; a manual run is named by the hour it was given."""
    account.pool()
    other = AirflowRun(
        run_id="manual__1",
        run_type="manual",
        logical_date=DUE,
        data_interval_start=None,
        conf={"hour": "2018-08-29T01"},
    )
    assert tell_late_runs(among(AirflowRun(), other), {}, SETTINGS) == ["manual__1", AirflowRun().run_id]
    assert [body["title"] for body in webhook_of_alerts.bodies] == [
        "running: sensor scoring of 2018-08-29T01: late",
        "running: sensor scoring of 2018-08-29T02: late",
    ]


@pytest.mark.behaviour("no-hour")
def test_a_late_run_of_no_hour_hides_no_other(account: Account, webhook_of_alerts: Webhook) -> None:
    """A queued run with an invalid hour is skipped, since its own alert will name the problem."""
    account.pool()
    wrong = AirflowRun(
        run_id="manual__1", run_type="manual", logical_date=DUE, conf={"hour": "2018-02-30T02"}
    )
    assert tell_late_runs(among(AirflowRun(), wrong), {}, SETTINGS) == ["manual__1", AirflowRun().run_id]
    (body,) = webhook_of_alerts.bodies
    assert body["title"] == "running: sensor scoring of 2018-08-29T02: late"


def test_a_batch_account_that_does_not_answer_is_told_too(webhook_of_alerts: Webhook) -> None:
    """The alert about a late run does not depend on its cause being known."""
    unknown = Settings(
        alerts=AlertSettings(notify="apprise"),
        connections=ConnectionSettings(batch_conn_id="forgotten", wasb_conn_id=WASB_CONN),
        pool=PoolSettings(pool_id="pool"),
    )
    tell_late_runs(among(AirflowRun()), {}, unknown)
    (body,) = webhook_of_alerts.bodies
    assert "pool pool cannot be read" in body["message"]


def test_a_limit_of_nothing_switches_it_off(webhook_of_alerts: Webhook) -> None:
    """With a limit of 0, runs are not even looked up."""
    assert tell_late_runs(among(AirflowRun()), {}, Settings(alerts=AlertSettings(late_minutes=0))) == []
    assert webhook_of_alerts.bodies == []


NOW = DUE + timedelta(minutes=50)


@pytest.mark.parametrize(
    ("run", "why"),
    [
        pytest.param(
            AirflowRun(), "it is still running 50 minutes after the end of its hour", id="scheduled"
        ),
        pytest.param(
            AirflowRun(state="queued", start_date=None),
            "it has not started 50 minutes after the end of its hour",
            id="never-started",
        ),
        pytest.param(
            AirflowRun(start_date=NOW - timedelta(minutes=1)),
            "it is still running 50 minutes after the end of its hour",
            id="began-late",
        ),
        pytest.param(
            AirflowRun(run_type="manual", state="queued", start_date=None),
            "it has not started 50 minutes after it was due",
            id="by-hand-and-never-started",
        ),
        pytest.param(
            AirflowRun(run_type="manual", start_date=DUE - timedelta(days=900)),
            "it is still running 50 minutes after it started",
            id="of-dags-test",
        ),
        pytest.param(AirflowRun(run_after=DUE + timedelta(seconds=1)), "", id="within-its-time"),
        pytest.param(AirflowRun(run_type="backfill"), "", id="a-backfill"),
        pytest.param(
            AirflowRun(clear_number=1, start_date=NOW - timedelta(minutes=49)), "", id="cleared-lately"
        ),
        pytest.param(
            AirflowRun(clear_number=1, start_date=NOW - timedelta(minutes=50)),
            "it is still running 50 minutes after it started",
            id="cleared-long-ago",
        ),
        pytest.param(AirflowRun(clear_number=1, start_date=None, state="queued"), "", id="cleared-and-waits"),
        pytest.param(
            AirflowRun(run_type="manual", start_date=NOW - timedelta(minutes=1)),
            "",
            id="by-hand-for-an-old-hour",
        ),
        pytest.param(
            AirflowRun(run_type="manual"),
            "it is still running 50 minutes after it started",
            id="by-hand-and-long",
        ),
    ],
)
def test_a_run_is_late_by_the_end_of_its_hour_or_by_its_own_start(run, why) -> None:
    """An hour's own run counts from the hour's end; a cleared or manual one from its own start."""
    assert LateRun(run).why(limit_minutes=50, now=NOW) == why


def test_all_that_run_and_the_newest_that_wait_are_gone_through() -> None:
    """A backfill queues a year of runs at once, which are not looked up one by one."""
    hours = [
        AirflowRun(run_id=f"{number}", state="queued", logical_date=DUE - timedelta(hours=number))
        for number in range(1, 100)
    ]
    old = AirflowRun(run_id="old", logical_date=DUE - timedelta(days=400))
    found = [run.run_id for run in unfinished_runs(among(old, *hours), now=DUE)]
    assert found == ["old", *map(str, range(1, 51))]
