"""Statistics and usage, through the real SDK."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.runner.scripted import Outcome, ScriptedRunner
from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_batch_emulator.runner.interface import AttemptSpec
    from tests.batch_emulator.bench import Bench

START = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def a_minute(attempt: AttemptSpec) -> Outcome:
    """Make attempts take a minute; those of the task called bad fail."""
    return Outcome(int(attempt.environment["AZ_BATCH_TASK_ID"] == "bad"), seconds=60)


@pytest.fixture
def used(bench_of: Callable[..., Bench]) -> Bench:
    """Run two tasks in turn on one node of four cores, which leaves after an hour or two."""
    bench = bench_of(runner=ScriptedRunner(a_minute))
    bench.pool()
    bench.job()
    bench.task(task_id="good")
    bench.task(task_id="bad", constraints=bench.models.BatchTaskConstraints(max_task_retry_count=1))
    bench.advance(hours=1)
    resize = bench.models.BatchPoolResizeOptions(target_dedicated_nodes=0)
    bench.client.begin_resize_pool("pool", resize)
    bench.advance(hours=1)
    return bench


def test_statistics_come_only_when_they_are_expanded(used: Bench) -> None:
    """Pools, jobs and tasks have them with the option only, listed or alone."""
    client = used.client
    stats: dict[str, Any] = {"expand": ["stats"]}
    assert client.get_pool("pool").pool_statistics is None
    assert client.get_job("job").job_statistics is None
    assert client.get_task("job", "good").task_statistics is None
    pool = present(client.get_pool("pool", **stats).pool_statistics)
    assert present(pool.usage_statistics).dedicated_core_time == timedelta(hours=4)
    job = present(client.get_job("job", **stats).job_statistics)
    assert (int(job.succeeded_tasks_count), int(job.failed_tasks_count)) == (1, 1)
    assert int(job.task_retries_count) == 1
    assert job.wall_clock_time == timedelta(minutes=2)
    assert job.wait_time == timedelta(minutes=2)
    task = present(client.get_task("job", "good", **stats).task_statistics)
    assert (task.wall_clock_time, task.wait_time) == (timedelta(minutes=1), timedelta())
    assert all(found.task_statistics is not None for found in client.list_tasks("job", **stats))
    assert all(found.job_statistics is not None for found in client.list_jobs(**stats))
    assert all(found.pool_statistics is not None for found in client.list_pools(**stats))


def test_usage_is_told_by_pool(used: Bench) -> None:
    """It includes core-hours of nodes that have left, but not pools created after the interval."""
    (usage,) = used.client.list_pool_usage_metrics()
    assert (usage.pool_id, usage.vm_size, usage.total_core_hours) == ("pool", "standard_d4s_v3", 4.0)
    assert (usage.start_time, usage.end_time) == (START, START + timedelta(hours=2))
    assert list(used.client.list_pool_usage_metrics(end_time=START - timedelta(days=1))) == []
    assert list(used.client.list_pool_usage_metrics(filter="poolId eq 'other'")) == []
