"""From what we want of a pool to the formula that says so, and back for the one part we must read: a floor.

The formula is written to survive a pool without samples (a new one would stay at zero nodes for ever), never
takes a node from under a running task, and never asks for a fraction that truncation would turn into nothing.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sensor_scoring.errors import SettingsError

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_FLOOR = re.compile(r"^reserve = (\d+);\nuntil = time\(\"([0-9T:Z-]+)\"\);$", re.MULTILINE)

SAMPLE_WINDOW_MINUTES = 5
"""Samples come every 30 s and about a minute late: a shorter window is never more than half full."""
SAMPLE_PERCENT = 60
"""Below this share of samples the newest one decides; 80 % is the most a 5-minute window can reach."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Nodes that a run asks for because it knows its load, before any sample shows it."""

    nodes: int
    until: datetime
    """Timezone-aware UTC, whole seconds count."""

    @classmethod
    def for_load(
        cls, *, batch_tasks: int, slots_per_task: int, slots_per_node: int, now: datetime, hold: timedelta
    ) -> Floor:
        """Size the floor for a known number of Batch tasks that all run at once.

        :raises SettingsError: if one task needs more slots than a node has; it would wait for ever
        """
        if slots_per_task > slots_per_node:
            raise SettingsError(
                f"a Batch task wants {slots_per_task} slots and a node has {slots_per_node}: "
                "raise the pool's task slots per node or lower the task's slots"
            )
        tasks_per_node = slots_per_node // slots_per_task
        return cls(math.ceil(batch_tasks / tasks_per_node), now + hold)

    @classmethod
    def of_formula(cls, formula: str, *, now: datetime) -> Floor | None:
        """Read the floor that a formula of ours holds; None if it holds none or it is over."""
        match = _FLOOR.search(formula)
        if match is None:
            return None
        floor = cls(int(match[1]), datetime.strptime(match[2], _TIME).replace(tzinfo=UTC))
        return floor if floor.nodes and floor.until > now else None

    def merged(self, other: Floor | None) -> Floor:
        """Return what satisfies both: a second run never lowers a live floor."""
        if other is None:
            return self
        return Floor(max(self.nodes, other.nodes), max(self.until, other.until))


@dataclass(frozen=True, slots=True)
class AutoscalePolicy:
    """Reactive scaling between zero and a ceiling, with a floor for announced load.

    :param max_nodes: ceiling the formula may never exceed
    :param slots_per_node: Batch tasks that run at once on a node, at one slot each
    """

    max_nodes: int
    slots_per_node: int

    def formula(self, floor: Floor | None = None) -> str:
        """Write the formula.

        :param floor: load that is announced; without one the pool follows its queue alone
        """
        held = floor or Floor(0, datetime(1970, 1, 1, tzinfo=UTC))
        window, percent = f"{SAMPLE_WINDOW_MINUTES} * TimeInterval_Minute", SAMPLE_PERCENT
        return "\n".join((
            f"cap = {self.max_nodes};",
            f"slots = {self.slots_per_node};",
            f"reserve = {held.nodes};",
            f'until = time("{held.until.strftime(_TIME)}");',
            f"known = $PendingTasks.GetSamplePercent({window});",
            "last = max(0, $PendingTasks.GetSample(1));",
            # With its own percentage: the service may well demand 70 % of a window that names none.
            f"mean = known < {percent} ? last : avg($PendingTasks.GetSample({window}, {percent}));",
            "load = max(last, mean);",
            "wanted = load > 0 ? max(1, (load + slots - 1) / slots) : 0;",
            "announced = time() < until ? reserve : 0;",
            "$TargetDedicatedNodes = min(cap, max(wanted, announced));",
            "$NodeDeallocationOption = taskcompletion;",
        ))  # fmt: skip
