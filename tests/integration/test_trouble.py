"""Hours in trouble: nodes that cannot be had.

Each is one run of the standing Airflow, with all of it real; the local Azure Batch is told what to do wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.batch.models import BatchPoolEnableAutoScaleOptions

from sensor_scoring.settings import Settings
from sensor_scoring.summary import Outcome
from tests.integration.world import DAG, HOUR, SCORED, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.world import World

POOL = Settings().pool_id
WAITING = "1_1"
"""A sensor whose log is read."""

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(autouse=True)
def all_is_well_again(world: World) -> Iterator[None]:
    """Let go what a failed test holds, and let the next run make its own pool."""
    yield
    world.scorer.release()
    control(world, "quotas", cores=None)
    no_pool(world)


def control(world: World, name: str, **body: Any) -> None:
    """Let the Batch account misbehave."""
    httpx.post(
        f"{world.stack.batch.endpoint}/_emulator/{name}", json=body, trust_env=False
    ).raise_for_status()


def no_pool(world: World) -> None:
    """Delete the pool, and see it gone."""
    if is_there(world):
        world.batch.begin_delete_pool(POOL)
    until(lambda: not is_there(world))


def is_there(world: World) -> bool:
    """Whether there is a pool."""
    return POOL in {pool.id for pool in world.batch.list_pools(select=["id"])}


def said(world: World, run: str) -> str:
    """Return what the waiting sensor has logged."""
    return world.web.log(DAG, run, "score", map_index=world.instances(run)[WAITING].map_index)


def ended_well(world: World, run: str) -> None:
    """Let all go on; hold that the hour is whole and that no sensor was tried twice for the trouble."""
    world.scorer.release()
    assert world.wait(run) == "success"
    assert [line.sensor for line in world.summary(run).having(Outcome.SCORED)] == SCORED
    assert sorted(world.batch_tasks(run)) == [f"{sensor}-e2-a0" for sensor in SCORED]
    assert {ti.try_number for ti in world.instances(run).values()} == {1}
    assert world.active_jobs(run) == []


@pytest.mark.behaviour("pool-trouble")
def test_an_hour_without_a_quota_says_so_and_waits(world: World) -> None:
    """The waiting sensors name the quota and what to do; granted, the hour goes on by itself."""
    no_pool(world)
    control(world, "quotas", cores=0)
    run = world.web.trigger(DAG, hour=str(HOUR))
    until(lambda: WAITING in world.instances(run))
    until(lambda: "AccountCoreQuotaReached" in said(world, run))
    assert "ask for more cores or lower max_nodes" in said(world, run)
    control(world, "quotas", cores=None)
    evaluate(world)
    ended_well(world, run)


def evaluate(world: World) -> None:
    """Let the pool's formula be evaluated now; by itself it is every five minutes."""
    formula = world.batch.get_pool(POOL).auto_scale_formula
    world.batch.enable_pool_auto_scale(POOL, BatchPoolEnableAutoScaleOptions(auto_scale_formula=formula))
