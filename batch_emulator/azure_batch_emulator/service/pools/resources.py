"""Pools as resources of Azure Resource Manager: what they should be, put into effect whole or not at all.

They are the pools of the data plane. A resource says more in one request: properties, size, identities, tags.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import duration, parse_duration
from azure_batch_emulator.service.pools.rules import check_not_deleting, check_steady

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.pools.autoscaling import Autoscaling
    from azure_batch_emulator.service.pools.pools import Pools

_KEPT_IF_ABSENT = frozenset({"taskSlotsPerNode", "maxTasksPerNode"})


@dataclass(frozen=True, slots=True)
class PoolResource:
    """What a request says about a pool, in the words of the data plane."""

    properties: Mapping[str, Any] = field(default_factory=dict)
    """Those of a pool that are neither its id nor its size; None for one that goes."""
    scale: Mapping[str, Any] | None = None
    """Of a resize, or of autoscale if it has ``autoScaleFormula``; None if nothing is said."""
    identities: tuple[str, ...] | None = None
    tags: Mapping[str, str] | None = None


class PoolResources:
    """Makes and changes pools as resources."""

    def __init__(self, core: EngineCore, pools: Pools, autoscaling: Autoscaling) -> None:
        self._core = core
        self._pools = pools
        self._autoscaling = autoscaling

    def create(self, pool_id: str, wanted: PoolResource) -> Pool:
        """Make a pool.

        :raises ApiError: as for the data plane's operation
        """
        given = {name: value for name, value in wanted.properties.items() if value is not None}
        pool = self._pools.create({**given, **_first_scale(wanted.scale or {}), "id": pool_id})
        self._describe(pool, wanted)
        return pool

    def replace(self, pool: Pool, wanted: PoolResource) -> None:
        """Bring a pool to what is wanted; a property that is not mentioned goes. Its size stays unless given.

        :raises ApiError: if any of it cannot be; the pool is as it was then
        """
        mentioned = wanted.properties.keys() | _KEPT_IF_ABSENT
        gone: dict[str, Any] = dict.fromkeys(name for name in pool.spec if name not in mentioned)
        self.update(
            pool,
            PoolResource(
                {**gone, **wanted.properties}, wanted.scale, wanted.identities or (), wanted.tags or {}
            ),
        )

    def update(self, pool: Pool, wanted: PoolResource) -> None:
        """Change what is mentioned of a pool.

        :raises ApiError: if any of it cannot be; the pool is as it was then
        """
        check_not_deleting(pool)
        present = {**pool.spec, "taskSlotsPerNode": pool.slots_per_node}
        changes = {name: value for name, value in wanted.properties.items() if present.get(name) != value}
        self._pools.check_patch(pool, changes)
        scale = self._scaling(pool, wanted.scale)
        self._pools.patch(pool, changes)
        self._describe(pool, wanted)
        if scale is not None:
            scale()

    def _describe(self, pool: Pool, wanted: PoolResource) -> None:
        if wanted.identities is not None:
            pool.identities = wanted.identities
        if wanted.tags is not None:
            pool.tags = dict(wanted.tags)
        self._core.account.changes.note(pool)

    def _scaling(self, pool: Pool, scale: Mapping[str, Any] | None) -> Callable[[], None] | None:
        """Check a change of size, and return how to make it; None if the pool has it already."""
        if not scale or _has(pool, scale):
            return None
        if "autoScaleFormula" in scale:
            self._autoscaling.check_enable(pool, scale)
            return partial(self._autoscaling.enable, pool, scale)
        check_steady(pool)
        self._pools.resize_timeout(scale.get("resizeTimeout"))
        return partial(self._resize, pool, scale)

    def _resize(self, pool: Pool, scale: Mapping[str, Any]) -> None:
        if pool.auto_scale is not None:
            self._autoscaling.disable(pool)
        self._pools.resize(pool, scale)


def _first_scale(scale: Mapping[str, Any]) -> dict[str, Any]:
    """Write the size of a new pool; how nodes leave means nothing to it."""
    first = {name: value for name, value in scale.items() if name != "nodeDeallocationOption"}
    return {"enableAutoScale": True, **first} if "autoScaleFormula" in scale else first


def _has(pool: Pool, scale: Mapping[str, Any]) -> bool:
    """Tell whether a pool scales, or is of a size, as asked for; a repeated request then disturbs nothing."""
    if "autoScaleFormula" in scale:
        interval = scale.get("autoScaleEvaluationInterval")
        return (
            pool.auto_scale is not None
            and pool.auto_scale.text == scale["autoScaleFormula"]
            and interval in {None, duration(pool.auto_scale.interval)}
        )
    if pool.auto_scale is not None:
        return False
    for dedicated, name in ((True, "targetDedicatedNodes"), (False, "targetLowPriorityNodes")):
        target = pool.targets.of(dedicated=dedicated)
        if scale.get(name, target) != target or len(pool.staying(dedicated=dedicated)) != target:
            return False
    timeout = scale.get("resizeTimeout")
    return timeout is None or parse_duration(timeout) == pool.resize_timeout
