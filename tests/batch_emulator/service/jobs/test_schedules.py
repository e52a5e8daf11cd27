"""Job schedules through the real SDK: jobs created by the clock, one at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.runner.scripted import ScriptedRunner, succeed
from azure_batch_emulator.server import EmulatorServer
from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench

START = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def schedule(
    bench: Bench, schedule_id: str = "hourly", *, job: dict[str, Any] | None = None, **times: Any
) -> None:
    """Make a job schedule."""
    models = bench.models
    specification = models.BatchJobSpecification(
        pool_info=models.BatchPoolInfo(pool_id="pool"), **(job or {})
    )
    bench.client.create_job_schedule(
        models.BatchJobScheduleCreateOptions(
            id=schedule_id,
            schedule=models.BatchJobScheduleConfiguration(**times),
            job_specification=specification,
        )
    )


def jobs(bench: Bench, schedule_id: str = "hourly") -> dict[str, str]:
    """Return the states of a schedule's jobs by their ids."""
    return {job.id: present(job.state) for job in bench.client.list_jobs_from_schedule(schedule_id)}


def end(bench: Bench, job_id: str) -> None:
    """Terminate a job, and let its schedule notice."""
    bench.terminate(job_id, "done").wait(120)
    bench.advance(seconds=0)


def state(bench: Bench, schedule_id: str = "hourly") -> str:
    """Return the state of a schedule."""
    return present(bench.client.get_job_schedule(schedule_id).state)


def test_an_hourly_schedule_makes_a_job_every_hour(bench: Bench) -> None:
    """The first at once, the next an hour later if the previous one has ended; the times are shown."""
    schedule(bench, recurrence_interval=HOUR)
    assert jobs(bench) == {"hourly:job-1": "active"}
    info = bench.client.get_job_schedule("hourly").execution_info
    assert (present(info.recent_job).id, info.next_run_time) == ("hourly:job-1", START + HOUR)
    end(bench, "hourly:job-1")
    bench.advance(minutes=59)
    assert len(jobs(bench)) == 1
    bench.advance(minutes=1)
    assert jobs(bench) == {"hourly:job-1": "completed", "hourly:job-2": "active"}


def test_a_job_that_still_runs_holds_the_next_one_up(bench: Bench) -> None:
    """The next is created when it ends, once for all missed times; after that the clock rules."""
    schedule(bench, recurrence_interval=HOUR)
    bench.advance(hours=2, minutes=30)
    assert len(jobs(bench)) == 1
    end(bench, "hourly:job-1")
    assert jobs(bench)["hourly:job-2"] == "active"
    assert bench.client.get_job_schedule("hourly").execution_info.next_run_time == START + 3 * HOUR


def test_a_run_time_is_lost_when_its_window_closes(bench: Bench) -> None:
    """With a ten-minute window, a job that ends at half past is followed by the next hour's only."""
    schedule(bench, recurrence_interval=HOUR, start_window=timedelta(minutes=10))
    bench.advance(hours=1, minutes=30)
    end(bench, "hourly:job-1")
    assert len(jobs(bench)) == 1
    bench.advance(minutes=30)
    assert len(jobs(bench)) == 2


def test_a_schedule_without_recurrence_makes_one_job(bench: Bench) -> None:
    """Not before its time, and when the job has ended, so has the schedule."""
    schedule(bench, do_not_run_until=START + HOUR)
    assert jobs(bench) == {}
    bench.advance(hours=1)
    assert jobs(bench) == {"hourly:job-1": "active"}
    assert state(bench) == "active"
    end(bench, "hourly:job-1")
    assert state(bench) == "completed"
    assert bench.client.get_job_schedule("hourly").execution_info.end_time == START + HOUR


def test_a_schedule_ends_after_its_last_time(bench: Bench) -> None:
    """No job is created after it, and the last job completes the schedule."""
    schedule(bench, recurrence_interval=HOUR, do_not_run_after=START + timedelta(minutes=90))
    for number in (1, 2):
        end(bench, f"hourly:job-{number}")
        bench.advance(hours=1)
    assert (len(jobs(bench)), state(bench)) == (2, "completed")


def test_a_disabled_schedule_makes_no_jobs(bench: Bench, refusal: Callable[..., Any]) -> None:
    """Its job continues; once enabled, it goes on with the next run time, not with missed ones."""
    schedule(bench, recurrence_interval=HOUR)
    bench.client.disable_job_schedule("hourly")
    assert bench.client.get_job_schedule("hourly").execution_info.next_run_time is None
    end(bench, "hourly:job-1")
    bench.advance(hours=3, minutes=10)
    assert (len(jobs(bench)), state(bench)) == (1, "disabled")
    code = "OperationInvalidForCurrentState"
    refusal(lambda: bench.client.disable_job_schedule("hourly"), status=409, code=code)
    bench.client.enable_job_schedule("hourly")
    assert len(jobs(bench)) == 1
    bench.advance(minutes=50)
    assert len(jobs(bench)) == 2


def test_terminating_a_schedule_ends_its_job(bench: Bench, refusal: Callable[..., Any]) -> None:
    """The job shows the reason, and a completed schedule cannot be changed."""
    schedule(bench, recurrence_interval=HOUR)
    poller = bench.client.begin_terminate_job_schedule("hourly", **WAIT)
    bench.advance(seconds=0)
    poller.wait(120)
    assert state(bench) == "completed"
    reason = bench.termination_reason("hourly:job-1")
    assert reason == "TerminateJobSchedule"
    refusal(lambda: bench.client.enable_job_schedule("hourly"), status=409, code="JobScheduleCompleted")


def test_deleting_a_schedule_deletes_its_jobs(bench: Bench, refusal: Callable[..., Any]) -> None:
    """Ended jobs too, and then its id is free again."""
    schedule(bench, recurrence_interval=HOUR)
    end(bench, "hourly:job-1")
    bench.advance(hours=1)
    assert bench.client.job_schedule_exists("hourly")
    poller = bench.client.begin_delete_job_schedule("hourly", **WAIT)
    bench.advance(seconds=0)
    poller.wait(120)
    refusal(lambda: bench.client.get_job_schedule("hourly"), status=404, code="JobScheduleNotFound")
    assert list(bench.client.list_jobs()) == []
    schedule(bench, recurrence_interval=HOUR)


def test_changes_apply_to_jobs_to_come(bench: Bench) -> None:
    """A patch keeps what it omits, a replacement does not, and the existing job stays as it is."""
    models = bench.models
    schedule(bench, recurrence_interval=HOUR, job={"priority": 5})
    later = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id="pool"), priority=7)
    bench.client.update_job_schedule("hourly", models.BatchJobScheduleUpdateOptions(job_specification=later))
    end(bench, "hourly:job-1")
    bench.advance(hours=1)
    assert [bench.client.get_job(f"hourly:job-{n}").priority for n in (1, 2)] == [5, 7]
    whole = bench.client.get_job_schedule("hourly")
    whole.schedule = models.BatchJobScheduleConfiguration(recurrence_interval=2 * HOUR)
    bench.client.replace_job_schedule("hourly", whole)
    changed = bench.client.get_job_schedule("hourly")
    assert present(changed.schedule).recurrence_interval == 2 * HOUR
    assert changed.execution_info.next_run_time == START + 2 * HOUR


def test_tasks_of_a_scheduled_job_have_their_own_folder(bench_of: Callable[..., Bench]) -> None:
    """Below the schedule's id, one folder per job; statistics cover all its jobs."""
    bench = bench_of(runner=ScriptedRunner(succeed))
    bench.pool()
    schedule(bench, recurrence_interval=HOUR)
    bench.task(job="hourly:job-1")
    bench.advance(seconds=1)
    info = present(bench.client.get_task("hourly:job-1", "task").node_info)
    assert info.task_root_directory == "workitems/hourly/job-1/task"
    stats = present(bench.client.get_job_schedule("hourly", expand=["stats"]).job_schedule_statistics)
    assert int(stats.succeeded_tasks_count) == 1


def test_names_are_taken_once(bench_of: Callable[..., Bench], refusal: Callable[..., Any]) -> None:
    """Jobs and schedules share ids and quota."""
    bench = bench_of(active_job_quota=3)
    bench.job("taken")
    refusal(lambda: schedule(bench, "Taken"), status=409, code="JobWithSameIdExists")
    schedule(bench, recurrence_interval=HOUR)
    refusal(lambda: schedule(bench), status=409, code="JobScheduleExists")
    refusal(lambda: bench.job("HOURLY"), status=409, code="JobScheduleWithSameIdExists")
    refusal(lambda: bench.job("more"), status=409, code="ActiveJobAndScheduleQuotaReached")
    refusal(lambda: schedule(bench, "more"), status=409, code="ActiveJobAndScheduleQuotaReached")


@pytest.mark.parametrize(
    ("times", "name"),
    [
        ({"recurrence_interval": timedelta(seconds=59)}, "schedule.recurrenceInterval"),
        ({"start_window": timedelta(seconds=1)}, "schedule.startWindow"),
        ({"do_not_run_until": START + HOUR, "do_not_run_after": START}, "schedule.doNotRunAfter"),
    ],
)
def test_times_that_make_no_sense_are_refused(
    bench: Bench, refusal: Callable[..., Any], times: dict[str, Any], name: str
) -> None:
    """The error names the property."""
    error = refusal(lambda: schedule(bench, **times), status=400, code="InvalidPropertyValue")
    assert error.model["values"][0]["value"] == name


def test_schedules_can_be_listed_and_filtered(bench: Bench) -> None:
    """Page by page, by the properties that the service can filter by."""
    for name in ("a1", "a2", "b1"):
        schedule(bench, name, recurrence_interval=HOUR)
    bench.client.disable_job_schedule("a2")
    listed = bench.client.list_job_schedules
    assert [found.id for found in listed(max_results=1)] == ["a1", "a2", "b1"]
    assert [found.id for found in listed(filter="startswith(id,'a') and state eq 'active'")] == ["a1"]
    assert [found.state for found in listed(select=["id"])] == [None, None, None]


def test_a_schedule_goes_on_after_a_restart(bench_of: Callable[..., Bench], tmp_path: Path) -> None:
    """Of the run times missed meanwhile, one is made up for."""
    bench = bench_of(data=tmp_path / "kept")
    schedule(bench, recurrence_interval=HOUR)
    end(bench, "hourly:job-1")
    bench.emulator.__exit__(None, None, None)
    with EmulatorServer(data=tmp_path / "kept", clock=bench.emulator.clock) as again:
        again.advance(timedelta(hours=5, minutes=10))
        made = again.call(lambda engine: {job.id: str(job.state) for job in engine.account.jobs.values()})
        due = again.call(lambda engine: engine.account.schedules["hourly"].due)
    assert made == {"hourly:job-1": "completed", "hourly:job-2": "active"}
    assert due == START + 2 * HOUR
