"""A size of nodes: how many cores it has, and whose quota they count against. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"standard_([a-z]+)(\d+)(?:-\d+)?([a-z]*)(?:_(v\d+))?")
"""https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions"""


@dataclass(frozen=True, slots=True)
class NodeSize:
    """A size of nodes.

    :param shown: its name for people
    :param family: of VM sizes, in small letters; some accounts have a quota for each
    """

    shown: str
    family: str
    cores: int

    @classmethod
    def of(cls, size: Mapping[str, Any]) -> Self:
        """Read a size as Azure Resource Manager describes it."""
        values = {str(entry["name"]): str(entry["value"]) for entry in size.get("capabilities") or ()}
        return cls(str(size["name"]), str(size.get("familyName") or "").lower(), int(values["vCPUs"]))

    @classmethod
    def named(cls, name: str) -> Self | None:
        """Read a size from its name; None if it is not named by Azure's convention."""
        found = _NAME.fullmatch(name.lower())
        if found is None:
            return None
        letters, cores, features, version = found.groups(default="")
        family = f"standard{letters}{features}{version}family"
        return cls(f"{name} ({cores} vCPUs, by its name)", family, int(cores))


def core_quotas(account: Mapping[str, Any], size: NodeSize) -> dict[str, int | None]:
    """Return the quota of dedicated cores and of Spot ones; None where the service tells none.

    :param account: properties of the Batch account
    """
    dedicated = [account.get("dedicatedCoreQuota")]
    families = family_quotas(account)
    if families is not None:
        dedicated.append(families.get(size.family, 0))
    told = [int(quota) for quota in dedicated if quota is not None]
    low = account.get("lowPriorityCoreQuota")
    return {"dedicated": min(told, default=None), "Spot": None if low is None else int(low)}


def family_quotas(account: Mapping[str, Any]) -> dict[str, int] | None:
    """Return the quota of each family's cores, where families count; those that are not listed have none."""
    if not account.get("dedicatedCoreQuotaPerVMFamilyEnforced"):
        return None
    listed = account.get("dedicatedCoreQuotaPerVMFamily") or ()
    return {str(entry["name"]).lower(): int(entry["coreQuota"]) for entry in listed}
