"""Operations on pools."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import later, parse_duration
from azure_batch_emulator.records.nodes import SlotIndex
from azure_batch_emulator.records.pools import Pool, ResizeError, Targets, cores
from azure_batch_emulator.records.states import AllocationState, PoolState
from azure_batch_emulator.service.attempts import mounts, packages, resource_files
from azure_batch_emulator.service.pools.rules import check_not_deleting, check_steady

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.events import PoolEmptied
    from azure_batch_emulator.service.lookup import Lookup
    from azure_batch_emulator.service.pools.allocation import Allocation
    from azure_batch_emulator.service.pools.autoscaling import Autoscaling
    from azure_batch_emulator.settings import Settings

DEFAULT_RESIZE_TIMEOUT = timedelta(minutes=15)
SHORTEST_RESIZE_TIMEOUT = timedelta(minutes=5)
MOST_SLOTS = 256
SLOTS_PER_CORE = 4
MOST_NODES_PER_REMOVAL = 100
ONLY_WHEN_EMPTY = ("vmSize", "virtualMachineConfiguration", "mountConfiguration", "taskSchedulingPolicy")
_NAMES_OF_SLOTS = ("taskSlotsPerNode", "maxTasksPerNode")
"""The second is what the service called it before 2020-09-01."""
_NOT_IN_SPEC = frozenset(
    {
        "id",
        "targetDedicatedNodes",
        "targetLowPriorityNodes",
        "resizeTimeout",
        "enableAutoScale",
        "autoScaleFormula",
        "autoScaleEvaluationInterval",
        "taskSlotsPerNode",
    }
)


class Pools:
    """Pools come, change and go."""

    def __init__(
        self, core: EngineCore, lookup: Lookup, allocation: Allocation, autoscaling: Autoscaling
    ) -> None:
        self._core = core
        self._lookup = lookup
        self._allocation = allocation
        self._autoscaling = autoscaling

    def create(self, body: Mapping[str, Any]) -> Pool:
        """Make a pool and begin to bring it to its size.

        :raises ApiError: if the id is taken, the quota is reached, or the sizes or the formula are wrong
        """
        core = self._core
        self._check_free(str(body["id"]))
        _check_parts(self._core.settings, body)
        slots = _slots(_wanted_slots(body), str(body["vmSize"]))
        timeout = self.resize_timeout(body.get("resizeTimeout"))
        auto_scale = self._auto_scale(body)
        pool = Pool(
            id=body["id"],
            number=core.next_number(),
            spec={name: value for name, value in body.items() if name not in _NOT_IN_SPEC},
            slots_per_node=slots,
            created=core.now,
            modified=core.now,
            etag=core.next_etag(),
            state_since=core.now,
            allocation_since=core.now,
            auto_scale=auto_scale,
            resize_timeout=None if auto_scale else timeout,
            slot_index=SlotIndex(core.account.changes),
        )
        core.account.pools[pool.key] = pool
        core.account.changes.note(pool)
        self._autoscaling.watch(pool)
        if auto_scale is None:
            self._first_size(pool, body, timeout)
        return pool

    def patch(self, pool: Pool, body: Mapping[str, Any]) -> None:
        """Change some properties of a pool.

        :raises ApiError: if one may change only while the pool has no nodes
        """
        pool.slots_per_node = self.check_patch(pool, body)
        changes = {name: value for name, value in body.items() if name != "taskSlotsPerNode"}
        spec = {**pool.spec, **changes}
        pool.spec = {name: value for name, value in spec.items() if value is not None}
        self._core.touch(pool)

    def check_patch(self, pool: Pool, body: Mapping[str, Any]) -> int:
        """Hold a change of some properties against the rules; None stands for one that goes.

        :return: slots per node after the change
        :raises ApiError: if one may change only while the pool has no nodes
        """
        check_not_deleting(pool)
        _check_parts(self._core.settings, body)
        frozen = [name for name in (*ONLY_WHEN_EMPTY, *_NAMES_OF_SLOTS) if name in body]
        if frozen and pool.nodes:
            reason = "it can be changed only while the pool has no nodes"
            raise ApiError.conflict(
                "OperationNotValidOnPool", f"{frozen[0]}: {reason}.", PropertyName=frozen[0]
            )
        slots = _wanted_slots(body) or pool.slots_per_node
        return _slots(slots, str(body.get("vmSize", pool.spec["vmSize"])))

    def replace(self, pool: Pool, body: Mapping[str, Any]) -> None:
        """Replace start task, application packages and metadata, absent ones included."""
        check_not_deleting(pool)
        _check_parts(self._core.settings, body)
        kept = {
            name: value
            for name, value in pool.spec.items()
            if name not in {"startTask", "applicationPackageReferences", "metadata"}
        }
        pool.spec = {**kept, **body}
        self._core.touch(pool)

    def delete(self, pool: Pool) -> None:
        """Begin to remove a pool: its tasks are requeued, its nodes leave."""
        check_not_deleting(pool)
        pool.state, pool.state_since = PoolState.DELETING, self._core.now
        pool.auto_scale = None
        self._allocation.retarget(pool, Targets(), option="requeue")

    def drop(self, event: PoolEmptied) -> None:
        """Drop a pool whose last node has left, when it has been on its way out for long enough."""
        pool = event.pool
        gone = later(pool.state_since, self._core.settings.deletion)
        if gone > self._core.now:
            self._core.timers.at(gone, partial(self._allocation.finish, pool))
            return
        self._core.account.pools.pop(pool.key, None)
        self._core.account.changes.drop(pool)

    def resize(self, pool: Pool, body: Mapping[str, Any]) -> None:
        """Begin to bring a pool of fixed size to other targets.

        :raises ApiError: if it scales by itself, is being resized, or no target is given
        """
        check_not_deleting(pool)
        if pool.auto_scale is not None:
            message = "The pool scales automatically and cannot be resized by hand."
            raise ApiError.conflict("OperationNotValidOnPool", message, Reason="AutoScale is enabled")
        check_steady(pool)
        wanted = body.get("targetDedicatedNodes"), body.get("targetLowPriorityNodes")
        if wanted == (None, None):
            raise ApiError.bad_body(
                "at least one of targetDedicatedNodes and targetLowPriorityNodes is needed"
            )
        timeout = self.resize_timeout(body.get("resizeTimeout"))
        pool.resize_timeout = timeout
        targets = Targets(
            pool.targets.dedicated if wanted[0] is None else wanted[0],
            pool.targets.low_priority if wanted[1] is None else wanted[1],
        )
        option = str(body.get("nodeDeallocationOption") or "requeue")
        self._allocation.retarget(pool, targets, option=option, timeout=timeout)

    def stop_resize(self, pool: Pool) -> None:
        """Give up the present resize; nothing happens if there is none."""
        check_not_deleting(pool)
        if pool.allocation is AllocationState.RESIZING:
            error = ResizeError("ResizeStopped", "The resize operation was stopped by the user")
            self._allocation.halt(pool, error)

    def remove_nodes(self, pool: Pool, body: Mapping[str, Any]) -> None:
        """Let certain nodes go.

        :raises ApiError: if the pool is not steady, or a node is not its own
        """
        check_not_deleting(pool)
        check_steady(pool)
        ids: Sequence[str] = body["nodeList"]
        if not 1 <= len(ids) <= MOST_NODES_PER_REMOVAL:
            raise ApiError.bad_property(
                "nodeList", len(ids), f"1 to {MOST_NODES_PER_REMOVAL} nodes are allowed"
            )
        nodes = [self._lookup.node(pool.id, str(node_id))[1] for node_id in ids]
        timeout = self.resize_timeout(body.get("resizeTimeout"))
        option = str(body.get("nodeDeallocationOption") or "requeue")
        self._allocation.remove(pool, nodes, option=option, timeout=timeout)

    def _check_free(self, pool_id: str) -> None:
        present = self._core.account.pools.get(pool_id.lower())
        if present is not None:
            check_not_deleting(present)
            raise ApiError.conflict("PoolExists", "The specified pool already exists.")
        quota = self._core.settings.pool_quota
        if len(self._core.account.pools) >= quota:
            message = f"The account may hold {quota} pools."
            raise ApiError.conflict("PoolQuotaReached", message, Quota=str(quota))

    def _auto_scale(self, body: Mapping[str, Any]) -> Any:
        if not body.get("enableAutoScale"):
            for name in ("autoScaleFormula", "autoScaleEvaluationInterval"):
                if body.get(name) is not None:
                    raise ApiError.bad_property(name, body[name], "only allowed with enableAutoScale")
            return None
        for name in ("targetDedicatedNodes", "targetLowPriorityNodes"):
            if body.get(name) is not None:
                raise ApiError.bad_property(name, body[name], "not allowed with enableAutoScale")
        if body.get("autoScaleFormula") is None:
            raise ApiError.bad_property("autoScaleFormula", None, "needed with enableAutoScale")
        return self._autoscaling.prepare(
            text=body["autoScaleFormula"], interval=body.get("autoScaleEvaluationInterval"), previous=None
        )

    def _first_size(self, pool: Pool, body: Mapping[str, Any], timeout: timedelta) -> None:
        dedicated = int(body.get("targetDedicatedNodes") or 0)
        low_priority = int(body.get("targetLowPriorityNodes") or 0)
        if dedicated or low_priority:
            targets = Targets(dedicated, low_priority)
            self._allocation.retarget(pool, targets, option="requeue", timeout=timeout)

    def resize_timeout(self, text: str | None) -> timedelta:
        """Read after how long a resize is given up.

        :raises ApiError: if it is too short
        """
        timeout = DEFAULT_RESIZE_TIMEOUT if text is None else parse_duration(text)
        if timeout < SHORTEST_RESIZE_TIMEOUT and not self._core.settings.allow_short_intervals:
            raise ApiError.bad_property("resizeTimeout", text, "at least 5 minutes")
        return timeout


def _check_parts(settings: Settings, body: Mapping[str, Any]) -> None:
    mounts.check(body)
    packages.check(settings, body.get("applicationPackageReferences"))
    resource_files.check_files(body.get("startTask") or {})


def _wanted_slots(body: Mapping[str, Any]) -> int | None:
    return next((body[name] for name in _NAMES_OF_SLOTS if name in body), None)


def _slots(wanted: int | None, vm_size: str) -> int:
    limit = min(MOST_SLOTS, SLOTS_PER_CORE * cores(vm_size))
    slots = 1 if wanted is None else wanted
    if not 1 <= slots <= limit:
        raise ApiError.bad_property("taskSlotsPerNode", slots, f"1 to {limit} for the size {vm_size}")
    return slots
