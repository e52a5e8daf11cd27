"""Telling telemetry of a run: real Batch tasks, a real Blob Storage, a receiver that decodes the wire."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract import layout
from sensor_scoring.azure_batch import ids
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.hourly.outcome.run_telemetry import tell
from sensor_scoring.hourly.outcome.run_trace import score_context
from sensor_scoring.hourly.step_times import StepTimes
from sensor_scoring.setting_groups import ConnectionSettings, PoolSettings, TelemetrySettings
from sensor_scoring.settings import Settings
from sensor_scoring.telemetry.spans import span_id, trace_id
from tests.support.stand_ins import as_run
from tests.support.telemetry_receiver import connected
from tests.support.traced_runs import PLAN, PLANNED_AT, some_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.services.azurite import BlobStorage
    from sensor_scoring.hourly.planning.plan import Plan
    from tests.sensor_scoring.conftest import Account
    from tests.support.telemetry_receiver import Received

BASE = "scoring-20180829T02-0123456789"
JOB = ids.job_id(BASE, generation=2)
OURS = replace(PLAN, run=BASE)
TRACE = trace_id(BASE, PLANNED_AT)
SUMMARY = replace(some_facts().summary, run=BASE)
SETTINGS = Settings(
    connections=ConnectionSettings(batch_conn_id="batch_for_tests", wasb_conn_id="wasb_for_tests"),
    pool=PoolSettings(pool_id="pool"),
    telemetry=TelemetrySettings(telemetry="otlp", telemetry_seconds=5),
)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    """Run a receiver."""
    with connected(monkeypatch) as received:
        yield received


@pytest.fixture
def run(account: Account, storage: BlobStorage) -> Any:  # noqa: ARG001  the connection leads to it
    """Return a run with a Batch task that has ended."""
    account.pool()
    account.job(JOB)
    add(account, epoch=2)
    return a_run()


def add(account: Account, *, epoch: int) -> str:
    """Let a Batch task run to its end; return its id."""
    task = str(ids.AttemptId(ids.group_key("1_4"), epoch, 0))
    account.add(task, "true", job=JOB)
    account.ended(task, job=JOB)
    return task


def a_run(*, plan: Plan | None = OURS, asks: str = "summarise", **settings: Any) -> Any:
    """Return what is asked of a run here."""
    now = datetime.now(UTC)
    steps = {"plan": StepTimes(now, now), asks: StepTimes(now, now + timedelta(seconds=1))}
    return as_run(
        SimpleNamespace(
            settings=replace(SETTINGS, **settings),
            store=BlobStore("wasb_for_tests"),
            base=BASE,
            dag_id="hourly_scoring",
            type="scheduled",
            started=now - timedelta(seconds=9),
            plan=lambda: plan,
            step_times=lambda: steps,
        )
    )


def names(received: Received) -> list[str]:
    """Return the names of all spans received."""
    return [span["name"] for span in received.spans]


def test_a_summary_is_told_once(received: Received, run: Any) -> None:
    """A step that is tried again after the worker died sends nothing twice."""
    tell(run, SUMMARY)
    told = names(received)
    assert sorted(told) == sorted(
        ["hourly_scoring", "plan", "summarise", "submit", "score", "Batch task", "queue", "node"]
    )
    assert received.values()["sensor_scoring.run.readings", "pool", "scheduled"] == 1200
    requests = len(received.headers)
    tell(run, SUMMARY)
    assert len(received.headers) == requests


def test_after_a_clear_only_what_is_new_is_told(received: Received, run: Any, account: Account) -> None:
    """The new Batch task is a part of the step that the manifests name; the new summary, of the run."""
    tell(run, SUMMARY)
    first = list(received.spans)
    received.spans.clear()
    received.metrics.clear()
    task = add(account, epoch=3)
    again = a_run(asks="verdict")
    tell(again, replace(SUMMARY, clears=1))
    new = {span["name"]: span for span in received.spans}
    assert set(new) == {"hourly_scoring", "plan", "verdict", "Batch task", "queue", "node"}
    assert {span["spanId"] for span in received.spans}.isdisjoint(span["spanId"] for span in first)
    assert {span["traceId"] for span in (*first, *received.spans)} == {TRACE}
    (root,) = [span for span in first if "parentSpanId" not in span]
    assert new["hourly_scoring"]["parentSpanId"] == root["spanId"]
    assert new["Batch task"]["attributes"]["azure.batch.task.id"] == task
    assert new["Batch task"]["parentSpanId"] == span_id(TRACE, "score")
    assert score_context(BASE, PLANNED_AT) == f"00-{TRACE}-{span_id(TRACE, 'score')}-01"
    # Gauges: the same series have new values.
    assert received.values()["sensor_scoring.run.readings", "pool", "scheduled"] == 1200


def test_what_was_planned_anew_is_another_trace(received: Received, run: Any) -> None:
    """All of it is done again."""
    tell(run, SUMMARY)
    received.spans.clear()
    later = replace(OURS, planned_at="2018-08-29T04:00:00.000000Z")
    tell(a_run(plan=later), replace(SUMMARY, clears=1))
    assert {span["traceId"] for span in received.spans} == {trace_id(BASE, later.planned_at)}
    assert "parentSpanId" not in received.spans[0]


def test_what_nobody_took_is_told_the_next_time(
    received: Received, run: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is noted as sent before a target has it."""
    received.status = 400
    tell(run, SUMMARY)
    assert "Telemetry did not reach otlp:otlp_default" in caplog.text
    received.status = 200
    received.spans.clear()
    tell(run, SUMMARY)
    assert "hourly_scoring" in names(received)


@pytest.mark.usefixtures("storage")
def test_without_an_answer_of_azure_batch_the_rest_is_told(
    received: Received, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And the log says what is missing."""
    refused = (
        '{"conn_type": "azure_batch", "login": "a", "password": "?", "extra": {"account_url": "http://b"}}'
    )
    monkeypatch.setenv("AIRFLOW_CONN_BATCH_FOR_TESTS", refused)
    tell(a_run(), SUMMARY)
    assert sorted(names(received)) == ["hourly_scoring", "plan", "summarise"]
    assert "Telemetry has nothing of this run's Batch tasks" in caplog.text


@pytest.mark.usefixtures("storage")
def test_a_note_that_does_not_read_is_none(received: Received, run: Any) -> None:
    """Everything is told, once more at worst."""
    container = SETTINGS.containers.runs_container
    run.store.write(container, layout.telemetry_note_blob(BASE), "{")
    tell(run, SUMMARY)
    assert "hourly_scoring" in names(received)


def test_whatever_goes_wrong_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """The hour is scored, whoever gets to know of it."""

    def broken() -> Plan:
        raise ValueError("the plan is odd")

    tell(as_run(SimpleNamespace(plan=broken)), SUMMARY)
    (record,) = caplog.records
    assert record.getMessage() == "There is no telemetry of this run"
