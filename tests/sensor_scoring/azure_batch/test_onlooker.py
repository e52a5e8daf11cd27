"""Looking at runs and pools through the real SDK: what is seen, and how many calls that takes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch import ids
from tests.sensor_scoring.conftest import POOL

if TYPE_CHECKING:
    from tests.sensor_scoring.conftest import Account

BASE = "scoring-20180829T02-0123456789"
JOB = ids.job_id(BASE, generation=2)


def calls(account: Account) -> dict[str, int]:
    """Return how often each operation was asked for since the last time."""
    lines = account.emulator.requests().lines
    account.emulator.reset_requests()
    return {line.operation: line.requests for line in lines}


def add(account: Account, *names: str, job: str = JOB, **options: Any) -> None:
    """Add tasks that end at once."""
    account.hook.submit(job, [{"id": name, "commandLine": "/bin/true", **options} for name in names])


def test_all_jobs_of_a_run_are_seen_with_their_tasks(account: Account) -> None:
    """A clear made a second job; another run, whose name begins alike, is none of it."""
    account.pool()
    again = ids.job_id(BASE, generation=3, number=1)
    for job in (JOB, again, f"{BASE}-by-hand", f"{BASE}1-g2"):
        account.job(job)
        account.advance(seconds=1)
    add(account, "a", "b")
    add(account, "c", job=again)
    for job, task in ((JOB, "a"), (JOB, "b"), (again, "c")):
        account.ended(task, job=job)
    calls(account)
    sight = account.hook.onlooker.run(BASE)
    assert [job["id"] for job in sight.jobs] == [JOB, again]
    assert {(span.job, span.id, span.result) for span in sight.spans()} == {
        (JOB, "a", "success"),
        (JOB, "b", "success"),
        (again, "c", "success"),
    }
    assert sight.opened is not None
    assert sight.reopened is not None
    assert sight.opened < sight.reopened
    assert (sight.is_live, sight.pool_id) == (True, POOL)
    assert calls(account) == {"list_jobs": 1, "list_tasks": 2}


def test_a_thousand_tasks_are_one_page_of_what_is_read(account: Account) -> None:
    """The service gives a thousand at once; command lines and settings stay there."""
    account.pool(nodes=0)
    account.job(JOB)
    add(account, *(f"t{number}" for number in range(1001)), displayName="x", environmentSettings=[])
    calls(account)
    spans = account.hook.onlooker.run(BASE).spans()
    assert len({span.id for span in spans}) == 1001
    assert {(span.state, span.item) for span in spans} == {("active", "x")}
    assert calls(account) == {"list_jobs": 1, "list_tasks": 2}


def test_a_run_that_is_over_is_not_live(account: Account) -> None:
    """What waited when its job ended waits no longer; a deleted job leaves nothing."""
    account.pool(nodes=0)
    account.job(JOB)
    add(account, "a")
    account.hook.jobs.close(BASE)
    sight = account.hook.onlooker.run(BASE)
    assert not sight.is_live
    (span,) = sight.spans()
    assert span.closed is not None
    account.client.begin_delete_job(JOB).wait()
    sight = account.hook.onlooker.run(BASE)
    assert (sight.jobs, sight.spans(), sight.opened, sight.pool_id) == ([], [], None, "")


def test_a_task_whose_node_was_evicted_waits_again(account: Account) -> None:
    """The node is taken away in the middle of it."""
    account.pool(nodes=0, targetLowPriorityNodes=1)
    account.job(JOB)
    account.add("a", "sleep 600", job=JOB)
    account.running("a", job=JOB)
    account.emulator.node_faults.preempt(POOL, away=timedelta(hours=1))
    account.waiting("a", job=JOB)
    (span,) = account.hook.onlooker.run(BASE).spans()
    assert (span.state, span.node, span.started) == ("active", "", None)
    assert span.requeues == 1


def test_a_pool_is_seen_with_its_nodes_in_two_calls(account: Account) -> None:
    """And with its active jobs in a third; a pool that is not there is none."""
    account.pool(nodes=2)
    account.job(JOB)
    account.job("somebody-elses")
    account.job("ended")
    account.client.begin_terminate_job("ended", {"terminateReason": "x"}).wait()
    calls(account)
    sight = account.hook.onlooker.pool(POOL)
    assert sight is not None
    assert [(node["state"], node["isDedicated"]) for node in sight.nodes] == [("idle", True)] * 2
    assert all(node["stateTransitionTime"] for node in sight.nodes)
    assert sight.interval is None
    assert {job["id"] for job in account.hook.onlooker.jobs_on(POOL)} == {JOB, "somebody-elses"}
    assert calls(account) == {"get_pool": 1, "list_nodes": 1, "list_jobs": 1}
    assert account.hook.onlooker.pool("none") is None


def test_tasks_that_wait_and_run_are_counted(account: Account) -> None:
    """Of a job that has been deleted meanwhile there are none."""
    account.pool(nodes=1, slots=1)
    account.job(JOB)
    account.add("a", "sleep 600", job=JOB)
    account.running("a", job=JOB)
    account.add("b", "true", job=JOB)
    assert account.hook.onlooker.task_counts(JOB) == (1, 1)
    assert account.hook.onlooker.task_counts("gone") == (0, 0)
