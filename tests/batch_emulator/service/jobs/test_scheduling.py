"""Which task runs where: slots, fill types, priorities, limits."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from tests.batch_emulator.bench import Bench

HOLD = "/bin/sh -c 'echo up; exec sleep 60'"


def count(bench: Bench, state: str, job: str = "job") -> int:
    """Count the tasks of a job in a state."""
    return int(bench.client.get_job_task_counts(job).task_counts[state])


def test_tasks_fill_the_slots_they_need(bench: Bench) -> None:
    """Four slots hold a task of three and one of one; the next task waits."""
    bench.pool(slots=4)
    bench.job()
    for task_id, slots in (("three", 3), ("two", 2), ("one", 1)):
        bench.task(HOLD, task_id, required_slots=slots)
    assert {t.id for t in bench.client.list_tasks("job", filter="state eq 'running'")} == {"three", "one"}
    (node,) = bench.nodes()
    assert (node.running_tasks_count, node.running_task_slots_count, node.state) == (2, 4, "running")
    bench.client.terminate_task("job", "three")
    bench.until(lambda: bench.in_state("running", "two"))


def spread_over(bench: Bench, fill: str) -> list[int]:
    """Run two tasks on two nodes of two slots; return the number of tasks per node used."""
    policy = bench.models.BatchTaskSchedulingPolicy(node_fill_type=fill)
    bench.pool(nodes=2, slots=2, task_scheduling_policy=policy)
    bench.job()
    for task_id in ("a", "b"):
        bench.task(HOLD, task_id)
    tasks = bench.client.list_tasks("job", filter="state eq 'running'")
    return sorted(Counter(present(task.node_info).node_id for task in tasks).values())


def test_spread_uses_every_node(bench: Bench) -> None:
    """The second task goes to the second node."""
    assert spread_over(bench, "spread") == [1, 1]


def test_pack_fills_one_node_first(bench: Bench) -> None:
    """Both tasks go to one node."""
    assert spread_over(bench, "pack") == [2]


def test_higher_priority_goes_first(bench: Bench) -> None:
    """Of two jobs with waiting tasks, the one with the higher priority gets the node."""
    bench.pool(nodes=None)
    bench.job("low", priority=-5)
    bench.job("high", priority=5)
    for job in ("low", "high"):
        bench.task(HOLD, job=job)
    bench.resize(1)
    bench.until(lambda: bench.in_state("running", job="high"))
    assert bench.in_state("active", job="low")


def test_job_limits_its_parallel_tasks(bench: Bench) -> None:
    """A job with maxParallelTasks runs no more at once, whatever the room."""
    bench.pool(slots=4)
    bench.job(max_parallel_tasks=2)
    for task_id in ("a", "b", "c"):
        bench.task(HOLD, task_id)
    assert (count(bench, "running"), count(bench, "active")) == (2, 1)


def test_affinity_prefers_a_node(bench: Bench) -> None:
    """A task goes to the node it names if there is room."""
    bench.pool(nodes=3)
    bench.job()
    wanted = bench.nodes()[2]
    affinity = bench.models.BatchAffinityInfo(affinity_id=wanted.affinity_id)
    assert bench.run("/bin/true", affinity_info=affinity).node_info.node_id == wanted.id


def test_many_short_tasks_all_run(bench: Bench) -> None:
    """Three hundred real processes pass through two nodes."""
    bench.pool(nodes=2, slots=8)
    bench.job()
    tasks: list[Any] = [bench.task_options("/bin/true", f"t{n}") for n in range(300)]
    bench.client.create_tasks("job", tasks)
    bench.until(lambda: count(bench, "succeeded") == 300)
    bench.until(lambda: {node.state for node in bench.nodes()} == {"idle"})
    assert sum(node.total_tasks_succeeded for node in bench.nodes()) == 300
