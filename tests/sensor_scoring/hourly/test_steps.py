"""Branches of the steps that no end-to-end run reaches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import TaskDeferred

from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour
from scoring_contract.predictions import PredictionMark
from sensor_scoring import errors
from sensor_scoring.alerts.verdict_step import give_verdict
from sensor_scoring.azure_batch.pool.autoscale import Floor
from sensor_scoring.azure_batch.pool.keeper import PoolKeeper
from sensor_scoring.blob_storage.listing import FoundBlob
from sensor_scoring.errors import RunFailed
from sensor_scoring.hourly.hour import check_asked
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.hourly.planning.capacity import pool_spec, prepare_pool
from sensor_scoring.hourly.settle import SettleOperator
from sensor_scoring.hourly.steps import close_run, open_run, predictions_there
from sensor_scoring.retries import RETRY_TABLE
from sensor_scoring.setting_groups import HourlySettings, PoolSettings
from sensor_scoring.settings import Settings
from tests.support.stand_ins import as_run, context_with

HOUR = RunHour.parse("2018-08-29T02")


@dataclass
class Pushing:
    """The part of a task instance that the verdict needs."""

    pushed: dict[str, str] = field(default_factory=dict)

    def xcom_push(self, *, key: str, value: str) -> None:
        """Keep an XCom."""
        self.pushed[key] = value


@dataclass
class ARun:
    """A run as the verdict sees it."""

    outcome: Summary | None
    settings: Settings
    hour: RunHour = HOUR
    steps: dict[str, str] = field(default_factory=dict)
    alert_failed: bool = False
    clears: int = 0
    hourless: str = ""
    not_told: tuple[str, ...] = ()

    def untold(self) -> list[str]:
        """Return who was not told."""
        return list(self.not_told)

    def summary(self) -> Summary | None:
        """Return its summary."""
        return self.outcome

    def step_failures(self) -> dict[str, str]:
        """Return the steps that failed, and why."""
        return self.steps


def a_run(*outcomes: Outcome, failed_steps: dict[str, str] | None = None, **settings: Any) -> ARun:
    """Return a run whose sensors ended in given ways."""
    sensors = tuple(
        SensorOutcome(sensor=f"s{number}", outcome=outcome) for number, outcome in enumerate(outcomes)
    )
    summary = Summary(hour=HOUR, run="run", dag_run_id="r", sensors=sensors, failed_steps=failed_steps or {})
    return ARun(summary, Settings(hourly=HourlySettings(**settings)))


GOOD, BAD, SILENT = Outcome.SCORED, Outcome.FAILED, Outcome.SILENT


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(a_run(GOOD, GOOD), id="all-scored"),
        pytest.param(a_run(GOOD, SILENT), id="one-silent"),
        pytest.param(a_run(SILENT, SILENT), id="all-silent"),
        pytest.param(a_run(GOOD, GOOD, GOOD, BAD, tolerated_failed_share=0.25), id="tolerated"),
        pytest.param(a_run(GOOD, Outcome.UNMODELLED), id="one-without-a-model"),
        pytest.param(a_run(), id="no-fleet-yet"),
    ],
)
def test_a_run_that_is_good_enough_is_green(run) -> None:
    """Neither silent sensors nor failures up to the tolerated share fail it."""
    give_verdict(as_run(run), context_with(Pushing()))


@pytest.mark.behaviour("no-model")
@pytest.mark.parametrize(
    ("run", "why"),
    [
        pytest.param(a_run(GOOD, BAD), "1 sensors failed: s1", id="one-failed"),
        pytest.param(
            a_run(GOOD, GOOD, BAD, BAD, tolerated_failed_share=0.25), "the limit is 25%", id="too-many"
        ),
        pytest.param(
            a_run(GOOD, failed_steps={"submit": "the quota is reached"}),
            "submit failed: the quota is reached",
            id="a-step-failed",
        ),
        pytest.param(
            ARun(None, Settings(), steps={"plan": "the registry is unreadable"}),
            "^plan failed: the registry is unreadable$",
            id="a-step-failed-before-a-summary",
        ),
        pytest.param(
            a_run(SILENT, Outcome.UNMODELLED),
            "nothing was scored in 2018-08-29T02: there are readings of s1, and none of them has a model",
            id="no-model-for-what-was-sent",
        ),
        pytest.param(a_run(SILENT, silent_hour_fails=True), "no sensor sent readings", id="silent-hour"),
        pytest.param(ARun(None, Settings()), "no summary", id="no-summary"),
        pytest.param(
            replace(a_run(GOOD, BAD), alert_failed=True),
            "1 sensors failed: s1; the limit is 0%; 'alert' failed",
            id="nobody-told",
        ),
        pytest.param(replace(a_run(GOOD), alert_failed=True), "^'alert' failed", id="told-of-nothing"),
        pytest.param(
            replace(a_run(BAD), not_told=("apprise: 1 of 2 addresses was not notified",)),
            "1 sensors failed: .*; apprise: 1 of 2 addresses was not notified$",
            id="not-everybody-told",
        ),
    ],
)
def test_a_run_that_is_not_is_red_with_the_reason(run, why) -> None:
    """The reason is what people read first."""
    with pytest.raises(RunFailed, match=why):
        give_verdict(as_run(run), context_with(Pushing()))


def test_the_verdict_leaves_a_note_for_the_list_of_runs() -> None:
    """Also if the run is red or has no summary."""
    red, without = Pushing(), Pushing()
    with pytest.raises(RunFailed):
        give_verdict(as_run(a_run(GOOD, BAD)), context_with(red))
    assert red.pushed["note"].startswith("2018-08-29T02: 1 scored, 1 failed, 0 anomalies")
    unplanned = ARun(None, Settings(), steps={"plan": "no registry"})
    with pytest.raises(RunFailed):
        give_verdict(as_run(unplanned), context_with(without))
    assert without.pushed == {"note": "2018-08-29T02: plan failed: no registry"}


def test_a_run_of_no_hour_has_a_note_and_nothing_to_close() -> None:
    """Its first step failed, so nothing was opened."""
    pushing, why = Pushing(), "'2026-02-30T02' has a day 30 in a month of 28 days"
    run = ARun(None, Settings(), steps={"settle": why}, hourless=why)
    with pytest.raises(RunFailed, match=r"^settle failed: "):
        give_verdict(as_run(run), context_with(pushing))
    assert pushing.pushed == {"note": f"no hour: settle failed: {why}"}
    assert close_run(as_run(AnOpening(None, "", Settings(), hourless=why))) == []


def test_of_very_many_that_failed_the_verdict_names_a_few() -> None:
    """UIs cut off a sentence of thousands of names; the summary has them all."""
    with pytest.raises(RunFailed, match=r"^2000 sensors failed: s0, s1, s2, s3, s4 and 1995 more; the limit"):
        give_verdict(as_run(a_run(*[BAD] * 2000)), context_with(Pushing()))


@pytest.mark.behaviour("untold")
def test_a_good_verdict_says_who_was_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """One address got the alert, so the run is good; consumers and log learn of the broken one."""
    said = "apprise:teams: 1 of 2 addresses was not notified"
    run = as_run(replace(a_run(GOOD), not_told=(said,)))
    assert give_verdict(run, context_with(Pushing()))["untold"] == [said]
    assert f"The alert missed an address: {said}" in caplog.text


def context_of(hour: RunHour, *, asked: dict[str, Any] | None = None) -> Any:
    """Return the context of a run for an hour.

    :param asked: what a person asked for
    """
    return {
        "params": {"hour": str(hour)},
        "dag": SimpleNamespace(params={"hour": None}),
        "dag_run": SimpleNamespace(run_after=datetime.now(UTC), conf=asked),
        "ti": None,
    }


def test_a_parameter_that_the_dag_does_not_have_fails_the_run() -> None:
    """With a misspelt parameter, the run would score another hour than intended, in green."""
    with pytest.raises(errors.SettingsError, match=r"^the run was asked for hours, which is no parameter"):
        check_asked(context_of(HOUR, asked={"hour": "2018-08-29T02", "hours": "2018-08-29T03"}))
    check_asked(context_of(HOUR, asked={"hour": "2018-08-29T02"}))
    check_asked(context_of(HOUR))


def test_what_airflow_itself_reads_of_a_run_is_no_misspelt_parameter() -> None:
    """It configures Airflow's tracing."""
    check_asked(context_of(HOUR, asked={"hour": "2018-08-29T02", "airflow/task_span_detail_level": 2}))


def test_an_hour_long_past_is_not_waited_for() -> None:
    """A backfill starts at once."""
    SettleOperator(task_id="settle", lateness_minutes=5).execute(context_of(HOUR))


def test_late_readings_are_waited_for_without_a_worker() -> None:
    """The run of the last hour continues when its readings can be complete."""
    hour = RunHour.containing(datetime.now(UTC))
    with pytest.raises(TaskDeferred) as caught:
        SettleOperator(task_id="settle", lateness_minutes=5).execute(context_of(hour))
    assert caught.value.trigger.moment == hour.end + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("error", "action"),
    [
        pytest.param(errors.BatchAccessRefused("no"), RetryAction.FAIL, id="wrong-key"),
        pytest.param(errors.FormulaRefused("no"), RetryAction.FAIL, id="formula"),
        pytest.param(errors.JobEnded("over"), RetryAction.FAIL, id="job-ended"),
        pytest.param(
            errors.BatchTaskRejected(job_id="j", batch_task_id="t", exit_code=3, reason="model"),
            RetryAction.FAIL,
            id="model",
        ),
        pytest.param(LayoutError("no hour"), RetryAction.FAIL, id="contract"),
        pytest.param(
            errors.BatchTaskInterrupted(job_id="j", batch_task_id="t", exit_code=137, reason="killed"),
            RetryAction.DEFAULT,
            id="killed",
        ),
        pytest.param(errors.BatchUnreachable("away"), RetryAction.DEFAULT, id="outage"),
        pytest.param(errors.QuotaReached("full"), RetryAction.DEFAULT, id="quota"),
        pytest.param(OSError("disk"), RetryAction.DEFAULT, id="anything-else"),
    ],
)
def test_the_table_tells_what_is_tried_again(error, action) -> None:
    """What a person must fix fails at once; what may pass by itself is retried."""
    assert RETRY_TABLE.evaluate(error, 1, 3).action is action


@dataclass
class AnOpening:
    """A run that is about to open its job, or to close it."""

    hook: Any
    base: str
    settings: Settings
    generation: int = 2
    is_backfill: bool = False
    has_company: bool = False
    hourless: str = ""

    def plan(self) -> None:
        """Return its plan: there is none."""


def test_jobs_that_nobody_closed_do_not_keep_an_hour_from_being_scored(account_with) -> None:
    """When the quota of active jobs is reached, idle jobs of earlier runs are ended."""
    account = account_with(active_job_quota=1)
    settings = Settings(pool=PoolSettings(pool_id="pool"))
    forgotten = account.hook.jobs.open("scoring-20180829T02-0123456789", generation=2, pool_id="pool")
    run = AnOpening(account.hook, "scoring-20180829T06-0123456789", settings)
    with pytest.raises(errors.QuotaReached):
        open_run(as_run(run))
    account.advance(hours=4)
    job = open_run(as_run(run))
    states = {found.id: str(found["state"]) for found in account.client.list_jobs()}
    assert states == {forgotten: "completed", job: "active"}


def test_the_job_is_there_before_its_load_is_announced(account, monkeypatch) -> None:
    """A run that releases nodes looks at jobs, and would withdraw a load without one."""
    run = AnOpening(
        account.hook, "scoring-20180829T06-0123456789", Settings(pool=PoolSettings(pool_id="pool"))
    )
    ensure, jobs = PoolKeeper.ensure, []

    def seen(pools: PoolKeeper, spec: Any, **options: Any) -> list[str]:
        jobs.extend(account.hook.jobs.active(spec.pool_id))
        return ensure(pools, spec, **options)

    monkeypatch.setattr(PoolKeeper, "ensure", seen)
    assert jobs == [open_run(as_run(run))]


@pytest.mark.parametrize("has_company", [True, False])
def test_nodes_are_given_back_when_no_other_run_comes(account, *, has_company: bool) -> None:
    """Within a backfill, the next hour inherits the nodes; after the last hour they go."""
    settings = Settings(pool=PoolSettings(pool_id="pool"))
    run = AnOpening(account.hook, "scoring-20180829T06-0123456789", settings, has_company=has_company)
    prepare_pool(account.hook, pool_spec(settings), settings, batch_tasks=4)
    job = run.hook.jobs.open(run.base, generation=2, pool_id="pool")
    account.advance(minutes=1)
    assert close_run(as_run(run)) == [job]
    formula = account.client.get_pool("pool")["autoScaleFormula"]
    floor = Floor.of_formula(formula, now=account.hook.pools.service_time())
    assert (floor is not None) == has_company


@pytest.mark.behaviour("predictions-format")
@pytest.mark.parametrize(("there", "form"), [(None, "parquet"), ("csv", "csv"), ("parquet", "parquet")])
def test_an_hour_that_has_predictions_keeps_their_format(there: str | None, form: str) -> None:
    """Even if the setting changed: a sensor and hour never have two predictions."""
    mark = PredictionMark(HOUR, "1_1", "00ff", "m.json", "2018-08-29T03:05:00.000000Z", 60)
    found = [FoundBlob(f"2018/08/29/02/1_1.{there}", 900, mark.to_metadata())] if there else []
    store = SimpleNamespace(found=lambda _container, _folder: iter(found))
    run: Any = SimpleNamespace(
        store=store, settings=Settings(hourly=HourlySettings(predictions_format="parquet")), hour=HOUR
    )
    there_now = predictions_there(run)
    assert (there_now.form or "parquet") == form
