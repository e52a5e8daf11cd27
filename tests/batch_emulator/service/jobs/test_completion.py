"""How attempts end: retries, time limits, exit conditions, dependencies."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from pathlib import Path

    from tests.batch_emulator.bench import Bench

FAIL_TWICE = "echo x >> {log}; test $(wc -l < {log}) -ge 3"


def constraints(bench: Bench, **limits: Any) -> Any:
    """Describe the limits of a task."""
    return bench.models.BatchTaskConstraints(**limits)


def test_failing_exit_code_is_explained(ready: Bench) -> None:
    """A non-zero exit code without retries gives a FailureExitCode with details."""
    execution = ready.run(ready.sh("exit 7")).execution_info
    failure = execution.failure_info
    assert (execution.exit_code, failure.code, failure.category) == (7, "FailureExitCode", "usererror")
    assert {detail.name for detail in failure.details} == {"Message", "AdditionalErrorCode"}


def test_task_is_retried_until_it_succeeds(ready: Bench, tmp_path: Path) -> None:
    """Retries are counted, and a success ends them."""
    script = ready.sh(FAIL_TWICE.format(log=tmp_path / "log"))
    task = ready.run(script, constraints=constraints(ready, max_task_retry_count=5))
    assert (task.execution_info.exit_code, task.execution_info.retry_count) == (0, 2)
    assert task.execution_info.last_retry_time is not None


def test_job_gives_the_default_number_of_retries(ready: Bench, tmp_path: Path) -> None:
    """A task without constraints takes the job's retry count."""
    ready.job("tries", constraints=ready.models.BatchJobConstraints(max_task_retry_count=1))
    task = ready.run(ready.sh(FAIL_TWICE.format(log=tmp_path / "log")), job="tries")
    assert (task.execution_info.exit_code, task.execution_info.retry_count) == (1, 1)


def test_only_the_last_output_survives(ready: Bench, tmp_path: Path) -> None:
    """Each attempt rewrites its output in the same folder."""
    log = tmp_path / "log"
    script = f"echo x >> {log}; wc -l < {log}; test $(wc -l < {log}) -ge 2"
    ready.run(ready.sh(script), constraints=constraints(ready, max_task_retry_count=3))
    assert ready.output().strip() == "2"


def test_time_limit_ends_a_task(ready: Bench) -> None:
    """A task over its limit is ended as a server error, and is not retried."""
    limits = constraints(ready, max_wall_clock_time=timedelta(minutes=10), max_task_retry_count=2)
    ready.task(ready.sh("echo up; exec sleep 60"), constraints=limits)
    ready.running()
    ready.advance(minutes=9)
    assert ready.in_state("running")
    ready.advance(minutes=1)
    execution = ready.ended().execution_info
    assert (execution.failure_info.category, execution.failure_info.code) == ("servererror", "TaskEnded")
    assert execution.retry_count == 0


def exit_conditions(bench: Bench) -> Any:
    """Describe one rule of each kind."""
    models = bench.models
    return models.ExitConditions(
        exit_codes=[models.ExitCodeMapping(code=3, exit_options=models.ExitOptions(job_action="terminate"))],
        exit_code_ranges=[
            models.ExitCodeRangeMapping(start=4, end=6, exit_options=models.ExitOptions(job_action="disable"))
        ],
        default=models.ExitOptions(job_action="none"),
    )


@pytest.mark.parametrize(
    ("code", "state"),
    [
        pytest.param(3, "completed", id="listed-code-terminates"),
        pytest.param(5, "disabled", id="range-disables"),
        pytest.param(9, "active", id="default-does-nothing"),
        pytest.param(0, "active", id="success-is-not-listed"),
    ],
)
def test_exit_code_acts_on_the_job(ready: Bench, code: int, state: str) -> None:
    """With performexitoptionsjobaction, an exit code can terminate or disable its job."""
    ready.job("acts", task_failure_mode="performexitoptionsjobaction")
    ready.run(ready.sh(f"exit {code}"), job="acts", exit_conditions=exit_conditions(ready))
    job = ready.client.get_job("acts")
    assert job.state == state
    if state == "completed":
        assert present(job.execution_info).termination_reason == "TaskFailed"


def test_dependent_waits_for_success(ready: Bench) -> None:
    """A task runs after those it depends on, given by id or by a range of integers."""
    ready.job("deps", uses_task_dependencies=True)
    depends = ready.models.BatchTaskDependencies(
        task_ids=["first"], task_id_ranges=[ready.models.BatchTaskIdRange(start=1, end=2)]
    )
    ready.task(task_id="last", job="deps", depends_on=depends)
    for task_id in ("first", "001"):
        ready.run("/bin/true", task_id, job="deps")
    assert ready.in_state("active", "last", job="deps")
    ready.run("/bin/true", "2", job="deps")
    ready.ended("last", job="deps")


def test_dependent_of_a_failure_stays_active(ready: Bench) -> None:
    """A failed task blocks its dependents, unless its exit options satisfy them."""
    models = ready.models
    ready.job("deps", uses_task_dependencies=True)
    ready.run(ready.sh("exit 1"), "bad", job="deps")
    satisfied = models.ExitConditions(default=models.ExitOptions(dependency_action="satisfy"))
    ready.run(ready.sh("exit 1"), "forgiven", job="deps", exit_conditions=satisfied)
    for name in ("bad", "forgiven"):
        wanted = models.BatchTaskDependencies(task_ids=[name])
        ready.task(task_id=f"after-{name}", job="deps", depends_on=wanted)
    ready.ended("after-forgiven", job="deps")
    assert ready.in_state("active", "after-bad", job="deps")


def test_retention_takes_the_files(ready: Bench, refusal: Any) -> None:
    """After the retention time a task's files are gone, but not its record."""
    ready.run(ready.sh("echo out"), constraints=constraints(ready, retention_time=timedelta(hours=1)))
    ready.advance(minutes=59)
    assert ready.output() == "out\n"
    ready.advance(minutes=1)
    refusal(lambda: list(ready.client.list_task_files("job", "task")), status=409, code="TaskFilesCleanedup")
