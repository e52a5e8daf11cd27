"""Some sizes of virtual machines that a pool can be made of; the emulator takes every other name too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_FAMILIES: Sequence[tuple[str, str, int, tuple[int, ...]]] = (
    ("Standard_D{}s_v3", "standardDSv3Family", 4, (2, 4, 8, 16, 32, 48, 64)),
    ("Standard_D{}s_v5", "standardDSv5Family", 4, (2, 4, 8, 16, 32, 48, 64, 96)),
    ("Standard_E{}s_v5", "standardESv5Family", 8, (2, 4, 8, 16, 20, 32, 48, 64)),
    ("Standard_F{}s_v2", "standardFSv2Family", 2, (2, 4, 8, 16, 32, 48, 64, 72)),
)
"""Name, family, GiB per vCPU and vCPUs: https://learn.microsoft.com/azure/virtual-machines/sizes/overview."""


def sizes() -> list[dict[str, Any]]:
    """List sizes as ``virtualMachineSkus`` does."""
    return [
        {
            "name": name.format(cores),
            "familyName": family,
            "capabilities": [
                {"name": "vCPUs", "value": str(cores)},
                {"name": "MemoryGB", "value": str(cores * gibibytes)},
                {"name": "LowPriorityCapable", "value": "True"},
            ],
        }
        for name, family, gibibytes, counts in _FAMILIES
        for cores in counts
    ]
