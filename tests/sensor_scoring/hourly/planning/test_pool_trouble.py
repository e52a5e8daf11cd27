"""Pool trouble end to end: the service fails, and one poll later a waiting sensor's log says why.

The service is the emulator, which fails on request; the client is the real SDK behind the shared poll.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from azure.batch.models import BatchPoolResizeOptions

from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy, Floor
from sensor_scoring.azure_batch.pool.spec import PoolSpec
from sensor_scoring.azure_batch.task import BatchTaskTemplate, Grants, Names
from sensor_scoring.azure_batch.trigger import BatchTaskTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sensor_scoring.conftest import Account

JOB, POOL = "scoring-20180829T02-0123456789-g2", "pool"
SPEC = PoolSpec(
    pool_id=POOL,
    vm_size="standard_d2s_v5",
    policy=AutoscalePolicy(max_nodes=5, slots_per_node=4),
    image="sensor-scoring:latest",
)

pytestmark = pytest.mark.behaviour("pool-trouble")


def said_at_once(account: Account) -> str:
    """Return what a waiting sensor logs at the first poll of the job."""
    trigger = BatchTaskTrigger(
        job_id=JOB,
        batch_task_id="waiting",
        azure_batch_conn_id=account.hook.conn_id,
        poll_seconds=60.0,
        deferred_at=0.0,
    )

    async def first() -> str:
        async with aclosing(trigger.poller().ticks()) as ticks:
            return "; ".join((await anext(ticks)).troubles)

    return asyncio.run(first())


def waits(account: Account, *, image: str = "") -> None:
    """Add a Batch task that waits in an active job."""
    account.job()
    template = BatchTaskTemplate(command=["/bin/true"], image=image)
    account.hook.add_task(JOB, template.request(Names("1_4", JOB, "waiting"), Grants()))


def announced(account: Account, nodes: int) -> Floor:
    """Announce load for the next ten minutes."""
    return Floor(nodes, account.hook.pools.service_time() + timedelta(minutes=10))


def test_a_pool_that_nobody_has_made(account: Account) -> None:
    """The service accepts a job for it without a word, and its tasks would wait forever."""
    waits(account)
    assert "there is no pool pool; make it" in said_at_once(account)


def test_an_allocation_that_fails(account: Account) -> None:
    """The log has the service's code and words, and what to do."""
    account.hook.pools.ensure(SPEC)
    account.emulator.faults.fail_allocations(POOL, code="AllocationFailed", message="no such machines left")
    account.hook.pools.ensure(SPEC, floor=announced(account, 2))
    waits(account, image=SPEC.image)
    sentence = said_at_once(account)
    assert "AllocationFailed: no such machines left" in sentence
    assert "; " in sentence


def test_a_quota_of_cores(account: Account) -> None:
    """Only a person can request more cores."""
    account.emulator.quotas.change(cores=0)
    account.hook.pools.ensure(SPEC, floor=announced(account, 2))
    waits(account, image=SPEC.image)
    assert "AccountCoreQuotaReached" in said_at_once(account)


def test_a_formula_that_fails(account: Account) -> None:
    """The pool keeps its size until somebody enables autoscale again."""
    account.hook.pools.ensure(SPEC)
    account.emulator.faults.fail_evaluations(POOL, code="InsufficientSampleData", times=None)
    account.advance(minutes=6)
    waits(account, image=SPEC.image)
    sentence = said_at_once(account)
    assert "its autoscale formula fails (InsufficientSampleData" in sentence
    assert "enable autoscale again" in sentence


def test_an_unusable_node(account_with: Callable[..., Account]) -> None:
    """It is named with its error, because it costs money until it is removed."""
    account = account_with(boot=timedelta(minutes=1))
    account.pool(nodes=1)
    account.advance(minutes=1)
    (node,) = account.client.list_nodes(POOL)
    account.emulator.node_faults.break_node(POOL, node.id, code="DiskFull", message="no space left")
    waits(account)
    sentence = said_at_once(account)
    assert f"node {node.id} is unusable (DiskFull: no space left)" in sentence
    assert "remove it" in sentence


def test_a_pool_at_zero_nodes(account: Account) -> None:
    """Nothing is wrong: the log says that the formula is evaluated every five minutes."""
    account.hook.pools.ensure(SPEC)
    waits(account, image=SPEC.image)
    assert "it is evaluated every PT5M" in said_at_once(account)


def test_nodes_that_are_on_their_way(account_with: Callable[..., Account]) -> None:
    """People who wait read that nodes are coming."""
    account = account_with(boot=timedelta(minutes=4))
    account.hook.pools.ensure(SPEC, floor=announced(account, 3))
    waits(account, image=SPEC.image)
    assert "has no node yet; 3 are being started" in said_at_once(account)


def test_a_fixed_pool_without_nodes(account: Account) -> None:
    """Only a person will resize it."""
    account.pool(nodes=1)
    account.client.begin_resize_pool(POOL, BatchPoolResizeOptions(target_dedicated_nodes=0))
    account.advance(minutes=1)
    waits(account)
    assert "fixed size of 0; resize it" in said_at_once(account)
