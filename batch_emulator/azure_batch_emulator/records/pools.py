"""One pool: its nodes, its targets, its autoscale settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.records.changes import DERIVED
from azure_batch_emulator.records.nodes import Node, SlotIndex
from azure_batch_emulator.records.states import ALLOCATION_MOVES, AllocationState, PoolState, next_state

if TYPE_CHECKING:
    from datetime import datetime

    from azure_batch_emulator.autoscale import Formula
    from azure_batch_emulator.records.samples import Samples

MOST_NODES = 10_000
"""Of a pool: the quota of real accounts is below it, and a machine can bear it."""
MOST_NODES_IN_REACH = 100
"""Of a pool whose nodes are to reach each other, as the service's limits say."""
_CORES = re.compile(r"^(?:standard|basic)_[a-z]+(\d+)", re.IGNORECASE)


def cores(vm_size: str) -> int:
    """Read the cores off a size's name (``standard_d4s_v3`` has 4); 1 if it does not say."""
    found = _CORES.match(vm_size)
    return int(found.group(1)) if found else 1


@dataclass(frozen=True, slots=True)
class Targets:
    """How many nodes of either kind a pool should have."""

    dedicated: int = 0
    low_priority: int = 0

    def of(self, *, dedicated: bool) -> int:
        """Tell the target of one kind."""
        return self.dedicated if dedicated else self.low_priority


@dataclass(frozen=True, slots=True)
class ResizeError:
    """Why a resize fell short."""

    code: str
    message: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AutoScaleRun:
    """What one evaluation of a formula gave."""

    at: datetime
    results: str | None = None
    error: ResizeError | None = None


@dataclass(slots=True, eq=False)
class AutoScale:
    """The autoscale settings of a pool; present means enabled."""

    text: str
    formula: Formula
    interval: timedelta
    enabled_at: datetime
    run: AutoScaleRun | None = None


@dataclass(slots=True, eq=False)
class Pool:
    """One pool; ``spec`` is the accepted body without sizes and autoscale."""

    id: str
    number: int
    spec: dict[str, Any]
    slots_per_node: int
    created: datetime
    modified: datetime
    etag: int
    state_since: datetime
    allocation_since: datetime
    state: PoolState = PoolState.ACTIVE
    allocation: AllocationState = AllocationState.STEADY
    targets: Targets = field(default_factory=Targets)
    resize_timeout: timedelta | None = None
    resize_deadline: datetime | None = None
    """When the present resize is given up."""
    resize_count: int = 0
    """Tells a time-out whether the resize it belongs to is still the present one."""
    resize_errors: tuple[ResizeError, ...] = ()
    auto_scale: AutoScale | None = None
    identities: tuple[str, ...] = ()
    """Resource ids of the user-assigned identities, which only Azure Resource Manager can set."""
    tags: dict[str, str] = field(default_factory=dict)
    """Of the resource in Azure Resource Manager; the data plane does not know them."""
    last_enable: datetime | None = None
    samples: Samples | None = field(default=None, metadata=DERIVED)
    nodes: dict[str, Node] = field(default_factory=dict, metadata=DERIVED)
    nodes_made: int = 0
    spent_core_seconds: float = 0.0
    """Of nodes that have left."""
    slot_index: SlotIndex = field(default_factory=SlotIndex, metadata=DERIVED)

    @property
    def key(self) -> str:
        """Tell the id as the service compares it."""
        return self.id.lower()

    @property
    def cores_per_node(self) -> int:
        """Tell how many cores one node counts for against the quota."""
        return cores(str(self.spec["vmSize"]))

    def core_time(self, now: datetime) -> timedelta:
        """Add up how long cores were there, of all nodes that the pool ever had."""
        present = sum((now - node.allocated).total_seconds() for node in self.nodes.values())
        return timedelta(seconds=self.spent_core_seconds + present * self.cores_per_node)

    @property
    def most_nodes(self) -> int:
        """Tell how many nodes the pool can have at all, whatever its targets."""
        return MOST_NODES_IN_REACH if self.spec.get("enableInterNodeCommunication") else MOST_NODES

    @property
    def packs(self) -> bool:
        """Tell whether nodes are filled one after the other."""
        policy = self.spec.get("taskSchedulingPolicy") or {}
        return policy.get("nodeFillType") == "pack"

    @property
    def nodes_for_gangs(self) -> int:
        """Tell how many nodes a multi-instance task could have now; none unless they can reach each other."""
        allowed = self.spec.get("enableInterNodeCommunication") and self.slots_per_node == 1
        return self.slot_index.count(slots=1) if allowed else 0

    @property
    def takes_containers(self) -> bool:
        """Tell whether tasks must name a container image."""
        return bool(self._containers)

    @property
    def prefetched_images(self) -> list[str]:
        """List the images that every node is to hold ready."""
        return list(self._containers.get("containerImageNames") or ())

    @property
    def _containers(self) -> dict[str, Any]:
        machine = self.spec.get("virtualMachineConfiguration") or {}
        return machine.get("containerConfiguration") or {}

    def staying(self, *, dedicated: bool) -> list[Node]:
        """List the nodes of one kind that are not on their way out."""
        return [node for node in self.nodes.values() if node.is_staying and node.is_dedicated is dedicated]

    def count(self, *, dedicated: bool) -> int:
        """Tell how many nodes of one kind the pool has, leaving ones included."""
        return sum(node.is_dedicated is dedicated for node in self.nodes.values())

    def move_allocation(self, event: str, *, now: datetime, etag: int) -> None:
        """Change the allocation state by the table.

        :raises IllegalMove: if the present state does not answer to ``event``
        """
        state = next_state(ALLOCATION_MOVES, self.allocation, event)
        if state is not self.allocation:
            self.allocation, self.allocation_since = state, now
        self.modified, self.etag = now, etag
