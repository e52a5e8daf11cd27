"""User-assigned identities of a pool's nodes, as the service describes them. Values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor_scoring.setting_values.resource_ids import is_same

if TYPE_CHECKING:
    from collections.abc import Mapping


def identities_of(pool: Mapping[str, Any]) -> list[str]:
    """Return the resource ids of the identities that a pool's nodes have.

    :param pool: the pool as the service describes it
    """
    entries = (pool.get("identity") or {}).get("userAssignedIdentities") or ()
    return [str(entry["resourceId"]) for entry in entries]


def identity_troubles(pool: Mapping[str, Any], identity: str) -> list[str]:
    """Say that the nodes of a pool lack an identity; nothing if none is wanted.

    :param pool: the pool as the service describes it
    :param identity: resource id of the identity
    """
    if not identity or any(is_same(identity, own) for own in identities_of(pool)):
        return []
    said = (
        f"the nodes of pool {pool['id']} do not have the identity {identity}, so that Batch tasks cannot "
        "sign in with it: delete the pool, and the next run makes it anew, or choose a new pool's id"
    )
    return [said]
