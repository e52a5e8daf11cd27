"""Sizes of nodes by their names."""

from __future__ import annotations

import pytest

from sensor_scoring.preflight.node_size import NodeSize


@pytest.mark.parametrize(
    ("name", "family", "cores"),
    [
        ("Standard_D2s_v5", "standardDSv5Family", 2),
        ("standard_d4_v3", "standardDv3Family", 4),
        ("Standard_E16-4ads_v5", "standardEADSv5Family", 16),
        ("Standard_NC6s_v3", "standardNCSv3Family", 6),
        ("Standard_A1", "standardAFamily", 1),
    ],
)
def test_a_name_tells_family_and_cores(name: str, family: str, cores: int) -> None:
    """By Azure's convention; the quota counts all cores of a size that has some of them only."""
    size = NodeSize.named(name)
    assert size is not None
    assert (size.family, size.cores) == (family.lower(), cores)


@pytest.mark.parametrize("name", ["extralarge", "standard", "Standard_ND96_MI300X_v5"])
def test_another_name_tells_nothing(name: str) -> None:
    """Nothing is guessed from it."""
    assert NodeSize.named(name) is None
