"""What a simulated pool did: node-hours, work done, evictions, sizes over time.

The meter stands where a store would: the engine tells it which records were written before it goes on.
A node costs from the end of its allocation until it has left; a machine that was evicted costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_emulator.records.nodes import Node
from azure_batch_emulator.records.samples import Sample
from azure_batch_emulator.records.states import NodeState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from azure_batch_emulator.service.engine import Engine

_FREE_OF_CHARGE = frozenset({NodeState.CREATING, NodeState.PREEMPTED, NodeState.UNKNOWN})
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How large the pool was and how much waited, at one moment."""

    hours: float
    """Since the beginning of what is measured."""
    dedicated: int
    spot: int
    """Pre-empted nodes left out."""
    usable: int
    """Nodes of either kind that are up."""
    waiting: int
    """Tasks that wait for a slot."""
    running: int


@dataclass(slots=True)
class _Reading:
    """Where a node's meter stands."""

    since: datetime
    costs: bool
    busy: int


class Meter:
    """Sums up node-hours between two moments, and notes the pool's size at every sample."""

    def __init__(self, engine: Engine, *, start: datetime, end: datetime) -> None:
        """Begin to read.

        :param start: from when on things count
        :param end: until when
        """
        self._engine = engine
        self._start, self._end = start, end
        self._readings: dict[Node, _Reading] = {}
        self._node_seconds = {True: 0.0, False: 0.0}
        self._slot_seconds = 0.0
        self.snapshots: list[Snapshot] = []
        self.machine_is_up: Callable[[Node], None] = lambda _: None
        """Called when a node gets a machine."""

    def node_hours(self, *, dedicated: bool) -> float:
        """Tell what was paid for so far, by kind."""
        return self._node_seconds[dedicated] / _HOUR

    @property
    def busy_slot_hours(self) -> float:
        """Tell how long slots were occupied."""
        return self._slot_seconds / _HOUR

    def take(self) -> None:
        """Look at what was written since the last time."""
        changes = self._engine.account.changes
        if not changes:
            return
        for record in changes.written:
            if isinstance(record, Node):
                self._read(record)
            elif isinstance(record, Sample):
                self._note(record)
        for record in changes.dropped:
            if isinstance(record, Node):
                self._close(record)
        changes.clear()

    def finish(self) -> None:
        """Sum up the nodes that are still there."""
        for node in list(self._readings):
            self._close(node)

    def _read(self, node: Node) -> None:
        costs, busy = node.state not in _FREE_OF_CHARGE, sum(node.attempts.values())
        reading = self._readings.get(node)
        if reading is None:
            self._readings[node] = _Reading(self._engine.core.now, costs, busy)
            return
        self._count(node, reading)
        if costs and not reading.costs:
            self.machine_is_up(node)
        reading.since, reading.costs, reading.busy = self._engine.core.now, costs, busy

    def _close(self, node: Node) -> None:
        reading = self._readings.pop(node, None)
        if reading is not None:
            self._count(node, reading)

    def _count(self, node: Node, reading: _Reading) -> None:
        begin, end = max(reading.since, self._start), min(self._engine.core.now, self._end)
        if not reading.costs or end <= begin:
            return
        seconds = (end - begin).total_seconds()
        self._node_seconds[node.is_dedicated] += seconds
        self._slot_seconds += seconds * reading.busy

    def _note(self, sample: Sample) -> None:
        if not self._start <= sample.moment <= self._end:
            return
        read = {name: int(value) for name, value in sample.values.items()}
        hours = (sample.moment - self._start).total_seconds() / _HOUR
        spot = read["$CurrentLowPriorityNodes"] - read["$PreemptedNodeCount"]
        self.snapshots.append(
            Snapshot(
                hours,
                read["$CurrentDedicatedNodes"],
                spot,
                read["$UsableNodeCount"],
                read["$ActiveTasks"],
                read["$RunningTasks"],
            )
        )
