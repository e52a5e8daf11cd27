"""Job manager tasks through the real SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.runner.scripted import Outcome, ScriptedRunner
from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench


@pytest.fixture
def managed(bench_of: Callable[..., Bench]) -> Bench:
    """Start an emulator whose tasks take ten minutes, and a manager five."""
    runner = ScriptedRunner(
        lambda attempt: Outcome(seconds=300 if attempt.environment["AZ_BATCH_TASK_ID"] == "manager" else 600)
    )
    return bench_of(runner=runner)


def job(bench: Bench, **manager: Any) -> None:
    """Make a job with a manager."""
    task = bench.models.BatchJobManagerTask(id="manager", command_line="manage", **manager)
    bench.job(job_manager_task=task)


def states(bench: Bench) -> dict[str, str]:
    """Return the states of the job's tasks."""
    return {task.id: present(task.state) for task in bench.client.list_tasks("job")}


def test_the_manager_is_the_first_task_and_its_end_is_the_jobs(managed: Bench) -> None:
    """It is created with the job; its end terminates the rest, with the reason JMComplete."""
    managed.pool(nodes=2)
    job(managed)
    assert states(managed) == {"manager": "running"}
    managed.task()
    managed.turn(minutes=5)
    ended = managed.client.get_job("job")
    assert (ended.state, managed.termination_reason()) == ("completed", "JMComplete")
    assert managed.failure().code == "TaskEnded"
    manager = present(ended.job_manager_task)
    assert (manager.kill_job_on_completion, manager.run_exclusive) == (True, True)
    assert manager.allow_low_priority_node is True


def test_a_job_may_go_on_without_its_manager(managed: Bench) -> None:
    """A manager that only adds tasks leaves the job active."""
    managed.pool()
    job(managed, kill_job_on_completion=False)
    managed.task()
    managed.turn(minutes=5)
    assert managed.client.get_job("job").state == "active"
    assert states(managed) == {"manager": "completed", "task": "running"}


@pytest.mark.parametrize(("exclusive", "beside"), [(True, "active"), (False, "running")])
def test_a_manager_has_its_node_for_itself_unless_it_says_otherwise(
    managed: Bench, *, exclusive: bool, beside: str
) -> None:
    """It takes all slots, so it waits for an empty node, and nothing runs beside it."""
    managed.pool(slots=4)
    job(managed, run_exclusive=exclusive, kill_job_on_completion=False)
    managed.task()
    assert states(managed) == {"manager": "running", "task": beside}
    managed.turn(minutes=5)
    assert states(managed)["task"] == "running"


def test_a_manager_may_refuse_low_priority_nodes(managed: Bench) -> None:
    """It waits for a dedicated node, and the job's other tasks wait behind it."""
    managed.pool(nodes=0, target_low_priority_nodes=1)
    job(managed, allow_low_priority_node=False)
    assert states(managed) == {"manager": "active"}
    managed.client.begin_resize_pool(
        "pool",
        managed.models.BatchPoolResizeOptions(target_dedicated_nodes=1, target_low_priority_nodes=1),
        **WAIT,
    )
    managed.turn(seconds=1)
    (task,) = managed.client.list_tasks("job")
    nodes = {node.id: node.is_dedicated for node in managed.nodes()}
    assert (task.state, nodes[present(task.node_info).node_id]) == ("running", True)


def test_a_job_with_a_wrong_manager_is_not_made(managed: Bench, refusal: Callable[..., Any]) -> None:
    """Creating the job fails with what is wrong, and nothing is left."""
    managed.pool()
    refusal(lambda: job(managed, required_slots=0), status=400, code="InvalidPropertyValue")
    assert list(managed.client.list_jobs()) == []


def test_a_real_manager_runs_as_any_task(ready: Bench) -> None:
    """With processes: its output can be read like a task's, and its failure ends the job too."""
    models = ready.models
    command = ready.sh('echo "$AZ_BATCH_JOB_ID/$AZ_BATCH_TASK_ID"; exit 3')
    ready.job("managed", job_manager_task=models.BatchJobManagerTask(id="boss", command_line=command))
    task = ready.ended("boss", job="managed")
    assert task.execution_info.exit_code == 3
    assert ready.output("boss", job="managed") == "managed/boss\n"
    ready.until(lambda: ready.client.get_job("managed").state == "completed")
    assert ready.termination_reason("managed") == "JMComplete"
