"""The autoscale formulas of a pool that ``infra`` creates, as the product itself would set them."""

from __future__ import annotations

import json

from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy

_PLACES = {"{maxNodes}": 111_111, "{slotsPerNode}": 222_222, "{dedicatedNodes}": 333_333}
"""Numbers that stand in a formula for nothing else."""


def pool_formulas() -> str:
    """Return a JSON object: the formula of a pool of dedicated nodes, and of one with Spot nodes."""
    policies = {
        "dedicated": AutoscalePolicy(_PLACES["{maxNodes}"], _PLACES["{slotsPerNode}"]),
        "spot": AutoscalePolicy(
            _PLACES["{maxNodes}"],
            _PLACES["{slotsPerNode}"],
            spot=True,
            dedicated_nodes=_PLACES["{dedicatedNodes}"],
        ),
    }
    formulas = {name: _with_places(policy.formula()) for name, policy in policies.items()}
    return json.dumps(formulas, indent=2) + "\n"


def _with_places(formula: str) -> str:
    for place, number in _PLACES.items():
        formula = formula.replace(str(number), place)
    return formula
