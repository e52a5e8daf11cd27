"""Tasks through the real SDK: added one by one and in bulk, terminated, reactivated, deleted."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch.aio import BatchClient as AsyncBatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ResourceNotFoundError

from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench


def test_task_runs_as_a_process_in_its_own_folder(ready: Bench) -> None:
    """A command gets its settings, its folder as working directory, and a clean environment."""
    settings = [ready.models.EnvironmentSetting(name="GREETING", value="hello world")]
    task = ready.run(
        ready.sh("echo $GREETING; pwd; env | sort; echo oops >&2"), environment_settings=settings
    )

    execution = task.execution_info
    assert (task.state, execution.result, execution.exit_code) == ("completed", "success", 0)
    assert execution.failure_info is None
    greeting, workdir, *lines = ready.output().splitlines()
    environment = dict(line.split("=", 1) for line in lines)
    assert greeting == "hello world"
    assert workdir.endswith("/workitems/job/job-1/task/wd")
    assert environment["AZ_BATCH_TASK_WORKING_DIR"] == workdir
    assert environment["AZ_BATCH_JOB_ID"] == "job"
    assert environment["AZ_BATCH_NODE_ID"] == task.node_info.node_id
    assert environment["AZ_BATCH_ACCOUNT_URL"] == f"{ready.emulator.endpoint}/"
    assert environment["AZ_BATCH_NODE_IS_DEDICATED"] == "true"
    others = {name for name in environment if not name.startswith("AZ_BATCH_")}
    assert others - {"_", "OLDPWD", "SHLVL"} == {
        "AZURE_BATCH_EMULATOR_ATTEMPT",
        "GREETING",
        "HOME",
        "PATH",
        "PWD",
    }
    assert ready.output(file="stderr.txt") == "oops\n"


def test_new_task_shows_counters_and_defaults(bench: Bench) -> None:
    """A task that waits has counters at zero and the default constraints."""
    bench.job()
    bench.task("cmd /c x", "Waits", display_name="shown")
    task = bench.client.get_task("job", "wAITS")
    assert (task.id, task.state, task.display_name) == ("Waits", "active", "shown")
    execution = present(task.execution_info)
    assert (execution.retry_count, execution.requeue_count, execution.start_time) == (0, 0, None)
    assert present(task.constraints).retention_time == timedelta(days=7)
    assert (task.required_slots, task.node_info) == (1, None)


def test_no_shell_splits_the_command_line(ready: Bench) -> None:
    """Quotes group words; variables and pipes reach the program unchanged."""
    ready.run("/bin/echo '$HOME and more' | cat")
    assert ready.output() == "$HOME and more | cat\n"


def test_missing_program_fails_without_an_exit_code(ready: Bench) -> None:
    """It is a user error with its own code, and is not retried."""
    constraints = ready.models.BatchTaskConstraints(max_task_retry_count=3)
    execution = ready.run("no-such-program --x", constraints=constraints).execution_info
    assert (execution.result, execution.exit_code, execution.retry_count) == ("failure", None, 0)
    assert (execution.failure_info.category, execution.failure_info.code) == (
        "usererror",
        "CommandProgramNotFound",
    )


def test_collection_reports_each_task(bench: Bench) -> None:
    """Duplicates, in any case, fail alone; the others are added."""
    bench.job()
    bench.task(task_id="old")
    group = bench.models.BatchTaskGroup(
        task_values=[bench.task_options(task_id=name) for name in ("new", "OLD", "NEW")]
    )
    results = present(bench.client.create_task_collection("job", group).result_values)
    outcome = {result.task_id: (result.status, result.error and result.error.code) for result in results}
    assert outcome == {
        "new": ("success", None),
        "OLD": ("clienterror", "TaskExists"),
        "NEW": ("clienterror", "TaskExists"),
    }
    assert len(list(bench.client.list_tasks("job"))) == 2


def test_collection_takes_a_hundred(bench: Bench, refusal: Callable[..., Any]) -> None:
    """One task too many refuses the whole collection."""
    bench.job()
    group = bench.models.BatchTaskGroup(task_values=[bench.task_options(task_id=f"t{n}") for n in range(101)])
    refusal(
        lambda: bench.client.create_task_collection("job", group), status=400, code="InvalidPropertyValue"
    )
    assert list(bench.client.list_tasks("job")) == []


def test_fat_collections_are_halved_until_they_fit(bench: Bench) -> None:
    """A body of a megabyte gives 413, and the SDK's own helper then sends smaller pieces."""
    bench.job()
    fat = [bench.models.EnvironmentSetting(name="FAT", value="x" * 20_000)]
    tasks = [bench.task_options(task_id=f"t{n}", environment_settings=fat) for n in range(120)]
    bench.client.create_tasks("job", tasks)
    assert len(list(bench.client.list_tasks("job", select=["id"]))) == 120


def test_thousands_through_the_async_sdk(bench: Bench) -> None:
    """The async client adds tasks concurrently and pages through them."""

    async def drive() -> tuple[int, int]:
        credential = AzureNamedKeyCredential(bench.emulator.account, bench.emulator.key)
        async with AsyncBatchClient(bench.emulator.endpoint, credential) as client:
            tasks = [bench.task_options(task_id=f"t{n}") for n in range(2500)]
            await client.create_tasks("job", tasks, max_concurrency=4)
            listed = {task.id async for task in client.list_tasks("job", select=["id"])}
            counts = await client.get_job_task_counts("job")
            return len(listed), counts.task_counts.active

    bench.job()
    assert asyncio.run(drive()) == (2500, 2500)


def test_terminated_task_and_all_its_children_end(ready: Bench, tmp_path: Any) -> None:
    """Terminating a task kills its whole process group and completes it as TaskEnded."""
    pidfile = tmp_path / "child"
    ready.task(ready.sh(f"sleep 60 & echo $! > {pidfile}; echo up; wait"))
    ready.running()
    child = int(pidfile.read_text())
    ready.client.terminate_task("job", "task")
    execution = ready.ended().execution_info
    assert (execution.result, execution.failure_info.code) == ("failure", "TaskEnded")
    assert execution.failure_info.message == "Task Was Ended by User Request"
    ready.until(lambda: not alive(child))


def alive(process: int) -> bool:
    """Whether a process runs and is not a zombie."""
    from pathlib import Path  # noqa: PLC0415  one use

    status = Path(f"/proc/{process}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_waiting_task_can_be_terminated_once(bench: Bench, refusal: Callable[..., Any]) -> None:
    """A task that never ran completes at once, and a completed one cannot be terminated again."""
    bench.job()
    bench.task()
    bench.client.terminate_task("job", "task")
    task = bench.in_state("completed")
    assert (task.execution_info.failure_info.code, task.execution_info.start_time) == ("TaskEnded", None)
    refusal(lambda: bench.client.terminate_task("job", "task"), status=409, code="TaskCompleted")


def test_failed_task_can_be_reactivated(ready: Bench, refusal: Callable[..., Any], tmp_path: Any) -> None:
    """Reactivation clears the failure and restores all attempts; a success stays."""
    gate = tmp_path / "gate"
    one_retry = ready.models.BatchTaskConstraints(max_task_retry_count=1)
    task = ready.run(ready.sh(f"[ -e {gate} ]"), constraints=one_retry)
    assert (task.execution_info.retry_count, task.execution_info.exit_code) == (1, 1)
    gate.touch()
    ready.client.reactivate_task("job", "task")
    execution = ready.ended().execution_info
    assert (execution.exit_code, execution.retry_count, execution.failure_info) == (0, 0, None)
    counts = ready.client.get_job_task_counts("job").task_counts
    assert (counts.succeeded, counts.failed) == (1, 0)
    refusal(lambda: ready.client.reactivate_task("job", "task"), status=409, code="TaskSucceeded")


def test_waiting_task_cannot_be_reactivated(bench: Bench, refusal: Callable[..., Any]) -> None:
    """Only completed tasks can be reactivated."""
    bench.job()
    bench.task()
    refusal(lambda: bench.client.reactivate_task("job", "task"), status=409, code="TaskNotCompleted")


def test_deleted_task_frees_its_node(ready: Bench) -> None:
    """Deleting a running task removes it at once and gives its slot to the next."""
    ready.task(ready.sh("echo up; exec sleep 60"), "first")
    ready.running("first")
    ready.task(task_id="second")
    ready.client.delete_task("job", "first")
    with pytest.raises(ResourceNotFoundError):
        ready.client.get_task("job", "first")
    ready.ended("second")


def test_new_task_does_not_see_the_files_of_a_deleted_one(ready: Bench) -> None:
    """Deleting a task frees its id and folder at once, even while its process is dying."""
    ready.task(ready.sh("touch old; trap '' TERM; echo up; while :; do sleep 0.05; done"))
    ready.running()
    ready.client.delete_task("job", "task")
    ready.run(ready.sh("ls; echo done"))
    assert ready.output() == "done\n"


def test_constraints_can_be_replaced(ready: Bench) -> None:
    """A new time limit applies to the running attempt."""
    ready.task(ready.sh("echo up; exec sleep 60"))
    task = ready.running()
    task.constraints = ready.models.BatchTaskConstraints(max_wall_clock_time=timedelta(minutes=1))
    ready.client.replace_task("job", "task", task)
    ready.advance(minutes=1)
    assert ready.ended().execution_info.failure_info.code == "TaskEnded"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param({"task_id": "with/slash"}, "InvalidPropertyValue", id="bad-id"),
        pytest.param({"required_slots": 0}, "InvalidPropertyValue", id="no-slots"),
        pytest.param(
            {"depends_on": {"taskIds": ["x"]}}, "TaskDependenciesNotSpecifiedOnJob", id="dependency"
        ),
        pytest.param({"constraints": {"maxTaskRetryCount": -2}}, "InvalidConstraintValue", id="retries"),
    ],
)
def test_bad_tasks_are_refused(
    ready: Bench, refusal: Callable[..., Any], options: dict[str, Any], code: str
) -> None:
    """A task that could never run is refused when it is added."""
    refusal(lambda: ready.task(**options), status=400, code=code)
