"""The names a formula may use: the service's variables, constants and words, and what each allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TARGET_DEDICATED = "$TargetDedicatedNodes"
TARGET_LOW_PRIORITY = "$TargetLowPriorityNodes"
DEALLOCATION_OPTION = "$NodeDeallocationOption"

ALIASES = {TARGET_DEDICATED: "$TargetDedicated", TARGET_LOW_PRIORITY: "$TargetLowPriority"}
"""The short name of each target; the full name wins when both are assigned."""

FULL_NAMES = {alias: full for full, alias in ALIASES.items()}

OLD_NAMES = {"$CurrentDedicated": "$CurrentDedicatedNodes"}
"""What a variable was called before there were Spot nodes; documented examples read it and show results."""

WRITABLE = frozenset({*ALIASES, *FULL_NAMES, DEALLOCATION_OPTION})
"""Readable before they are assigned, too: they begin with what the pool has."""

RESOURCE_METRICS = frozenset(
    {
        "$CPUPercent",
        "$WallClockSeconds",
        "$MemoryBytes",
        "$DiskBytes",
        "$DiskReadBytes",
        "$DiskWriteBytes",
        "$DiskReadOps",
        "$DiskWriteOps",
        "$NetworkInBytes",
        "$NetworkOutBytes",
    }
)
"""Read by methods only."""

TASK_METRICS = frozenset(
    {"$ActiveTasks", "$RunningTasks", "$PendingTasks", "$SucceededTasks", "$FailedTasks"}
)
"""Read by methods; bare, they are their last sample, which no official text promises."""

NODE_METRICS = frozenset(
    {
        "$CurrentDedicatedNodes",
        "$CurrentLowPriorityNodes",
        "$PreemptedNodeCount",
        "$UsableNodeCount",
        "$SampleNodeCount",
        *OLD_NAMES,
    }
)
"""Read by methods, or bare as the number of the moment."""

SCALARS = frozenset({"$TaskSlotsPerNode"})
"""Read bare only."""

SAMPLED = RESOURCE_METRICS | TASK_METRICS | NODE_METRICS
READABLE_BARE = TASK_METRICS | NODE_METRICS | SCALARS
SERVICE = SAMPLED | SCALARS | WRITABLE


def look_alike(name: str, known: Iterable[str]) -> str | None:
    """Find the name that was probably meant: the same but for case or the ``$`` in front."""
    folded = _folded(name)
    return next((other for other in sorted(known) if _folded(other) == folded), None)


def _folded(name: str) -> str:
    return name.removeprefix("$").casefold()
