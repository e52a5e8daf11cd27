"""The request for a pool."""

from __future__ import annotations

from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy
from sensor_scoring.azure_batch.pool.spec import PoolSpec


def test_a_pool_of_ours_scales_by_formula_and_fills_nodes() -> None:
    """The request has its formula, the shortest interval, and packs tasks onto nodes."""
    spec = PoolSpec(
        pool_id="p",
        vm_size="standard_d2s_v5",
        policy=AutoscalePolicy(max_nodes=3, slots_per_node=4),
        image="r.azurecr.io/s:1",
        registry_server="r.azurecr.io",
        identity="/subscriptions/s",
    )
    body = spec.request("formula")
    assert (body["enableAutoScale"], body["autoScaleFormula"]) == (True, "formula")
    assert body["autoScaleEvaluationInterval"] == "PT5M"
    assert body["taskSlotsPerNode"] == 4
    assert body["metadata"] == [{"name": "made-by", "value": "sensor-scoring"}]
    containers = body["virtualMachineConfiguration"]["containerConfiguration"]
    assert containers["containerImageNames"] == ["r.azurecr.io/s:1"]
    assert containers["containerRegistries"][0]["identityReference"] == {"resourceId": "/subscriptions/s"}
