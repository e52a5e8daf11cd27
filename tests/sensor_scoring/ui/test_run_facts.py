"""Facts on the page of a run, from its summary."""

from __future__ import annotations

import pytest

from scoring_contract.hour import RunHour
from sensor_scoring.azure_batch.pool.usage import PoolUse
from sensor_scoring.hourly.outcome.summary import Summary
from sensor_scoring.ui.run_facts import facts_of_run

ONE_KIND = PoolUse(pool_id="pool", nodes=1, node_hours=0.254)
BOTH_KINDS = PoolUse(pool_id="pool", nodes=3, node_hours=0.5, spot_node_hours=1.25, cost=0.318)


@pytest.mark.parametrize(
    ("use", "shown"),
    [
        pytest.param(None, "", id="unknown"),
        pytest.param(PoolUse(pool_id="pool"), "", id="none"),
        pytest.param(ONE_KIND, "0.25 dedicated on 1 node", id="no-price"),
        pytest.param(BOTH_KINDS, "0.50 dedicated, 1.25 Spot on 3 nodes, cost 0.32", id="priced"),
    ],
)
def test_a_run_shows_what_it_used_of_the_pool(use: PoolUse | None, shown: str) -> None:
    """Node-hours of each kind, and their cost if somebody has set a price."""
    summary = Summary(hour=RunHour.parse("2018-08-29T02"), run="run", dag_run_id="x", sensors=(), pool=use)
    assert dict(facts_of_run(summary))["Node-hours"] == shown
