"""Every sentence the runbook quotes is real: each situation is provoked, and its message looked up."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy, Floor
from sensor_scoring.azure_batch.pool.spec import PoolSpec
from sensor_scoring.azure_batch.task_state import BatchTaskOutcome
from sensor_scoring.errors import QuotaReached

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sensor_scoring.conftest import Account

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
SPEC = PoolSpec(
    pool_id="pool",
    vm_size="standard_d2s_v5",
    policy=AutoscalePolicy(max_nodes=5, slots_per_node=4),
    image="sensor-scoring:latest",
)
BASE = "scoring-20180829T02-0123456789"


def with_nodes(account: Account, nodes: int = 1) -> None:
    """Create the pool with nodes."""
    floor = Floor(nodes, account.hook.pools.service_time() + timedelta(hours=1))
    account.hook.pools.ensure(SPEC, floor=floor)
    account.advance(seconds=0)


def troubles(account: Account) -> str:
    """Return the reported pool trouble."""
    return "\n".join(account.hook.pools.troubles("pool", is_waited_for=True))


def core_quota(account: Account) -> str:
    """Exhaust the account's core quota."""
    account.emulator.quotas.change(cores=2)
    with_nodes(account, 3)
    return troubles(account)


def no_machines(account: Account) -> str:
    """Leave the region without machines."""
    account.emulator.faults.fail_allocations("pool", times=None)
    with_nodes(account)
    return troubles(account)


def job_quota(account: Account) -> str:
    """Exhaust the account's job quota."""
    account.emulator.quotas.change(active_jobs=0)
    with pytest.raises(QuotaReached) as caught:
        account.hook.jobs.open(BASE, generation=2, pool_id="pool")
    # What follows the code is the service's, and the emulator's words for it are its own.
    return str(caught.value)[: str(caught.value).index("QuotaReached") + len("QuotaReached")]


def unusable_node(account: Account) -> str:
    """Break a node."""
    with_nodes(account)
    (node,) = account.client.list_nodes("pool")
    account.emulator.node_faults.break_node(
        "pool", node.id, code="DiskFull", message="No space left on device"
    )
    return troubles(account)


def evaluation_error(account: Account) -> str:
    """Set a formula that does not evaluate."""
    with_nodes(account)
    account.advance(minutes=1)
    formula = "$TargetDedicatedNodes = avg($CPUPercent.GetSample(TimeInterval_Hour, 70));"
    account.client.enable_pool_auto_scale("pool", {"autoScaleFormula": formula})
    return troubles(account)


def image_missing_on_nodes(account: Account) -> str:
    """Make nodes fail to pull their image."""
    account.emulator.faults.fail_pulls("sensor-scoring:latest", by="node")
    with_nodes(account)
    return troubles(account)


def image_missing_for_a_task(account: Account) -> str:
    """Make a task fail to pull its image."""
    account.emulator.faults.fail_pulls("sensor-scoring:latest")
    with_nodes(account)
    account.job()
    settings = {"imageName": "sensor-scoring:latest"}
    order = {"id": "task", "commandLine": "/bin/true", "containerSettings": settings}
    account.client.create_task(f"{BASE}-g2", order)
    account.ended("task")
    return BatchTaskOutcome.of(account.client.get_task(f"{BASE}-g2", "task")).describe()


def stuck_node(account: Account) -> str:
    """Make a start task hang."""
    account.pool(startTask={"commandLine": "sleep 3600"})
    account.advance(minutes=31)
    return troubles(account)


SITUATIONS: list[Callable[[Account], str]] = [
    core_quota,
    no_machines,
    job_quota,
    unusable_node,
    evaluation_error,
    image_missing_on_nodes,
    image_missing_for_a_task,
    stuck_node,
]


@pytest.mark.behaviour("pool-trouble")
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_the_runbook_quotes_what_is_said(account: Account, situation: Callable[[Account], str]) -> None:
    """Word for word, except for names of pools, nodes and connections."""
    said = situation(account)
    quoted = re.sub(r"\s+(> )?", " ", RUNBOOK.read_text(encoding="utf-8"))
    plain = re.sub(r"tvmps_[0-9a-f]+_[dp]", "tvmps_1a2b_d", said)
    assert said
    assert plain in quoted, plain
