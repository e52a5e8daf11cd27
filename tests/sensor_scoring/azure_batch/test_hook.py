"""The hook through the real SDK against the emulator."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.clock import SystemClock
from azure_batch_lab.simulation.timed_runner import TimedRunner
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy, Floor
from sensor_scoring.azure_batch.pool.keeper import PoolKeeper
from sensor_scoring.azure_batch.pool.spec import PoolSpec
from sensor_scoring.azure_batch.task import BatchTaskTemplate, Grants, Names
from sensor_scoring.errors import (
    BatchAccessRefused,
    FormulaRefused,
    JobEnded,
    QuotaReached,
    SettingsError,
    SubmissionRefused,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sensor_scoring.conftest import Account

BATCH_CONN, POOL = "batch_for_tests", "pool"
BASE = "scoring-20180829T02-0123456789"
JOB = f"{BASE}-g2"
SPEC = PoolSpec(
    pool_id=POOL,
    vm_size="standard_d2s_v5",
    policy=AutoscalePolicy(max_nodes=5, slots_per_node=4),
    image="sensor-scoring:latest",
)


def a_floor(account: Account, nodes: int, minutes: float = 10) -> Floor:
    """Request nodes for some time from the service's current time."""
    return Floor(nodes, account.hook.pools.service_time() + timedelta(minutes=minutes))


def a_request(batch_task_id: str, *, words: int = 1) -> dict[str, Any]:
    """Build a Batch task."""
    template = BatchTaskTemplate(command=["/bin/true", *["word"] * words])
    return template.request(Names(item=batch_task_id, job=JOB, task=batch_task_id), Grants())


def connect(monkeypatch: pytest.MonkeyPatch, account: Account, *, key: str) -> ScoringBatchHook:
    """Return a hook whose connection has another key."""
    text = (
        f'{{"conn_type": "azure_batch", "login": "{account.emulator.account}", "password": "{key}",'
        f' "extra": {{"account_url": "{account.emulator.endpoint}"}}}}'
    )
    monkeypatch.setenv("AIRFLOW_CONN_OTHER_BATCH", text)
    return ScoringBatchHook("other_batch")


def test_a_shared_key_is_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent with one anywhere else, by tasks and triggers; a setting lifts it."""
    connection = {
        "conn_type": "azure_batch",
        "login": "account",
        "password": "c2VjcmV0",
        "extra": {"account_url": "http://batch-emulator:8900"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_OTHER_BATCH", json.dumps(connection))
    hook = ScoringBatchHook("other_batch")
    for connected in (hook.get_conn, lambda: asyncio.run(hook.get_async_conn())):
        with pytest.raises(SettingsError) as caught:
            connected()
        assert str(caught.value) == (
            "connection other_batch holds an account key; give it an identity instead, or set "
            "SENSOR_SCORING_ALLOW_ACCOUNT_KEYS=true if batch-emulator takes none"
        )
    monkeypatch.setenv("SENSOR_SCORING_ALLOW_ACCOUNT_KEYS", "true")
    hook.get_conn().close()


def test_a_pool_is_created_with_nodes_for_the_announced_load(account: Account) -> None:
    """A run that announces its load has nodes before any sample shows it."""
    assert account.hook.pools.ensure(SPEC, floor=a_floor(account, 3)) == []
    pool = account.client.get_pool(POOL)
    assert pool["enableAutoScale"] is True
    assert pool["targetDedicatedNodes"] == 3
    assert pool["taskSlotsPerNode"] == 4


def test_a_second_run_never_lowers_a_live_floor(account: Account) -> None:
    """While one run needs four nodes, another that needs one leaves them."""
    first = a_floor(account, 4)
    account.hook.pools.ensure(SPEC, floor=first)
    account.advance(minutes=1)
    account.hook.pools.ensure(SPEC, floor=a_floor(account, 1))
    formula = account.client.get_pool(POOL)["autoScaleFormula"]
    live = Floor.of_formula(formula, now=account.hook.pools.service_time())
    assert live is not None
    assert live.nodes == 4
    assert live.until > first.until


@pytest.mark.behaviour("two-runs")
def test_a_run_that_finds_the_pool_just_made_gets_its_nodes_too(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two runs that both found no pool, the slower one adds its load to the other's pool."""
    late = ScoringBatchHook(BATCH_CONN).pools
    looks = iter([(None, datetime.now(UTC))])
    monkeypatch.setattr(late, "_pool", lambda pool_id: next(looks, None) or PoolKeeper._pool(late, pool_id))
    account.hook.pools.ensure(SPEC, floor=a_floor(account, 0))
    late.ensure(SPEC, floor=a_floor(account, 4))
    assert account.client.get_pool(POOL).target_dedicated_nodes == 4


def test_a_pool_of_fixed_size_is_left_alone(account: Account) -> None:
    """Somebody decided its size, so the hook sets no formula."""
    account.pool(nodes=2)
    account.hook.pools.ensure(SPEC, floor=a_floor(account, 5))
    pool = account.client.get_pool(POOL)
    assert pool["targetDedicatedNodes"] == 2
    assert not pool.get("enableAutoScale")


def test_a_wrong_formula_is_refused_before_it_is_enabled(account: Account) -> None:
    """The error shows where, and the pool keeps its formula."""
    account.hook.pools.ensure(SPEC)
    before = account.client.get_pool(POOL)["autoScaleFormula"]
    with pytest.raises(FormulaRefused) as caught:
        account.hook.pools.check_formula(POOL, "$TargetDedicatedNodes = min(3, ;")
    assert "Line 1, Col" in str(caught.value)
    assert account.client.get_pool(POOL)["autoScaleFormula"] == before


def test_a_formula_that_was_enabled_a_moment_ago_is_kept(account_with: Callable[..., Account]) -> None:
    """The service requires a pause between formulas; if waiting fails, the old one stays."""
    account = account_with(enable_interval=timedelta(seconds=0.1))  # by a clock that stands still
    account.hook.pools.ensure(SPEC, floor=a_floor(account, 1))
    account.advance(minutes=1)
    account.hook.pools.ensure(SPEC, floor=a_floor(account, 2))
    kept = account.client.get_pool(POOL)["autoScaleFormula"]
    account.hook.pools.ensure(SPEC, floor=a_floor(account, 3))
    assert account.client.get_pool(POOL)["autoScaleFormula"] == kept


def test_the_clock_is_the_services(account: Account) -> None:
    """Formulas are evaluated by the service's clock, so floors use it too."""
    assert abs(account.hook.pools.service_time() - datetime.now(UTC)) < timedelta(days=36500)
    assert account.hook.pools.service_time().tzinfo is not None


def test_a_wrong_key_is_one_clear_sentence(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the connection and what to check, but not the key."""
    key = base64.b64encode(b"not the key").decode()
    with pytest.raises(BatchAccessRefused) as caught:
        connect(monkeypatch, account, key=key).pools.service_time()
    assert str(caught.value) == (
        "cannot ask for the time: Azure Batch (connection other_batch) refused access "
        "(AuthenticationFailed); check the account name, the key or the role of the identity"
    )


def test_a_key_that_is_none_is_named_before_any_call(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A malformed key is told apart from a refused one."""
    with pytest.raises(BatchAccessRefused, match="other_batch is not a Batch key"):
        connect(monkeypatch, account, key="not base64!").pools.service_time()


def test_an_active_job_is_used_and_an_ended_one_is_not(account: Account) -> None:
    """A retry finds its generation's job; if that has ended, the next id is used."""
    account.pool()
    opened = [account.hook.jobs.open(BASE, generation=2, pool_id=POOL) for _ in range(2)]
    assert opened == [JOB, JOB]
    account.hook.jobs.close(BASE)
    assert account.hook.jobs.open(BASE, generation=2, pool_id=POOL) == f"{JOB}-1"
    assert account.hook.jobs.open(BASE, generation=3, pool_id=POOL) == f"{BASE}-g3"


@pytest.mark.behaviour("half-way")
def test_a_job_that_nobody_closes_ends_by_itself(account: Account) -> None:
    """A setup may fail after creating the job: after a day it no longer counts against the quota."""
    account.hook.pools.ensure(SPEC)
    job = account.hook.jobs.open(BASE, generation=2, pool_id=POOL)
    account.advance(hours=23)
    assert account.client.get_job(job).state == "active"
    account.advance(hours=2)
    assert account.client.get_job(job).state == "completed"


def test_closing_a_run_ends_all_its_jobs_and_no_others(account: Account) -> None:
    """Every generation ends; another run's job with a similar id stays."""
    account.pool()
    mine = [account.job(f"{BASE}-g2"), account.job(f"{BASE}-g5-1")]
    other = account.job(f"{BASE}0-g2")
    assert account.hook.jobs.close(BASE) == mine
    states = {job.id: job["state"] for job in account.client.list_jobs()}
    assert states == {mine[0]: "completed", mine[1]: "completed", other: "active"}
    assert account.hook.jobs.close(BASE) == []


def test_a_full_account_says_so(account_with: Callable[..., Account]) -> None:
    """The quota of active jobs is an error of its own, because a person must act."""
    account = account_with(active_job_quota=1)
    account.pool()
    account.hook.jobs.open(BASE, generation=0, pool_id=POOL)
    with pytest.raises(QuotaReached, match="ActiveJobAndScheduleQuotaReached"):
        account.hook.jobs.open(BASE, generation=1, pool_id=POOL)


def test_many_tasks_go_in_together_and_once(ready: Account) -> None:
    """250 tasks take three calls; adding them again succeeds and adds nothing."""
    requests = [a_request(f"task{number}") for number in range(250)]
    assert ready.hook.submit(JOB, requests) == 250
    assert ready.hook.submit(JOB, requests) == 250
    assert len(list(ready.client.list_tasks(JOB))) == 250


def test_the_first_task_starts_before_the_last_is_submitted(account_with: Callable[..., Account]) -> None:
    """Idle nodes work on the first hundred while the next are being sent."""
    account = account_with(clock=SystemClock(), runner=TimedRunner(defaultdict(lambda: 3600.0)))
    account.pool()
    account.job()
    assert account.hook.submit(JOB, [a_request(f"task{number}") for number in range(250)]) == 250
    first, last = (account.client.get_task(JOB, f"task{number}") for number in (0, 249))
    assert first.execution_info.start_time < last.creation_time


def test_tasks_too_large_for_one_call_are_sent_in_smaller_ones(ready: Account) -> None:
    """A call may have one megabyte: chunks are halved until they fit, and none is lost."""
    requests = [a_request(f"task{number}", words=4000) for number in range(100)]
    assert ready.hook.submit(JOB, requests) == 100
    assert len(list(ready.client.list_tasks(JOB))) == 100


def test_a_task_that_is_refused_is_named(ready: Account) -> None:
    """The error has the task's name and the service's words."""
    with pytest.raises(SubmissionRefused, match="bad task"):
        ready.hook.submit(JOB, [a_request("good"), {**a_request("good"), "id": "bad task"}])


def test_tasks_that_fit_no_node_are_refused_before_they_are_submitted(ready: Account) -> None:
    """The pool's nodes have four slots: five are refused by name, and none of the others is added."""
    wide = {**a_request("wide"), "requiredSlots": 5}
    with pytest.raises(SubmissionRefused, match="wide wants 5 slots and a node of pool pool has 4"):
        ready.hook.submit(JOB, [a_request("slim"), wide])
    with pytest.raises(SubmissionRefused, match="wants 5 slots"):
        ready.hook.add_task(JOB, wide)
    assert list(ready.client.list_tasks(JOB)) == []
    assert ready.hook.submit(JOB, [{**a_request("fits"), "requiredSlots": 4}]) == 1


def test_an_ended_job_takes_no_tasks(ready: Account) -> None:
    """Both ways of adding report that the job has ended."""
    ready.hook.jobs.close(BASE)
    with pytest.raises(JobEnded):
        ready.hook.submit(JOB, [a_request("task")])
    with pytest.raises(JobEnded):
        ready.hook.add_task(JOB, a_request("task"))


def test_one_task_is_ended_and_its_siblings_run_on(ready: Account) -> None:
    """Killing one sensor's task stops no other, and killing it twice is no error."""
    for name in ("one", "two"):
        ready.add(name, "sleep 60")
        ready.running(name)
    ready.hook.terminate_task(JOB, "one")
    ready.ended("one")
    ready.hook.terminate_task(JOB, "one")
    assert ready.state("two") == "running"


def test_the_end_of_a_file_is_read(ready: Account) -> None:
    """Only the last bytes are transferred; a missing file counts as empty."""
    ready.add("talker", "for n in 1 2 3 4 5; do echo line $n; done; echo why >&2; exit 3")
    ready.ended("talker")
    assert ready.hook.file_tail(JOB, "talker", "stdout.txt", size=14) == "line 4\nline 5\n"
    assert ready.hook.file_tail(JOB, "talker", "stderr.txt", size=8192) == "why\n"
    assert ready.hook.file_tail(JOB, "talker", "nothing.txt", size=8192) == ""
    assert ready.hook.file_tail(JOB, "nobody", "stderr.txt", size=8192) == ""


def test_the_attempts_of_a_group_are_found_in_one_listing(ready: Account) -> None:
    """The digest tells groups apart whose names share a prefix."""
    for name in ("1_4-0c79023f43-e2-a0", "1_4-0c79023f43-e2-a1", "1_40-0c79023f43-e2-a0"):
        ready.add(name, "exit 1")
    found = ready.hook.tasks_of(JOB, key="1_4-0c79023f43")
    assert sorted(outcome.batch_task_id for outcome in found) == [
        "1_4-0c79023f43-e2-a0",
        "1_4-0c79023f43-e2-a1",
    ]
    assert ready.hook.tasks_of("no-such-job", key="1_4") == []


def test_a_connection_tells_whether_it_has_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even one that must not be used: the preflight says what the account takes instead."""
    connection = {"conn_type": "azure_batch", "extra": {"account_url": "https://a.b.batch.azure.com"}}
    for credentials, has_key in (({"login": "a", "password": "a2V5"}, True), ({}, False)):
        monkeypatch.setenv("AIRFLOW_CONN_REAL", json.dumps({**connection, **credentials}))
        assert ScoringBatchHook("real").has_key is has_key
