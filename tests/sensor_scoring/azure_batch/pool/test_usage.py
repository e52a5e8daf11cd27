"""What a run used of its pool: the arithmetic, and observed through the real SDK."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract import json_message
from sensor_scoring.azure_batch.pool.usage import PoolUse, Prices, Sighting
from sensor_scoring.hourly.planning.capacity import pool_spec, prepare_pool, use_of
from sensor_scoring.setting_groups import AutoscaleSettings, PoolSettings
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from tests.sensor_scoring.conftest import Account

OPENED = datetime(2026, 3, 4, 10, 5, tzinfo=UTC)
NOW = OPENED + timedelta(minutes=10)
BASE = "scoring-20260304T09-0123456789"
POOL = {"id": "pool", "enableAutoScale": True, "targetLowPriorityNodes": 0}


def a_node(name: str, allocated: datetime, *, dedicated: bool = True) -> dict[str, Any]:
    """Describe a node."""
    return {"id": name, "allocationTime": allocated.isoformat(), "isDedicated": dedicated}


def a_task(node: str, start: datetime, minutes: float) -> dict[str, Any]:
    """Describe a Batch task that ran on a node."""
    end = start + timedelta(minutes=minutes)
    return {
        "nodeInfo": {"nodeId": node},
        "executionInfo": {"startTime": start.isoformat(), "endTime": end.isoformat()},
    }


def use(*nodes: dict[str, Any], tasks: tuple[dict[str, Any], ...] = (), **facts: Any) -> PoolUse:
    """Add up what was observed at the run's end."""
    prices = facts.pop("prices", Prices())
    defaults = {"pool": POOL, "opened": OPENED, "now": NOW}
    return Sighting(nodes=nodes, tasks=tasks, **{**defaults, **facts}).use(policy="run-aware", prices=prices)


def test_booting_and_the_tail_are_used_too() -> None:
    """A node counts from its allocation until the first evaluation that can release it."""
    used = use(a_node("n", OPENED + timedelta(minutes=1)), tail=timedelta(minutes=5))
    assert (used.nodes, used.node_hours) == (1, round(14 / 60, 4))


def test_nodes_that_were_there_before_count_from_the_runs_first_job() -> None:
    """A pool's earlier work is not charged to this run."""
    assert use(a_node("n", OPENED - timedelta(hours=9))).node_hours == round(10 / 60, 4)


def test_nodes_that_have_gone_count_while_they_worked() -> None:
    """A node removed in between counts from its first task to the end of its last."""
    tasks = (
        a_task("gone", OPENED, 2),
        a_task("gone", OPENED + timedelta(minutes=4), 2),
        a_task("n", OPENED, 9),
    )
    spot = {**POOL, "targetLowPriorityNodes": 2}
    used = use(a_node("n", OPENED, dedicated=False), tasks=tasks, pool=spot)
    assert (used.nodes, used.node_hours, used.spot_node_hours) == (2, 0, round(16 / 60, 4))


def test_runs_share_what_they_use_together() -> None:
    """Two runs on one pool pay half each."""
    assert use(a_node("n", OPENED), shared_by=2).node_hours == round(5 / 60, 4)


def test_cost_needs_prices() -> None:
    """Without a price there is no cost; each kind of node has its own."""
    nodes = (a_node("d", OPENED), a_node("s", OPENED, dedicated=False))
    assert use(*nodes).cost is None
    assert use(*nodes, prices=Prices(0.6, 0.12)).cost == pytest.approx(0.12)


def test_a_run_without_a_job_used_nothing() -> None:
    """Existing nodes belong to others."""
    assert use(a_node("n", OPENED), opened=None).node_hours == 0


def test_use_is_what_it_was_after_a_round_trip() -> None:
    """The summary stores it as JSON."""
    used = use(a_node("n", OPENED), prices=Prices(1.0))
    node = json_message.parse("summary", json_message.render({"pool": used.to_json()}))["pool"]
    assert PoolUse.from_json(node) == used


def test_use_of_a_real_run_is_seen_with_its_last_evaluation(account: Account) -> None:
    """Two nodes for ten minutes plus the next interval, by the service's clock, with the floor."""
    settings = Settings(
        pool=PoolSettings(pool_id="pool", slots_per_node=4), autoscale=AutoscaleSettings(node_hour_price=0.5)
    )
    prepare_pool(account.hook, pool_spec(settings), settings, batch_tasks=8)
    account.job(f"{BASE}-g2")
    account.advance(minutes=10)
    used = use_of(account.hook, settings, base=BASE)
    assert used is not None
    assert (used.policy, used.announced, used.nodes, used.node_hours) == ("run-aware", 2, 2, 0.5)
    assert used.cost == 0.25
    assert used.evaluation.startswith("$TargetDedicatedNodes=2;")
    assert used.evaluated_at == "2026-03-04T10:10:00.0000000Z"


def test_what_a_run_used_is_no_reason_to_fail(account: Account) -> None:
    """If the pool is gone, the summary just leaves it out."""
    assert use_of(account.hook, Settings(pool=PoolSettings(pool_id="none")), base=BASE) is None
