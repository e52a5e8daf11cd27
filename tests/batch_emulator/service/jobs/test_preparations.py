"""Job preparation and release tasks through the real SDK, minute by minute on a manual clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.runner.scripted import Outcome, ScriptedRunner
from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_batch_emulator.runner.interface import AttemptSpec
    from tests.batch_emulator.bench import Bench

MINUTES = {"jobpreparation": 2, "jobrelease": 3, "task": 10}


class Script:
    """A rule: minutes and exit codes by id, and a list of what ran."""

    def __init__(self) -> None:
        self.codes: dict[str, list[int]] = {}
        self.attempts: list[AttemptSpec] = []

    def __call__(self, attempt: AttemptSpec) -> Outcome:
        """Decide an attempt; a listed code is used once."""
        self.attempts.append(attempt)
        name = attempt.environment["AZ_BATCH_TASK_ID"]
        codes = self.codes.get(name) or [0]
        return Outcome(codes.pop(0), seconds=60 * MINUTES.get(name, MINUTES["task"]))

    def ran(self) -> list[str]:
        """Return the ids of what started, in order."""
        return [attempt.environment["AZ_BATCH_TASK_ID"] for attempt in self.attempts]


@pytest.fixture
def script() -> Script:
    """Return the rule of the emulator under test."""
    return Script()


@pytest.fixture
def prepared(bench_of: Callable[..., Bench], script: Script) -> Bench:
    """Start an emulator with a pool of one node with four slots."""
    bench = bench_of(runner=ScriptedRunner(script))
    bench.pool(slots=4)
    return bench


def job(
    bench: Bench, job_id: str = "job", *, release: dict[str, Any] | None = None, **preparation: Any
) -> None:
    """Make a job that prepares its nodes and releases them."""
    models = bench.models
    bench.job(
        job_id,
        job_preparation_task=models.BatchJobPreparationTask(command_line="get ready", **preparation),
        job_release_task=models.BatchJobReleaseTask(command_line="tidy up", **(release or {})),
    )


def state(bench: Bench, task_id: str = "task") -> str:
    """Return the state of a task."""
    return present(bench.client.get_task("job", task_id).state)


def status(bench: Bench, job_id: str = "job", **options: Any) -> list[Any]:
    """Return the preparation and release status of the job's nodes."""
    return list(bench.client.list_job_preparation_and_release_task_status(job_id, **options))


def end(bench: Bench) -> Any:
    """Terminate the job."""
    return bench.terminate("job", "enough")


def test_a_node_is_prepared_once_before_the_first_task(prepared: Bench, script: Script) -> None:
    """Meanwhile tasks are preparing and hold their slots; the preparation itself needs none."""
    job(prepared)
    prepared.task()
    prepared.task(task_id="second")
    assert (state(prepared), state(prepared, "second")) == ("preparing", "preparing")
    task = prepared.client.get_task("job", "task")
    assert present(task.node_info).node_id == prepared.nodes()[0].id
    assert present(task.execution_info).start_time is None
    (node,) = prepared.nodes()
    assert (node.state, node.running_tasks_count, node.running_task_slots_count) == ("running", 2, 2)
    (node,) = status(prepared)
    assert node.job_preparation_task_execution_info.state == "running"
    prepared.turn(minutes=2)
    assert (state(prepared), state(prepared, "second")) == ("running", "running")
    prepared.task(task_id="third")
    assert state(prepared, "third") == "running"
    prepared.turn(minutes=10)
    assert script.ran()[0] == "jobpreparation"
    assert sorted(script.ran()[1:]) == ["second", "task", "third"]
    (node,) = status(prepared)
    info = node.job_preparation_task_execution_info
    assert (info.state, info.exit_code, info.retry_count, info.result) == ("completed", 0, 0, "success")
    assert info.task_root_directory == "workitems/job/job-1/jobpreparation"
    assert (info.end_time - info.start_time) == timedelta(minutes=2)
    assert node.job_release_task_execution_info is None


def test_the_job_is_completed_when_its_nodes_are_released(prepared: Bench, script: Script) -> None:
    """The release runs on prepared nodes after the last task, and the job waits for it."""
    job(prepared)
    prepared.task()
    prepared.turn(minutes=12)
    poller = end(prepared)
    prepared.turn(minutes=1)
    assert prepared.client.get_job("job").state == "terminating"
    assert status(prepared)[0].job_release_task_execution_info.state == "running"
    prepared.turn(minutes=2)
    poller.wait(120)
    assert prepared.client.get_job("job").state == "completed"
    assert script.ran() == ["jobpreparation", "task", "jobrelease"]
    info = status(prepared)[0].job_release_task_execution_info
    assert (info.state, info.exit_code, info.result) == ("completed", 0, "success")


def test_a_deleted_job_releases_its_nodes_first(prepared: Bench, script: Script) -> None:
    """An active job that is deleted is gone once its nodes are released."""
    job(prepared)
    prepared.task()
    prepared.turn(minutes=12)
    prepared.client.begin_delete_job("job", **WAIT)
    prepared.turn(minutes=1)
    assert prepared.client.get_job("job").state == "deleting"
    prepared.turn(minutes=2)
    assert list(prepared.client.list_jobs()) == []
    assert script.ran()[-1] == "jobrelease"


def test_nothing_is_released_where_nothing_was_prepared(prepared: Bench, script: Script) -> None:
    """A job without tasks ends at once; a node with an interrupted preparation is not released."""
    job(prepared)
    end(prepared).wait(120)
    assert script.ran() == []
    job(prepared, "other")
    prepared.task(job="other")
    prepared.turn(minutes=1)
    prepared.terminate("other", "enough")
    prepared.turn(seconds=1)
    assert prepared.client.get_job("other").state == "completed"
    assert script.ran() == ["jobpreparation"]
    assert prepared.client.get_task("other", "task").state == "completed"
    assert prepared.failure(job="other").code == "TaskEnded"
    info = status(prepared, "other")[0].job_preparation_task_execution_info
    assert (info.state, info.result) == ("completed", "failure")


def test_a_preparation_is_tried_again_as_often_as_it_says(prepared: Bench, script: Script) -> None:
    """A code other than 0 leads to another attempt on the same node; then the tasks run."""
    script.codes["jobpreparation"] = [1, 1, 0]
    job(prepared, constraints=prepared.models.BatchTaskConstraints(max_task_retry_count=2))
    prepared.task()
    prepared.turn(minutes=4)
    assert state(prepared) == "preparing"
    prepared.turn(minutes=2)
    assert state(prepared) == "running"
    assert status(prepared)[0].job_preparation_task_execution_info.retry_count == 2


def test_a_node_that_cannot_be_prepared_takes_no_task_of_the_job(prepared: Bench, script: Script) -> None:
    """Its tasks wait for another node, other jobs still run there, and reimaging helps."""
    script.codes["jobpreparation"] = [7]
    job(prepared)
    prepared.task()
    prepared.turn(minutes=2)
    prepared.turn(minutes=30)
    task = prepared.client.get_task("job", "task")
    execution = present(task.execution_info)
    assert (task.state, execution.requeue_count, execution.retry_count) == ("active", 0, 0)
    (node,) = status(prepared)
    info = node.job_preparation_task_execution_info
    assert (info.exit_code, info.failure_info.code) == (7, "FailureExitCode")
    prepared.job("plain")
    prepared.task(task_id="elsewhere", job="plain")
    assert prepared.in_state("running", "elsewhere", job="plain")
    prepared.reimage(node.node_id)
    prepared.turn(seconds=1)
    prepared.turn(minutes=2)
    assert state(prepared) == "running"


def test_a_second_node_takes_what_the_first_could_not(prepared: Bench, script: Script) -> None:
    """A node that comes later runs its own preparation."""
    script.codes["jobpreparation"] = [7]
    job(prepared)
    prepared.task()
    prepared.turn(minutes=2)
    prepared.client.begin_resize_pool(
        "pool", prepared.models.BatchPoolResizeOptions(target_dedicated_nodes=2), **WAIT
    )
    prepared.turn(seconds=1)
    prepared.turn(minutes=2)
    assert state(prepared) == "running"
    results = [str(node.job_preparation_task_execution_info.result.value) for node in status(prepared)]
    assert results == ["failure", "success"]
    chosen = status(prepared, filter="jobPreparationTaskExecutionInfo/exitCode eq 7")
    assert [node.node_id for node in chosen] == [status(prepared)[0].node_id]
    paged = list(prepared.client.list_job_preparation_and_release_task_status("job", max_results=1))
    assert [node.node_id for node in paged] == [node.node_id for node in status(prepared)]


def test_tasks_do_not_wait_for_a_preparation_that_need_not_succeed(prepared: Bench, script: Script) -> None:
    """They start beside it, and keep starting after it failed."""
    script.codes["jobpreparation"] = [1]
    job(prepared, wait_for_success=False)
    prepared.task()
    assert state(prepared) == "running"
    prepared.turn(minutes=2)
    prepared.task(task_id="second")
    assert state(prepared, "second") == "running"
    assert script.ran().count("jobpreparation") == 1


@pytest.mark.parametrize(("again", "times"), [(True, 2), (False, 1)])
def test_a_reboot_calls_for_another_preparation(
    prepared: Bench, script: Script, *, again: bool, times: int
) -> None:
    """Unless the job says that once is enough; the running task is requeued."""
    job(prepared, rerun_on_node_reboot_after_success=again)
    prepared.task()
    prepared.turn(minutes=3)
    prepared.reboot(prepared.nodes()[0].id)
    prepared.turn(seconds=1)
    prepared.turn(minutes=2)
    assert state(prepared) == "running"
    assert script.ran().count("jobpreparation") == times


def test_a_release_cut_short_by_a_reboot_runs_again(prepared: Bench, script: Script) -> None:
    """The job waits until the node is up and released."""
    job(prepared)
    prepared.task()
    prepared.turn(minutes=12)
    end(prepared)
    prepared.turn(minutes=1)
    prepared.reboot(prepared.nodes()[0].id)
    prepared.turn(seconds=1)
    assert prepared.client.get_job("job").state == "terminating"
    prepared.turn(minutes=3)
    assert prepared.client.get_job("job").state == "completed"
    assert script.ran().count("jobrelease") == 2


def test_a_node_that_left_is_told_of_and_not_waited_for(prepared: Bench, script: Script) -> None:
    """The status keeps nodes that left the pool, and the job ends without their release."""
    job(prepared)
    prepared.task()
    prepared.turn(minutes=12)
    (node,) = prepared.nodes()
    prepared.client.begin_remove_nodes(
        "pool", prepared.models.BatchNodeRemoveOptions(node_ids=[node.id]), **WAIT
    )
    prepared.turn(seconds=1)
    end(prepared)
    prepared.turn(seconds=1)
    assert prepared.client.get_job("job").state == "completed"
    assert [each.node_id for each in status(prepared)] == [node.id]
    assert "jobrelease" not in script.ran()


def test_a_release_that_takes_too_long_is_ended(prepared: Bench) -> None:
    """Its time is limited, and the job is completed either way."""
    job(prepared, release={"max_wall_clock_time": timedelta(minutes=1)})
    prepared.task()
    prepared.turn(minutes=12)
    end(prepared)
    prepared.turn(minutes=1)
    assert prepared.client.get_job("job").state == "completed"
    assert status(prepared)[0].job_release_task_execution_info.result == "failure"


def test_what_runs_knows_where_the_preparation_left_its_files(prepared: Bench, script: Script) -> None:
    """All commands but the preparation get its folder, and all get the job's environment."""
    models = prepared.models
    prepared.job(
        common_environment_settings=[models.EnvironmentSetting(name="SHARED", value="yes")],
        job_preparation_task=models.BatchJobPreparationTask(id="setup", command_line="x"),
        job_release_task=models.BatchJobReleaseTask(id="teardown", command_line="x"),
    )
    prepared.task()
    prepared.turn(minutes=12)
    prepared.turn(minutes=10)
    end(prepared)
    prepared.turn(minutes=10)
    setup, task, teardown = script.attempts
    assert setup.directory.as_posix().endswith("workitems/job/job-1/setup")
    assert "AZ_BATCH_JOB_PREP_DIR" not in setup.environment
    for attempt in (task, teardown):
        assert attempt.environment["AZ_BATCH_JOB_PREP_DIR"] == str(setup.directory)
        assert attempt.environment["AZ_BATCH_JOB_PREP_WORKING_DIR"] == str(setup.directory / "wd")
    assert {attempt.environment["SHARED"] for attempt in script.attempts} == {"yes"}


def test_a_container_may_be_given_the_folder_of_the_preparation(
    bench_of: Callable[..., Bench], script: Script
) -> None:
    """It can be listed among the bound folders, unless the job has no preparation."""
    bench = bench_of(runner=ScriptedRunner(script))
    models = bench.models
    containers = models.BatchContainerConfiguration(type="dockerCompatible")
    bench.pool(slots=2, virtual_machine_configuration=bench.machine(container_configuration=containers))
    settings = models.BatchTaskContainerSettings(
        image_name="tools", container_host_batch_bind_mounts=[{"source": "JobPrep", "isReadOnly": True}]
    )
    job(bench)
    bench.job("plain")
    bench.task(container_settings=settings)
    bench.task(job="plain", container_settings=settings)
    bench.turn(minutes=12)
    binds = {
        attempt.environment["AZ_BATCH_JOB_ID"]: attempt.container.binds
        for attempt in script.attempts
        if attempt.container
    }
    (bind,) = binds["job"]
    assert bind.folder.as_posix().endswith("workitems/job/job-1/jobpreparation")
    assert bind.is_read_only
    assert binds["plain"] == ()


def test_wrong_preparations_and_releases_are_refused(prepared: Bench, refusal: Callable[..., Any]) -> None:
    """A release needs a preparation and ends within a quarter of an hour; ids are unique within the job."""
    models = prepared.models
    release = models.BatchJobReleaseTask(command_line="x")
    refusal(lambda: prepared.job(job_release_task=release), status=400, code="InvalidPropertyValue")
    endless = {"max_wall_clock_time": timedelta(minutes=16)}
    refusal(lambda: job(prepared, release=endless), status=400, code="InvalidPropertyValue")
    refusal(
        lambda: job(prepared, id="same", release={"id": "Same"}),
        status=409,
        code="TaskIdSameAsJobPreparationTask",
    )
    job(prepared)
    for task_id, noun in (("JobPreparation", "Preparation"), ("jobrelease", "Release")):
        code = f"TaskIdSameAsJob{noun}Task"
        refusal(lambda name=task_id: prepared.task(task_id=name), status=409, code=code)
    prepared.job("plain")
    refusal(lambda: status(prepared, "plain"), status=409, code="JobPreparationTaskNotSpecified")


def test_preparations_are_kept(bench_of: Callable[..., Bench], tmp_path: Any) -> None:
    """After a restart of the service the status is unchanged, and the node counts as rebooted."""
    script = Script()
    bench = bench_of(runner=ScriptedRunner(script), data=tmp_path / "kept")
    bench.pool()
    job(bench)
    bench.task()
    bench.turn(minutes=12)
    before = [each.as_dict()["jobPreparationTaskExecutionInfo"]["endTime"] for each in status(bench)]
    bench.client.close()
    bench.emulator.__exit__(None, None, None)
    bench = bench_of(runner=ScriptedRunner(script), data=tmp_path / "kept", clock=bench.emulator.clock)
    after = [each.as_dict()["jobPreparationTaskExecutionInfo"]["endTime"] for each in status(bench)]
    assert after == before
    bench.task(task_id="second")
    assert state(bench, "second") == "preparing"
    end(bench)
    bench.turn(minutes=3)
    assert bench.client.get_job("job").state == "completed"


def test_real_commands_prepare_and_release(ready: Bench) -> None:
    """With processes: a task reads what the preparation wrote, and the release removes it."""
    models = ready.models
    write = ready.sh('echo tools > "$AZ_BATCH_NODE_SHARED_DIR/kit"')
    remove = ready.sh('rm "$AZ_BATCH_NODE_SHARED_DIR/kit"')
    ready.job(
        "kit",
        job_preparation_task=models.BatchJobPreparationTask(command_line=write),
        job_release_task=models.BatchJobReleaseTask(command_line=remove),
    )
    ready.run(ready.sh('cat "$AZ_BATCH_NODE_SHARED_DIR/kit"'), job="kit")
    assert ready.output(job="kit") == "tools\n"
    ready.terminate("kit", "done").wait(120)
    (node,) = ready.nodes()
    names = {file.name for file in ready.client.list_node_files("pool", node.id, recursive=True)}
    assert "shared/kit" not in names
    assert "workitems/kit/job-1/jobrelease/stdout.txt" in names
