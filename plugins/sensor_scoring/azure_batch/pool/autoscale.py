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
SEEN_AFTER_MINUTES = 10
"""By so long after its arrival an evaluation has seen the work: metric lag, interval, and room."""
LACK_MINUTES = 10
"""For so long Spot nodes must have been missing, with work waiting, before dedicated ones come instead."""


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
class WarmWindow:
    """Nodes that are held every hour from some minutes before its work comes, whether it is known or not."""

    nodes: int
    opens: int
    """Minute of the hour, 0 to 59."""
    closes: int
    """Minute of the hour before which it closes."""

    @classmethod
    def before(cls, minute: float, *, nodes: int, minutes: int) -> WarmWindow:
        """Open a window so long before the minute at which work comes.

        It closes when an evaluation has surely seen the work.
        """
        comes = math.ceil(minute)
        return cls(nodes, (comes - minutes) % 60, (comes + SEEN_AFTER_MINUTES) % 60)

    def expression(self) -> str:
        """Write how many nodes it holds now."""
        joint = "&&" if self.opens < self.closes else "||"
        return f"now.minute >= {self.opens} {joint} now.minute < {self.closes} ? {self.nodes} : 0"


@dataclass(frozen=True, slots=True)
class AutoscalePolicy:
    """Scaling between zero and a ceiling, driven by the queue and by announced load.

    :param max_nodes: ceiling the formula may never exceed
    :param slots_per_node: Batch tasks that run at once on a node, at one slot each
    :param is_announced: whether runs announce their load as a :class:`Floor`; if not, the queue alone decides
    :param warm: nodes that are held around the work of every hour
    :param spot: whether nodes are Spot nodes. Dedicated ones take the place of those that were evicted, and
        of those that were not to be had for ten minutes while work waited; so there may be twice the ceiling
        for a while, Spot nodes that do not work included
    :param dedicated_nodes: with ``spot``: as many nodes, the first ones, are dedicated all the same
    """

    max_nodes: int
    slots_per_node: int
    is_announced: bool = True
    warm: WarmWindow | None = None
    spot: bool = False
    dedicated_nodes: int = 0

    def formula(self, floor: Floor | None = None) -> str:
        """Write the formula.

        :param floor: load that is announced; without one the pool follows its queue alone
        """
        return "\n".join((
            f"cap = {self.max_nodes};",
            f"slots = {self.slots_per_node};",
            *_held(floor),
            *_LOAD,
            *self._wanted(),
            *(self._mixed() if self.spot else ("$TargetDedicatedNodes = total;",)),
            "$NodeDeallocationOption = taskcompletion;",
        ))  # fmt: skip

    def _wanted(self) -> tuple[str, ...]:
        wanted = (
            "wanted = load > 0 ? max(1, (load + slots - 1) / slots) : 0;",
            "announced = time() < until ? reserve : 0;",
        )
        if self.warm is None:
            return (*wanted, "total = min(cap, max(wanted, announced));")
        return (
            *wanted,
            "now = time();",
            f"warm = {self.warm.expression()};",
            "total = min(cap, max(wanted, announced, warm));",
        )

    def _mixed(self) -> tuple[str, ...]:
        window = f"span, {SAMPLE_PERCENT}"
        return (
            f"base = {self.dedicated_nodes};",
            "low = max(0, total - base);",
            "evicted = max(0, $PreemptedNodeCount.GetSample(1));",
            f"span = {LACK_MINUTES} * TimeInterval_Minute;",
            "tasks = $PendingTasks.GetSamplePercent(span);",
            "seen = min(tasks, $CurrentLowPriorityNodes.GetSamplePercent(span));",
            f"waits = seen < {SAMPLE_PERCENT} ? 0 : min($PendingTasks.GetSample({window})) > 0;",
            f"lack = waits ? max(0, low - max($CurrentLowPriorityNodes.GetSample({window}))) : 0;",
            "$TargetLowPriorityNodes = low;",
            "$TargetDedicatedNodes = min(total, base + evicted + lack);",
        )


def without_floor(formula: str) -> str:
    """Return a formula of ours without what is announced in it: the part that the settings alone decide."""
    return _FLOOR.sub("", formula)


def _held(floor: Floor | None) -> tuple[str, str]:
    held = floor or Floor(0, datetime(1970, 1, 1, tzinfo=UTC))
    return f"reserve = {held.nodes};", f'until = time("{held.until.strftime(_TIME)}");'


_WINDOW = f"{SAMPLE_WINDOW_MINUTES} * TimeInterval_Minute"
_LOAD = (
    f"known = $PendingTasks.GetSamplePercent({_WINDOW});",
    "last = max(0, $PendingTasks.GetSample(1));",
    # With its own percentage: the service may well demand 70 % of a window that names none.
    f"mean = known < {SAMPLE_PERCENT} ? last : avg($PendingTasks.GetSample({_WINDOW}, {SAMPLE_PERCENT}));",
    "load = max(last, mean);",
)
