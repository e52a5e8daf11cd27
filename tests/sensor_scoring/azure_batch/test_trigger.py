"""The triggers against the emulator and Azurite."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.triggers.base import TaskSuccessEvent, TriggerEvent

from scoring_contract.hour import RunHour
from scoring_contract.predictions import PredictionMark
from sensor_scoring.azure_batch.poller import Tick
from sensor_scoring.azure_batch.task_state import BatchTaskOutcome
from sensor_scoring.azure_batch.trigger import SETTLED_SECONDS, BatchTaskTrigger
from sensor_scoring.hourly.gate import Expectation
from sensor_scoring.hourly.sensor_trigger import PredictionBlobTrigger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from local_stack.services.azurite import BlobStorage
    from tests.sensor_scoring.conftest import Account

BATCH_CONN, WASB_CONN = "batch_for_tests", "wasb_for_tests"
POOL = "pool"
REQUEUE = {"nodeRebootOption": "requeue"}
JOB = "scoring-20180829T02-0123456789-g2"
HOUR = RunHour.parse("2018-08-29T02")


def a_trigger(batch_task_id: str = "task", **options: Any) -> BatchTaskTrigger:
    """Wait for a Batch task, polling often."""
    defaults = {
        "job_id": JOB,
        "batch_task_id": batch_task_id,
        "azure_batch_conn_id": BATCH_CONN,
        "poll_seconds": 0.05,
        "deferred_at": 0.0,
    }
    return BatchTaskTrigger(**{**defaults, **options})


async def first_event(events: AsyncIterator[TriggerEvent]) -> TriggerEvent:
    """Return the first and only event of a trigger."""
    found = [event async for event in events]
    assert len(found) == 1
    return found[0]


def waited_for(trigger: BatchTaskTrigger) -> TriggerEvent:
    """Run a trigger as ``airflow dags test`` does."""
    return asyncio.run(first_event(trigger.run()))


async def ticks(*sequence: Tick) -> AsyncIterator[Tick]:
    """Replay ticks of a shared poll."""
    for tick in sequence:
        yield tick


def filtered(trigger: BatchTaskTrigger, *sequence: Tick) -> TriggerEvent:
    """Run a trigger on a shared poll, as the triggerer does."""
    return asyncio.run(first_event(trigger.filter_shared_stream(ticks(*sequence))))


def ended(batch_task_id: str, result: str = "success") -> dict[str, BatchTaskOutcome]:
    """Return a poll's state with one ended Batch task."""
    return {
        batch_task_id: BatchTaskOutcome(batch_task_id, "completed", result, 0 if result == "success" else 3)
    }


@pytest.mark.parametrize(
    "trigger",
    [
        pytest.param(a_trigger(commit_blob="r/j/t.json", commit_container="runs"), id="task"),
        pytest.param(
            PredictionBlobTrigger(
                gate="{}", container="predictions", wasb_conn_id="w", poll_seconds=1.0, until=5.0
            ),
            id="predictions",
        ),
    ],
)
def test_a_trigger_is_made_again_from_what_it_serializes(trigger) -> None:
    """It may move to another process at any time."""
    path, arguments = trigger.serialize()
    assert path.rpartition(".")[2] == type(trigger).__name__
    assert type(trigger)(**arguments).serialize() == trigger.serialize()


def test_success_ends_the_task_instance(ready: Account) -> None:
    """A Batch task that ends well needs no worker."""
    ready.add("task", "sleep 0.2")
    assert isinstance(waited_for(a_trigger()), TaskSuccessEvent)


def test_failure_goes_back_to_a_worker_with_its_facts(ready: Account) -> None:
    """The event has the service's words, as JSON."""
    ready.add("task", "exit 3")
    event = waited_for(a_trigger())
    assert not isinstance(event, TaskSuccessEvent)
    assert event.payload["job_id"] == JOB
    assert BatchTaskOutcome.from_event(event.payload["outcome"]).exit_code == 3


@pytest.mark.behaviour("no-commit")
def test_success_without_the_commit_marker_is_none(ready: Account, storage: BlobStorage) -> None:
    """Exit code 0 means nothing if the blob that is written last is missing."""
    ready.add("task", "true")
    trigger = a_trigger(
        commit_container="runs", commit_blob="run/reports/job/absent.json", wasb_conn_id=WASB_CONN
    )
    event = waited_for(trigger)
    assert event.payload["outcome"]["result"] == "success"
    assert not isinstance(event, TaskSuccessEvent)
    storage.container("runs").upload_blob("run/reports/job/absent.json", b"{}", overwrite=True)
    assert isinstance(waited_for(trigger), TaskSuccessEvent)


def test_a_job_that_vanished_is_an_end_too(ready: Account) -> None:
    """Nobody waits forever for a deleted job."""
    event = waited_for(a_trigger(job_id="no-such-job"))
    assert event.payload["error"] == "Batch job no-such-job no longer exists"
    assert [job.id for job in ready.client.list_jobs()] == [JOB], "the account itself is there"


@pytest.mark.behaviour("marked")
def test_killing_one_ends_its_batch_task_alone(ready: Account) -> None:
    """Siblings of a cleared or marked instance run on, and killing twice is no error."""
    for name in ("one", "two"):
        ready.add(name, "sleep 60")
        ready.running(name)
    asyncio.run(a_trigger("one").on_kill())
    ready.ended("one")
    asyncio.run(a_trigger("one").on_kill())
    assert ready.state("two") == "running"


def test_all_that_wait_on_a_job_share_one_poll() -> None:
    """The key is the job and the folder of reports, without the task."""
    one, two = a_trigger("one", commit_blob="r/j/one.json"), a_trigger("two", commit_blob="r/j/two.json")
    assert one.shared_stream_key() == two.shared_stream_key()
    assert one.shared_stream_key() != a_trigger("one", job_id="other").shared_stream_key()
    assert one.poller() == two.poller()


def test_one_poll_serves_many_tasks_with_few_calls(ready: Account) -> None:
    """Counts come first; tasks are listed only when the counts changed."""

    async def see_all() -> list[Tick]:
        seen = []
        async for tick in BatchTaskTrigger.open_shared_stream(a_trigger().serialize()[1]):
            seen.append(tick)
            if len(tick.ended) == 8:
                return seen
        raise AssertionError

    for number in range(8):
        ready.add(f"task{number}", "sleep 0.1")
    seen = asyncio.run(see_all())
    assert all(outcome.is_success for outcome in seen[-1].ended.values())
    sizes = [len(tick.ended) for tick in seen]
    assert sizes == sorted(sizes), "each tick holds all that is known, never only what is new"


@pytest.mark.behaviour("node-lost")
@pytest.mark.parametrize("is_watched", [True, False], ids=["while-watched", "before-anybody-watched"])
def test_a_task_that_lost_its_node_is_seen_waiting_again(
    account_with: Callable[..., Account], *, is_watched: bool
) -> None:
    """Batch runs it again, on another node or on the same one after a restart."""
    account = account_with(boot=timedelta(minutes=4))
    account.pool()
    account.job()
    account.advance(minutes=4)
    for name in ("task", "sibling"):
        account.add(name, "sleep 60")
        account.running(name)
    (node,) = account.client.list_nodes(POOL)

    async def see_requeue() -> set[str]:
        requeued: set[str] = set()
        rebooted = not is_watched
        async for tick in BatchTaskTrigger.open_shared_stream(a_trigger().serialize()[1]):
            if not rebooted:
                await asyncio.to_thread(account.client.begin_reboot_node, POOL, node.id, REQUEUE)
                rebooted = True
            assert not tick.ended
            requeued |= tick.requeued  # their processes end one after the other
            if len(requeued) == 2:
                return requeued
        raise AssertionError

    if not is_watched:
        account.client.begin_reboot_node(POOL, node.id, REQUEUE)
        for name in ("task", "sibling"):
            account.waiting(name)
    assert asyncio.run(see_requeue()) == {"task", "sibling"}


@pytest.mark.behaviour("node-lost")
def test_a_requeue_is_said_once_to_whom_it_concerns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sensor's own log says why it takes longer; its siblings' logs do not."""
    said: list[tuple[object, ...]] = []
    requeued = Tick(requeued=frozenset({"task"}))
    for name in ("task", "sibling"):
        trigger = a_trigger(name)
        monkeypatch.setattr(trigger.log, "warning", lambda *words: said.append(words))
        filtered(trigger, requeued, requeued, Tick(ended=ended(name)))
    assert [(words[1], str(words[2]).split(";", maxsplit=1)[0]) for words in said] == [
        ("task", "its node was lost or pre-empted")
    ]


def test_a_late_joiner_finds_what_ended_before() -> None:
    """The state is cumulative, so no one needs to have seen every tick."""
    assert isinstance(filtered(a_trigger("task"), Tick(ended=ended("task"))), TaskSuccessEvent)


@pytest.mark.behaviour("at-once")
def test_a_failure_waits_until_the_deferral_has_settled() -> None:
    """The scheduler would take an instance that resumes at once for one whose worker died."""
    started = time.monotonic()
    deferred_at = time.time() - SETTLED_SECONDS + 0.3
    event = filtered(a_trigger(deferred_at=deferred_at), Tick(ended=ended("task", "failure")))
    assert event.payload["outcome"]["exit_code"] == 3
    assert time.monotonic() - started >= 0.25


@pytest.mark.behaviour("outage")
def test_an_outage_is_waited_out_up_to_a_limit() -> None:
    """A short outage fails nobody; a long one fails everyone with the reason."""
    away = Tick(outage_seconds=10.0, outage="ServiceRequestError: no route")
    back = filtered(a_trigger(), away, away, Tick(ended=ended("task")))
    assert isinstance(back, TaskSuccessEvent)
    gone = filtered(a_trigger(outage_limit_seconds=5.0), away)
    assert gone.payload["error"] == "Azure Batch has not answered for 10 s: ServiceRequestError: no route"


@pytest.mark.behaviour("pool-trouble")
def test_a_pool_that_cannot_work_is_named_while_tasks_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of a waiting sensor says once why nothing happens."""
    trouble = "pool p: AccountCoreQuotaReached: no more cores; ask for more cores or lower max_nodes"
    waiting, trigger, said = Tick(troubles=(trouble,)), a_trigger(), []
    monkeypatch.setattr(trigger.log, "warning", lambda *words: said.append(words))
    filtered(trigger, waiting, waiting, Tick(ended=ended("task")))
    assert said == [("Waiting for Batch task %s: %s", "task", trouble)]


def test_predictions_are_waited_for(storage: BlobStorage) -> None:
    """The wait ends with the last prediction, or at its timeout."""
    expectation = Expectation(HOUR, "2018-08-29T03:00:00.000000Z", ("waited_for",))

    def seen(seconds: float) -> TriggerEvent:
        trigger = PredictionBlobTrigger(
            gate=expectation.to_json(),
            container="predictions",
            wasb_conn_id=WASB_CONN,
            poll_seconds=0.05,
            until=time.time() + seconds,
        )
        return asyncio.run(first_event(trigger.run()))

    assert seen(0.2).payload == "timeout"
    mark = PredictionMark(HOUR, "waited_for", "00ff", "m", expectation.planned_at)
    storage.container("predictions").upload_blob(
        "2018/08/29/02/waited_for.csv", b"x" * 100, metadata=mark.to_metadata(), overwrite=True
    )
    assert isinstance(seen(10), TaskSuccessEvent)
