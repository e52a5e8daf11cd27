"""The image of a pool's nodes, and the end of its support."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.clock import ManualClock
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.setting_groups import PoolSettings
from sensor_scoring.setting_values.node_image import UBUNTU_24_04, NodeImage, support_troubles
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sensor_scoring.conftest import Account

OLD = NodeImage("microsoft-dsvm", "ubuntu-hpc", "2204", "batch.node.ubuntu 22.04")


def listed(image: NodeImage, end: str | None) -> dict[str, Any]:
    """Return an entry of the service's list."""
    return {**image.request(), "batchSupportEndOfLife": end}


def a_pool(**machine: Any) -> dict[str, Any]:
    """Return a pool as the service describes it."""
    return {"id": "pool", "virtualMachineConfiguration": OLD.request() | machine}


@pytest.mark.parametrize(
    ("now", "said"),
    [("2026-12-28", ""), ("2026-12-30", "ends on 2027-06-30"), ("2027-07-01", "ended on 2027-06-30")],
)
def test_the_end_of_support_is_told_of_half_a_year_before(now, said) -> None:
    """By the service's own date."""
    supported = [listed(UBUNTU_24_04, None), listed(OLD, "2027-06-30T00:00:00Z")]
    found = support_troubles(a_pool(), supported, now=datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert [said in sentence for sentence in found] == ([True] if said else [])


@pytest.mark.parametrize(
    ("pool", "supported"),
    [
        pytest.param(a_pool(), [listed(OLD, None)], id="no-end-known"),
        pytest.param(a_pool(), [], id="not-listed"),
        pytest.param(a_pool(), [listed(UBUNTU_24_04, "2020-01-01T00:00:00Z")], id="another-image"),
        pytest.param({"id": "pool"}, [listed(OLD, "2020-01-01T00:00:00Z")], id="no-machine-known"),
    ],
)
def test_nothing_is_told_of_an_image_whose_end_is_not_known(pool, supported) -> None:
    """The service's list is incomplete."""
    assert support_troubles(pool, supported, now=datetime(2030, 1, 1, tzinfo=UTC)) == []


def test_an_image_of_ones_own_ends_with_its_node_agent() -> None:
    """The list has no custom image, but it has the node agent on it."""
    own = a_pool(imageReference={"virtualMachineImageId": "/subscriptions/s/images/ours"})
    (said,) = support_troubles(own, [listed(OLD, "2027-06-30")], now=datetime(2027, 6, 1, tzinfo=UTC))
    assert "batch.node.ubuntu 22.04" in said


def test_settings_choose_the_image_and_the_service_says_when_it_ends(
    account_with: Callable[..., Account],
) -> None:
    """Ubuntu 24.04 by default; a run on 22.04 warns in time."""
    account = account_with(clock=ManualClock(datetime(2027, 2, 1, tzinfo=UTC)))
    new = pool_spec(Settings(pool=PoolSettings(pool_id="new")))
    old = pool_spec(
        Settings(pool=PoolSettings(pool_id="old", node_image_sku="2204", node_agent_sku=OLD.agent))
    )
    assert account.hook.pools.ensure(new) == []
    (said,) = account.hook.pools.ensure(old)
    assert said.startswith(
        "pool old: Azure Batch's support of its node image (batch.node.ubuntu 22.04) ends on"
    )
    machine = account.client.get_pool("new")["virtualMachineConfiguration"]
    assert machine["nodeAgentSKUId"] == "batch.node.ubuntu 24.04"
    assert machine["imageReference"]["sku"] == "2404"
