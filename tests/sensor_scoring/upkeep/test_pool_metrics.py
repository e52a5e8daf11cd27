"""The metrics of the pool, asked of the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor_scoring.setting_groups import PoolSettings
from sensor_scoring.settings import Settings
from sensor_scoring.telemetry.metrics import METRICS
from sensor_scoring.upkeep.pool_metrics import points_of

if TYPE_CHECKING:
    from tests.sensor_scoring.conftest import Account

JOB = "scoring-20180829T02-0123456789-g2"
SETTINGS = Settings(pool=PoolSettings(pool_id="pool"))


def values(account: Account) -> dict[str, float]:
    """Return the values of the pool's metrics."""
    points = points_of(account.hook.onlooker, SETTINGS)
    assert {point.metric for point in points} == {metric for metric in METRICS if not metric.of_run}
    return {point.flat_name.removeprefix("sensor_scoring.pool."): point.value for point in points}


def test_nodes_and_waiting_tasks_are_counted(account: Account) -> None:
    """Of one node with one slot that runs a task, while two of ours and another's wait."""
    account.pool(slots=1)
    account.job()
    account.job("somebody-elses")
    account.add("first", "sleep 60")
    account.running("first")
    for name in ("second", "third"):
        account.add(name, "true")
    account.add("theirs", "true", job="somebody-elses")
    found = values(account)
    assert {name: value for name, value in found.items() if value} == {
        "nodes.running": 1,
        "target_nodes.dedicated": 1,
        "queue": 2,
        "running": 1,
    }
    assert found["nodes.idle"] == found["nodes.unusable"] == found["target_nodes.spot"] == 0
    account.hook.terminate_task(JOB, "first")


def test_a_pool_that_is_not_there_has_no_node(account: Account) -> None:
    """And so says a chart, instead of what there was before."""
    found = values(account)
    assert set(found.values()) == {0}
    assert found["nodes.idle"] == 0


@pytest.mark.parametrize("state", ["idle", "starting", "leavingpool", "preempted"])
def test_every_state_of_the_service_has_a_value(account: Account, state: str) -> None:
    """Also if no node is in it."""
    account.pool(nodes=2)
    assert values(account)[f"nodes.{state}"] == (2 if state == "idle" else 0)
