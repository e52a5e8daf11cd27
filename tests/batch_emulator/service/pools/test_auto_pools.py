"""Auto pools, which are created with a job or a job schedule, through the real SDK."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.runner.scripted import ScriptedRunner, succeed
from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench


@pytest.fixture
def quick(bench_of: Callable[..., Bench]) -> Bench:
    """Start an emulator whose tasks take no time."""
    return bench_of(runner=ScriptedRunner(succeed))


def info(bench: Bench, lifetime: str = "job", *, prefix: str = "nightly", **options: Any) -> Any:
    """Describe a pool that is made for the purpose."""
    models = bench.models
    pool = models.BatchPoolSpecification(
        vm_size="standard_d4s_v3",
        virtual_machine_configuration=bench.machine(),
        target_dedicated_nodes=1,
    )
    specification = models.BatchAutoPoolSpecification(
        auto_pool_id_prefix=prefix, pool_lifetime_option=lifetime, pool=pool, **options
    )
    return models.BatchPoolInfo(auto_pool_specification=specification)


def make(bench: Bench, job_id: str = "job", **options: Any) -> str:
    """Make a job with a pool of its own, and return the pool's id."""
    bench.client.create_job(bench.models.BatchJobCreateOptions(id=job_id, pool_info=info(bench, **options)))
    return str(present(bench.client.get_job(job_id).execution_info).pool_id)


def pools(bench: Bench) -> list[str]:
    """List the ids of all pools."""
    bench.advance(seconds=0)
    return [pool.id for pool in bench.client.list_pools()]


def end(bench: Bench, job_id: str = "job") -> None:
    """Terminate a job."""
    bench.terminate(job_id, "done").wait(120)


def test_a_job_runs_in_a_pool_of_its_own_that_goes_with_it(quick: Bench) -> None:
    """The pool is created with the job, under a new id, and deleted when the job is completed."""
    pool_id = make(quick)
    assert pool_id.startswith("nightly_")
    assert pools(quick) == [pool_id]
    assert quick.run("/bin/true").node_info.pool_id == pool_id
    end(quick)
    assert pools(quick) == []
    assert make(quick, "again") != pool_id


def test_a_pool_may_outlive_its_job(quick: Bench) -> None:
    """With keepAlive somebody else must delete it; the option can still be set while the job runs."""
    kept = make(quick, "kept", keep_alive=True)
    changed = make(quick, "changed")
    update = quick.models.BatchJobUpdateOptions(pool_info=info(quick, keep_alive=True))
    quick.client.update_job("changed", update)
    end(quick, "kept")
    quick.client.begin_delete_job("changed", **WAIT).wait(120)
    assert pools(quick) == [kept, changed]


def test_jobs_of_a_schedule_may_share_a_pool(quick: Bench) -> None:
    """It is created with the first job, serves the others, and goes with the schedule."""
    models = quick.models
    quick.client.create_job_schedule(
        models.BatchJobScheduleCreateOptions(
            id="hourly",
            schedule=models.BatchJobScheduleConfiguration(recurrence_interval=timedelta(hours=1)),
            job_specification=models.BatchJobSpecification(pool_info=info(quick, "jobschedule")),
        )
    )
    (pool_id,) = pools(quick)
    end(quick, "hourly:job-1")
    quick.advance(hours=1)
    assert pools(quick) == [pool_id]
    assert present(quick.client.get_job("hourly:job-2").execution_info).pool_id == pool_id
    quick.client.begin_terminate_job_schedule("hourly", **WAIT)
    assert pools(quick) == []


def test_a_schedule_whose_pool_cannot_be_made_tries_again_next_time(bench_of: Callable[..., Bench]) -> None:
    """Only the run time without room for a pool is lost."""
    bench = bench_of(runner=ScriptedRunner(succeed), pool_quota=1)
    bench.pool("full")
    models = bench.models
    bench.client.create_job_schedule(
        models.BatchJobScheduleCreateOptions(
            id="hourly",
            schedule=models.BatchJobScheduleConfiguration(recurrence_interval=timedelta(hours=1)),
            job_specification=models.BatchJobSpecification(pool_info=info(bench)),
        )
    )
    assert list(bench.client.list_jobs()) == []
    bench.client.begin_delete_pool("full", **WAIT).wait(120)
    bench.advance(hours=1)
    assert [job.id for job in bench.client.list_jobs()] == ["hourly:job-2"]


def test_wrong_auto_pools_are_refused(quick: Bench, refusal: Callable[..., Any]) -> None:
    """A job names a pool or describes one, not both; errors name the problem and leave nothing behind."""
    models = quick.models

    def job(pool_info: Any) -> Callable[[], Any]:
        return lambda: quick.client.create_job(models.BatchJobCreateOptions(id="job", pool_info=pool_info))

    both = info(quick)
    both.pool_id = "pool"
    for wrong in (models.BatchPoolInfo(), both, info(quick, "jobschedule"), info(quick, prefix="x" * 21)):
        refusal(job(wrong), status=400, code="InvalidPropertyValue")
    assert (pools(quick), list(quick.client.list_jobs())) == ([], [])


def test_another_pool_only_while_the_job_is_disabled(quick: Bench, refusal: Callable[..., Any]) -> None:
    """A job can leave its auto pool as it can any pool, but not for another auto pool."""
    pool_id = make(quick)
    quick.pool("other")
    move = quick.models.BatchJobUpdateOptions(pool_info=quick.models.BatchPoolInfo(pool_id="other"))
    code = "OperationInvalidForCurrentState"
    refusal(lambda: quick.client.update_job("job", move), status=409, code=code)
    anew = quick.models.BatchJobUpdateOptions(pool_info=info(quick, prefix="else"))
    refusal(lambda: quick.client.update_job("job", anew), status=400, code="InvalidPropertyValue")
    disable = quick.models.BatchJobDisableOptions(disable_tasks="requeue")
    quick.client.begin_disable_job("job", disable, **WAIT).wait(120)
    quick.client.update_job("job", move)
    quick.client.begin_enable_job("job", **WAIT).wait(120)
    assert quick.run("/bin/true").node_info.pool_id == "other"
    assert present(quick.client.get_job("job").execution_info).pool_id == "other"
    assert pool_id in pools(quick)
