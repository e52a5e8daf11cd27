"""An emulator restarted on its folder has all its records and does what was requested."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from azure_batch_emulator.clock import ManualClock
from tests.batch_emulator.bench import WAIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench

LONG = "echo up; exec sleep 100"
DEAF = "trap '' TERM; echo up; while :; do sleep 0.05; done"
MANY_SAMPLES = "$TargetDedicatedNodes = $PendingTasks.Count() >= 5 ? 3 : 1;"


class Restarts:
    """One folder, and the emulators that run on it in turn."""

    def __init__(self, bench_of: Callable[..., Bench], data: Path) -> None:
        self._bench_of = bench_of
        self.data = data
        self.bench: Bench | None = None

    def start(self, **settings: Any) -> Bench:
        """Start an emulator on the folder, after ending the previous one."""
        if self.bench is not None:
            self.bench.client.close()
            self.bench.emulator.__exit__(None, None, None)
        self.bench = self._bench_of(data=self.data, **settings)
        return self.bench


@pytest.fixture
def restarts(bench_of: Callable[..., Bench], tmp_path: Path) -> Restarts:
    """Give a folder to start emulators on."""
    return Restarts(bench_of, tmp_path / "kept")


def shown(record: Any) -> dict[str, Any]:
    """Return a record as clients see it, without addresses, which contain the port."""
    return {
        name: value
        for name, value in record.as_dict().items()
        if name not in {"url", "nodeInfo", "odata.metadata"}
    }


def everything(bench: Bench) -> dict[str, Any]:
    """List everything that the account shows of pools, jobs and tasks."""
    return {
        "pools": [shown(pool) for pool in bench.client.list_pools()],
        "jobs": [shown(job) for job in bench.client.list_jobs()],
        "tasks": {
            job.id: [shown(task) for task in bench.client.list_tasks(job.id)]
            for job in bench.client.list_jobs()
        },
    }


def test_everything_shown_is_the_same_after_a_restart(restarts: Restarts) -> None:
    """Bodies, states, times, counters, versions and results of all records survive."""
    bench = restarts.start(core_quota=4)
    machine = bench.machine(data_disks=[bench.models.DataDisk(logical_unit_number=1, disk_size_gb=5)])
    bench.pool(nodes=2, slots=2, virtual_machine_configuration=machine, metadata=None)
    bench.job(priority=7, metadata=[bench.models.BatchMetadataItem(name="a", value="b")])
    bench.job("open", all_tasks_complete_mode="noaction")
    retries = bench.models.BatchTaskConstraints(max_task_retry_count=1)
    assert bench.run(bench.sh("exit 7"), "fails", constraints=retries).execution_info.retry_count == 1
    assert bench.run(bench.sh("echo out"), "works").execution_info.exit_code == 0
    bench.run("/no/such", "missing")
    bench.task(task_id="wide", required_slots=9)
    bench.terminate("job", "enough").result()
    before = everything(bench)
    assert before["pools"][0]["resizeErrors"][0]["code"] == "AccountCoreQuotaReached"

    bench = restarts.start(core_quota=4)
    assert everything(bench) == before
    assert bench.output("works") == "out\n"


def test_numbers_and_versions_go_on_growing(restarts: Restarts) -> None:
    """No version repeats an earlier one after a restart, even if no time has passed."""
    bench = restarts.start()
    bench.job()
    patch = bench.models.BatchJobUpdateOptions
    versions = []
    for priority in range(5):
        bench.client.update_job("job", patch(priority=priority))
        versions.append(bench.client.get_job("job").etag)
    bench = restarts.start()
    for priority in range(5):
        bench.client.update_job("job", patch(priority=priority))
        versions.append(bench.client.get_job("job").etag)
    assert versions == sorted(set(versions))
    bench.job("young")
    numbers = bench.emulator.call(lambda engine: [job.number for job in engine.account.jobs.values()])
    assert numbers == sorted(set(numbers))


def test_time_never_runs_backwards(restarts: Restarts) -> None:
    """A clock that starts before the stored time is moved forward to it."""
    bench = restarts.start()
    bench.advance(hours=5)
    before = bench.emulator.clock.now()
    bench = restarts.start(clock=ManualClock())
    assert bench.emulator.clock.now() == before
    bench.job()
    assert bench.client.get_job("job").creation_time >= before


def test_nodes_restart_and_running_tasks_run_again(restarts: Restarts) -> None:
    """Nodes keep their ids and boot in half the boot time; their tasks wait, uncounted, and run again."""
    boot = timedelta(minutes=4)
    bench = restarts.start(boot=boot)
    bench.pool(nodes=2)
    bench.job()
    bench.advance(minutes=4)
    mark = restarts.data.parent / "mark"
    bench.task(bench.sh(f"echo up; test -e {mark} || {{ touch {mark}; exec sleep 100; }}"))
    bench.running()
    bench.until(mark.exists)
    ids = [node.id for node in bench.nodes()]

    bench = restarts.start(boot=boot, clock=ManualClock())
    task = bench.client.get_task("job", "task")
    assert (task.state, task.previous_state, bench.execution().requeue_count) == ("active", "running", 0)
    assert [(node.id, node.state) for node in bench.nodes()] == [(each, "starting") for each in ids]
    pool = bench.client.get_pool("pool")
    assert (pool.allocation_state, pool.current_dedicated_nodes) == ("steady", 2)
    bench.advance(minutes=2)
    ended = bench.ended()
    assert (ended.execution_info.exit_code, ended.execution_info.retry_count) == (0, 0)
    assert sum(node.total_tasks_run for node in bench.nodes()) == 2


def test_time_limit_of_a_task_starts_anew_with_its_new_attempt(restarts: Restarts) -> None:
    """An attempt after a restart has its full time."""
    bench = restarts.start()
    bench.pool()
    bench.job()
    limit = bench.models.BatchTaskConstraints(max_wall_clock_time=timedelta(minutes=5))
    bench.task(bench.sh(LONG), constraints=limit)
    bench.running()
    bench.advance(minutes=4)
    bench = restarts.start()
    bench.until(lambda: bench.in_state("running"))
    bench.advance(minutes=4)
    assert bench.in_state("running")
    bench.advance(minutes=1)
    assert bench.ended().execution_info.failure_info.message == "Task Was Ended"


def test_nodes_that_were_ordered_still_come(restarts: Restarts) -> None:
    """A growing pool reaches its target at the original time."""
    bench = restarts.start(boot=timedelta(minutes=4))
    bench.pool(nodes=3)
    bench.advance(minutes=1)
    bench = restarts.start(boot=timedelta(minutes=4))
    assert {node.state for node in bench.nodes()} == {"creating"}
    assert bench.client.get_pool("pool").allocation_state == "resizing"
    bench.advance(minutes=1)
    assert {node.state for node in bench.nodes()} == {"starting"}
    bench.advance(minutes=2)
    assert [node.state for node in bench.nodes()] == ["idle"] * 3
    assert bench.client.get_pool("pool").allocation_state == "steady"


def test_resize_times_out_at_its_own_moment(restarts: Restarts) -> None:
    """A resize's timeout counts from its start, whatever happened to the service since."""
    boot = timedelta(hours=2)
    bench = restarts.start(boot=boot)
    bench.pool(nodes=1, resize_timeout=timedelta(minutes=10))
    bench.advance(minutes=6)
    bench = restarts.start(boot=boot)
    bench.advance(minutes=3)
    assert bench.client.get_pool("pool").allocation_state == "resizing"
    bench.advance(minutes=1)
    pool = bench.client.get_pool("pool")
    assert (pool.allocation_state, bench.resize_errors()) == ("steady", ["AllocationTimedOut"])


def test_start_task_runs_again_on_a_restarted_node(restarts: Restarts) -> None:
    """Node starts run the start task, including those after a restart of the service."""
    bench = restarts.start()
    log = restarts.data.parent / "log"
    start_task = bench.models.BatchStartTask(command_line=bench.sh(f"echo >> {log}"), wait_for_success=True)
    bench.pool(start_task=start_task)
    bench.until(lambda: bench.nodes()[0].state == "idle")
    bench = restarts.start()
    bench.until(lambda: bench.nodes()[0].state == "idle")
    assert log.read_text() == "\n\n"


@pytest.mark.parametrize(
    ("end", "state", "code", "requeues"),
    [
        pytest.param(
            lambda b: b.client.terminate_task("job", "task"), "completed", "TaskEnded", 0, id="task"
        ),
        pytest.param(
            lambda b: b.terminate("job", "r"),
            "completed",
            "TaskEnded",
            0,
            id="job",
        ),
        pytest.param(
            lambda b: b.client.begin_disable_job(
                "job", b.models.BatchJobDisableOptions(disable_tasks="requeue")
            ),
            "active",
            None,
            1,
            id="requeued",
        ),
        pytest.param(
            lambda b: b.client.begin_disable_job(
                "job", b.models.BatchJobDisableOptions(disable_tasks="wait")
            ),
            "active",
            None,
            0,
            id="waiting",
        ),
        pytest.param(lambda b: b.advance(minutes=9), "completed", "TaskEnded", 0, id="time-limit"),
    ],
)
def test_attempt_that_was_being_ended_counts_as_ended(
    restarts: Restarts, end: Callable[[Bench], Any], state: str, code: str | None, requeues: int
) -> None:
    """What was requested for a running task before the restart still happens."""
    bench = restarts.start(stop_grace=timedelta(hours=1))
    bench.pool()
    bench.job()
    limit = bench.models.BatchTaskConstraints(max_wall_clock_time=timedelta(minutes=5))
    bench.task(bench.sh(DEAF), constraints=limit)
    bench.running()
    end(bench)
    assert bench.in_state("running")
    bench = restarts.start()
    assert bench.in_state(state)
    execution = bench.execution()
    failure = execution.failure_info
    assert (failure and failure.code, execution.requeue_count) == (code, requeues)


def test_ends_of_jobs_and_pools_under_way_are_finished(restarts: Restarts) -> None:
    """A terminating job completes; deleting jobs and pools disappear."""
    bench = restarts.start(stop_grace=timedelta(hours=1))
    bench.pool(slots=2)
    bench.pool("leaving")
    for job_id, pool in (("terminated", "pool"), ("deleted", "pool"), ("elsewhere", "leaving")):
        bench.job(job_id, pool=pool)
        bench.task(bench.sh(DEAF), job=job_id)
        bench.running(job=job_id)
    bench.terminate("terminated", "enough")
    bench.client.begin_delete_job("deleted")
    bench.client.begin_delete_pool("leaving")
    assert bench.client.get_job("terminated").state == "terminating"

    bench = restarts.start()
    job = bench.client.get_job("terminated")
    assert (job.state, bench.termination_reason("terminated")) == ("completed", "enough")
    for gone in (lambda: bench.client.get_job("deleted"), lambda: bench.client.get_pool("leaving")):
        with pytest.raises(ResourceNotFoundError):
            gone()
    assert bench.in_state("active", job="elsewhere")
    bench = restarts.start()
    assert [job.id for job in bench.client.list_jobs()] == ["terminated", "elsewhere"]
    assert [pool.id for pool in bench.client.list_pools()] == ["pool"]


def test_job_deadline_holds_from_the_creation(restarts: Restarts) -> None:
    """A job ends at its limit, or at once if that passed meanwhile."""
    bench = restarts.start()
    for job_id, minutes in (("short", 30), ("long", 120)):
        limit = bench.models.BatchJobConstraints(max_wall_clock_time=timedelta(minutes=minutes))
        bench.job(job_id, constraints=limit)
    bench.advance(minutes=10)
    bench = restarts.start()
    bench.advance(minutes=19)
    assert bench.client.get_job("short").state == "active"
    bench.advance(minutes=1)
    assert bench.termination_reason("short") == "MaxWallClockTimeExpiry"
    later = bench.emulator.clock.now() + timedelta(hours=5)
    bench = restarts.start(clock=ManualClock(later))
    job = bench.client.get_job("long")
    assert (job.state, bench.termination_reason("long")) == ("completed", "MaxWallClockTimeExpiry")


def test_retention_of_files_holds_from_the_end_of_the_task(
    restarts: Restarts, refusal: Callable[..., Any]
) -> None:
    """Files go when their retention ends, and the emulator remembers that."""
    bench = restarts.start()
    bench.pool()
    bench.job()
    keep = bench.models.BatchTaskConstraints(retention_time=timedelta(hours=1))
    bench.run(bench.sh("echo out"), constraints=keep)
    bench.advance(minutes=40)
    bench = restarts.start()
    bench.advance(minutes=19)
    assert bench.output() == "out\n"
    bench.advance(minutes=1)
    for _ in range(2):
        refusal(bench.files, status=409, code="TaskFilesCleanedup")
        bench = restarts.start()


def test_autoscale_goes_on_by_its_own_schedule(restarts: Restarts) -> None:
    """Formula, last run and samples survive, and the next evaluation is on time."""
    settings = {"sample_lag": timedelta(), "sample_period": timedelta(minutes=1)}
    bench = restarts.start(**settings)
    bench.pool(
        nodes=None,
        enable_auto_scale=True,
        auto_scale_formula=MANY_SAMPLES,
        auto_scale_evaluation_interval=timedelta(minutes=6),
    )
    bench.advance(minutes=4)
    before, evaluated = bench.client.get_pool("pool"), bench.autoscale_run().timestamp
    assert before.target_dedicated_nodes == 1

    bench = restarts.start(**settings)
    pool = bench.client.get_pool("pool")
    assert shown(pool) == shown(before)
    bench.advance(minutes=1)
    assert bench.autoscale_run().timestamp == evaluated
    bench.advance(minutes=1)
    assert bench.autoscale_run().timestamp == evaluated + timedelta(minutes=6)
    assert bench.client.get_pool("pool").target_dedicated_nodes == 3


def test_missed_evaluation_falls_due_at_once(restarts: Restarts) -> None:
    """An evaluation missed during the downtime runs once, when the service is back."""
    bench = restarts.start()
    bench.pool(nodes=None, enable_auto_scale=True, auto_scale_formula="$TargetDedicatedNodes = 2;")
    last = bench.autoscale_run().timestamp
    later = datetime.fromtimestamp(last.timestamp(), UTC) + timedelta(hours=3)
    bench = restarts.start(clock=ManualClock(later))
    assert bench.autoscale_run().timestamp == later
    bench.advance(minutes=15)
    assert bench.autoscale_run().timestamp == later + timedelta(minutes=15)


def test_dependencies_stand_as_they_stood(restarts: Restarts) -> None:
    """Satisfied ones stay satisfied, even if the task is gone; others still block."""
    bench = restarts.start()
    bench.pool()
    bench.job(uses_task_dependencies=True)
    bench.run("/bin/true", "1")
    bench.run("/bin/true", "gone")
    bench.client.delete_task("job", "gone")
    bench.run("/bin/false", "bad")

    def wait_for(*ids: str, **ranges: Any) -> Any:
        return bench.models.BatchTaskDependencies(task_ids=list(ids), **ranges)

    bench.task(task_id="blocked", depends_on=wait_for("bad"))
    bench.task(task_id="later", depends_on=wait_for("1", "gone", "new"))
    bench = restarts.start()
    assert bench.in_state("active", "blocked")
    assert bench.in_state("active", "later")
    span = [bench.models.BatchTaskIdRange(start=1, end=1)]
    bench.task(task_id="free", depends_on=bench.models.BatchTaskDependencies(task_id_ranges=span))
    bench.ended("free")
    bench.run("/bin/true", "new")
    bench.ended("later")
    assert bench.in_state("active", "blocked")


def test_removed_records_stay_removed(restarts: Restarts) -> None:
    """Deleted tasks, jobs, nodes and pools do not return, and their numbers cause no trouble."""
    bench = restarts.start()
    bench.pool(nodes=3)
    bench.pool("old")
    bench.job()
    bench.job("old")
    for task_id in "abc":
        bench.run("/bin/true", task_id)
    bench.task(task_id="of-old", job="old")
    bench.client.delete_task("job", "a")
    bench.client.delete_task("job", "c")
    bench.client.begin_delete_job("old", **WAIT).result()
    bench.client.begin_delete_pool("old", **WAIT).result()
    kept = [node.id for node in bench.nodes()][1:]
    gone = bench.nodes()[0].id
    remove = bench.models.BatchNodeRemoveOptions(node_ids=[gone])
    bench.client.begin_remove_nodes("pool", remove, **WAIT).result()
    for _ in range(2):
        bench = restarts.start()
        assert [job.id for job in bench.client.list_jobs()] == ["job"]
        assert [task.id for task in bench.client.list_tasks("job")] == ["b"]
        assert [pool.id for pool in bench.client.list_pools()] == ["pool"]
        assert [node.id for node in bench.nodes()] == kept
    bench.run("/bin/true", "d")
    assert [task.id for task in bench.client.list_tasks("job")] == ["b", "d"]
    rows = bench.emulator.call(lambda engine: engine.account.jobs["job"].tasks.next_number)
    assert rows >= 3


def test_every_answered_request_is_in_the_folder(restarts: Restarts, bench_of: Callable[..., Bench]) -> None:
    """A copy of the folder after a response, as a kill would leave it, contains its effect."""
    bench = restarts.start()
    bench.pool(nodes=0)
    bench.job()
    tasks = [bench.task_options(task_id=f"t{number}") for number in range(100)]
    bench.client.create_tasks("job", tasks)
    bench.client.delete_task("job", "t7")
    bench.client.terminate_task("job", "t8")
    bench.client.update_job("job", bench.models.BatchJobUpdateOptions(priority=5))
    copy = restarts.data.with_name("copy")
    shutil.copytree(restarts.data, copy)
    before = everything(bench)
    assert len(before["tasks"]["job"]) == 99
    assert everything(bench_of(data=copy)) == before


def test_tasks_of_a_job_that_was_disabled_wait_until_it_is_enabled(restarts: Restarts) -> None:
    """A disabled job stays disabled, and its tasks run once it is enabled."""
    bench = restarts.start()
    bench.pool()
    bench.job()
    bench.client.begin_disable_job("job", bench.models.BatchJobDisableOptions(disable_tasks="wait"))
    bench.task()
    bench = restarts.start()
    assert bench.client.get_job("job").state == "disabled"
    assert bench.in_state("active")
    bench.client.begin_enable_job("job")
    bench.ended()


def test_second_emulator_on_a_folder_is_refused(restarts: Restarts, bench_of: Callable[..., Bench]) -> None:
    """The second one does not start, and the first is unaffected."""
    bench = restarts.start()
    bench.job()
    with pytest.raises(RuntimeError, match="did not start") as caught:
        bench_of(data=restarts.data)
    assert f"another emulator runs on {restarts.data}" in str(caught.value.__cause__)
    assert bench.client.get_job("job").state == "active"
