"""Jobs through the real SDK: created, changed, and ended by hand, by a limit or by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench


def patch(bench: Bench, **changes: Any) -> None:
    """Change some properties of the job."""
    bench.client.update_job("job", bench.models.BatchJobUpdateOptions(**changes))


def test_new_job_shows_the_service_defaults(bench: Bench) -> None:
    """A job is active at once, even before its pool exists, with every default filled in."""
    bench.job(pool="later")
    job = bench.client.get_job("job")
    assert (job.state, job.priority, job.max_parallel_tasks) == ("active", 0, -1)
    assert (job.all_tasks_complete_mode, job.task_failure_mode) == ("noaction", "noaction")
    assert present(job.constraints).max_task_retry_count == 0
    assert present(job.execution_info).pool_id == "later"


def test_tasks_wait_for_a_pool_made_later(bench: Bench) -> None:
    """A job may name a pool that does not exist yet, and its tasks run once it does."""
    bench.job()
    bench.task()
    assert bench.in_state("active")
    bench.pool()
    bench.ended()


def test_empty_job_with_terminatejob_ends_at_once(ready: Bench) -> None:
    """A job without tasks counts as complete, which is the trap of setting terminatejob too early."""
    ready.job("trap", all_tasks_complete_mode="terminatejob")
    assert ready.client.get_job("trap").state == "completed"
    assert ready.termination_reason("trap") == "AllTasksComplete"


def test_job_ends_itself_after_its_last_task(ready: Bench, refusal: Callable[..., Any]) -> None:
    """With terminatejob patched in after the tasks, the job completes with the last of them."""
    ready.task(ready.sh("exit 3"), "bad")
    ready.task("/bin/true", "good")
    patch(ready, all_tasks_complete_mode="terminatejob")
    ready.until(lambda: ready.client.get_job("job").state == "completed")
    assert ready.termination_reason() == "AllTasksComplete"
    refusal(lambda: ready.task(task_id="late"), status=409, code="JobCompleted")
    refusal(
        lambda: patch(ready, priority=5),
        status=409,
        code="JobCompleted",
    )


def test_terminatejob_cannot_be_taken_back(ready: Bench, refusal: Callable[..., Any]) -> None:
    """Once engaged, automatic termination stays."""
    ready.pool("none", nodes=None)
    ready.job("other", pool="none")
    ready.task(job="other")
    options = ready.models.BatchJobUpdateOptions(all_tasks_complete_mode="terminatejob")
    ready.client.update_job("other", options)
    options = ready.models.BatchJobUpdateOptions(all_tasks_complete_mode="noaction")
    refusal(lambda: ready.client.update_job("other", options), status=400, code="InvalidPropertyValue")


def test_terminated_job_ends_what_runs_and_leaves_what_waits(ready: Bench) -> None:
    """Running tasks end with TaskEnded; waiting ones stay active and never run."""
    ready.task(ready.sh("echo up; exec sleep 60"), "runs")
    ready.running("runs")
    ready.task(task_id="waits")
    ready.terminate("job", "enough").wait(120)
    assert (ready.client.get_job("job").state, ready.termination_reason()) == ("completed", "enough")
    failure = ready.failure("runs")
    assert (ready.execution("runs").result, failure.code) == ("failure", "TaskEnded")
    assert failure.category == "usererror"
    assert ready.in_state("active", "waits")
    ready.until(lambda: ready.nodes()[0].state == "idle")


def test_terminating_job_refuses_by_state(ready: Bench, refusal: Callable[..., Any]) -> None:
    """While a task ignores SIGTERM, the job is terminating, and requests are refused with that code."""
    ready.task(ready.sh("trap '' TERM; echo up; while :; do sleep 0.05; done"))
    ready.running()
    ready.terminate("job", "x")
    assert ready.client.get_job("job").state == "terminating"
    refusal(lambda: ready.task(task_id="new"), status=409, code="JobBeingTerminated")
    ready.until(lambda: ready.client.get_job("job").state == "completed")
    assert ready.execution().exit_code == 137


def test_deleted_job_takes_its_files_along(ready: Bench) -> None:
    """Deleting a job ends its tasks and removes records and folders."""
    ready.run(ready.sh("echo out"))
    workdir = ready.emulator.call(
        lambda engine: engine.files.folder(engine.lookup.task("job", "task")[1]).path
    )
    assert workdir.exists()
    poller = ready.client.begin_delete_job("job", **WAIT)
    poller.wait(120)
    with pytest.raises(ResourceNotFoundError):
        ready.client.get_job("job")
    ready.until(lambda: not workdir.exists())
    ready.job()
    assert list(ready.client.list_tasks("job")) == []


def test_job_time_limit_runs_from_creation(ready: Bench) -> None:
    """A job over its wall-clock limit is terminated with that reason, and its task with it."""
    limit = ready.models.BatchJobConstraints(max_wall_clock_time=timedelta(hours=1))
    ready.job("short", constraints=limit)
    ready.task(ready.sh("echo up; exec sleep 60"), job="short")
    ready.running(job="short")
    ready.advance(minutes=59)
    assert ready.client.get_job("short").state == "active"
    ready.advance(minutes=1)
    ready.until(lambda: ready.client.get_job("short").state == "completed")
    assert ready.termination_reason("short") == "MaxWallClockTimeExpiry"


def test_disabled_job_requeues_and_goes_on_when_enabled(ready: Bench, tmp_path: Any) -> None:
    """Disabling with requeue requeues running tasks; enabling runs them again."""
    gate = tmp_path / "gate"
    ready.task(ready.sh(f"echo up; until [ -e {gate} ]; do sleep 0.02; done"))
    ready.running()
    disable = ready.models.BatchJobDisableOptions(disable_tasks="requeue")
    ready.client.begin_disable_job("job", disable, **WAIT).wait(120)
    assert ready.client.get_job("job").state == "disabled"
    task = ready.in_state("active")
    assert (task.execution_info.requeue_count, task.execution_info.retry_count) == (1, 0)
    ready.task(task_id="more")
    gate.touch()
    ready.client.begin_enable_job("job", **WAIT).wait(120)
    assert ready.ended().execution_info.exit_code == 0
    assert ready.ended("more").execution_info.exit_code == 0


def test_disabling_with_wait_lets_tasks_finish(ready: Bench, tmp_path: Any) -> None:
    """Disabling with wait keeps the job disabling until its tasks have ended."""
    gate = tmp_path / "gate"
    ready.task(ready.sh(f"echo up; until [ -e {gate} ]; do sleep 0.02; done"))
    ready.running()
    disable = ready.models.BatchJobDisableOptions(disable_tasks="wait")
    ready.client.begin_disable_job("job", disable, **WAIT)
    assert ready.client.get_job("job").state == "disabling"
    gate.touch()
    ready.until(lambda: ready.client.get_job("job").state == "disabled")
    assert ready.ended().execution_info.result == "success"


def test_active_job_quota(bench_of: Callable[..., Bench], refusal: Callable[..., Any]) -> None:
    """The number of active jobs is limited, and a completed one makes room."""
    bench = bench_of(active_job_quota=1)
    bench.job("one")
    refusal(lambda: bench.job("two"), status=409, code="ActiveJobAndScheduleQuotaReached")
    bench.terminate("one", "done").wait(120)
    bench.job("two")


def test_put_resets_what_it_does_not_name(ready: Bench) -> None:
    """A full replacement of a job as it was read, with changes, is accepted."""
    patch(ready, priority=7, max_parallel_tasks=3)
    job = ready.client.get_job("job")
    job.priority = 9
    job.max_parallel_tasks = None
    ready.client.replace_job("job", job)
    job = ready.client.get_job("job")
    assert (job.priority, job.max_parallel_tasks) == (9, -1)


def test_counts_know_slots_and_outcomes(ready: Bench) -> None:
    """Task counts give states and results, in tasks and in slots."""
    ready.pool("wide", slots=4)
    ready.job("counted", pool="wide")
    ready.run("/bin/true", "good", job="counted", required_slots=3)
    ready.run("/bin/false", "bad", job="counted", required_slots=2)
    counts = ready.client.get_job_task_counts("counted")
    assert counts.task_counts.as_dict() == {
        "active": 0,
        "running": 0,
        "completed": 2,
        "succeeded": 1,
        "failed": 1,
    }
    assert (counts.task_slot_counts.succeeded, counts.task_slot_counts.failed) == (3, 2)
