"""Families of policies that are written down, to be compared: each turns a few numbers into a formula.

``fixed``       ``nodes``: so many nodes, always
``reactive``    ``min``, ``max``: what waits or runs, divided by the slots of a node, between two bounds
``keep-warm``   ``min``, ``max``, ``keep_warm``, ``warm``: reactive, and ``warm`` nodes at least (``max``
                unless given) from ``keep_warm`` minutes before every hour until ten minutes after it

All take ``slots``, of a node, and ``spot``, the share of nodes that are Spot nodes, in per cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_lab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HELD_MINUTES = 10
"""Until when in the hour warm nodes are kept: by then an evaluation has seen the tasks."""
_MOST_NODES = 100_000

_LOAD = """\
slots = {slots};
known = $PendingTasks.GetSamplePercent(5 * TimeInterval_Minute);
last = max(0, $PendingTasks.GetSample(1));
mean = known < 60 ? last : avg($PendingTasks.GetSample(5 * TimeInterval_Minute, 60));
load = max(last, mean);
"""


@dataclass(frozen=True, slots=True)
class Split:
    """A number of nodes as dedicated and Spot ones."""

    dedicated: int
    spot: int

    @classmethod
    def of(cls, nodes: int, spot_percent: int) -> Split:
        """Split it; halves become dedicated."""
        spot = (2 * nodes * spot_percent + 99) // 200
        return cls(nodes - spot, spot)


@dataclass(frozen=True, slots=True)
class Family:
    """Policies that differ in numbers only."""

    name: str
    defaults: Mapping[str, int]
    """What can be varied, and what it is if it is not."""
    write: Callable[[Mapping[str, int]], str]

    def formula(self, numbers: Mapping[str, int]) -> str:
        """Write the formula of one member.

        :param numbers: all that ``settled`` gives
        """
        return self.write(numbers)

    def settled(self, given: Mapping[str, int]) -> dict[str, int]:
        """Complete and check the numbers of one member; those that other families know are left out.

        :raises BadInput: if one makes no sense
        """
        numbers = {name: given.get(name, default) for name, default in self.defaults.items()}
        if "warm" in numbers and "warm" not in given:
            numbers["warm"] = numbers["max"]
        for name, number in numbers.items():
            low, high = _BOUNDS.get(name, (0, _MOST_NODES))
            if not low <= number <= high:
                raise BadInput(f"{name} is {low} to {high}, not {number}")
        if numbers.get("min", 0) > numbers.get("max", _MOST_NODES):
            raise BadInput(f"min is {numbers['min']} and max {numbers['max']}")
        return numbers


_BOUNDS = {"slots": (1, 256), "spot": (0, 100), "keep_warm": (0, 60)}
_COMMON = {"slots": 4, "spot": 0}


def _fixed(numbers: Mapping[str, int]) -> str:
    nodes = Split.of(numbers["nodes"], numbers["spot"])
    return f"$TargetDedicatedNodes = {nodes.dedicated};\n$TargetLowPriorityNodes = {nodes.spot};\n"


def _reactive(numbers: Mapping[str, int]) -> str:
    return _follow(numbers, Split.of(numbers["min"], numbers["spot"]), "")


def _keep_warm(numbers: Mapping[str, int]) -> str:
    minutes, spot = numbers["keep_warm"], numbers["spot"]
    least = Split.of(numbers["min"], spot)
    warm = Split.of(min(numbers["max"], max(numbers["warm"], numbers["min"])), spot)
    if not minutes or warm == least:
        return _follow(numbers, least, "")
    if minutes + HELD_MINUTES >= 60:  # noqa: PLR2004 - the window has no end
        return _follow(numbers, warm, "")
    opened = f"now = time();\nwarm = now.minute >= {60 - minutes} || now.minute < {HELD_MINUTES};\n"
    return _follow(numbers, least, opened, warm)


def _follow(numbers: Mapping[str, int], least: Split, opened: str, warm: Split | None = None) -> str:
    most, share = Split.of(numbers["max"], numbers["spot"]), numbers["spot"] / 100
    warm = warm or least
    # One kind answers for every task there is; else a single one would be half a node of either.
    dedicated = _target(1 - share, most.dedicated, _floor(least.dedicated, warm.dedicated), leads=True)
    spot = _target(share, most.spot, _floor(least.spot, warm.spot), leads=not most.dedicated)
    lines = f"$TargetDedicatedNodes = {dedicated};\n$TargetLowPriorityNodes = {spot};\n"
    ending = "$NodeDeallocationOption = taskcompletion;\n"
    load = _LOAD.format(slots=numbers["slots"]) if "load" in lines else ""
    return load + (opened if "warm" in lines else "") + lines + ending


def _floor(least: int, warm: int) -> str:
    return f"{least}" if least == warm else f"warm ? {warm} : {least}"


def _target(share: float, most: int, floor: str, *, leads: bool) -> str:
    if not most or floor == str(most):
        return str(most)
    part = "load" if share == 1 else f"load * {share:g}"
    wanted = f"({part} + slots - 1) / slots"
    if leads:
        wanted = f"load > 0 ? max(1, {wanted}) : 0"
    return f"min({most}, max({floor}, {wanted}))"


FAMILIES = {
    family.name: family
    for family in (
        Family("fixed", {"nodes": 1, **_COMMON}, _fixed),
        Family("reactive", {"min": 0, "max": 8, **_COMMON}, _reactive),
        Family("keep-warm", {"min": 0, "max": 8, "keep_warm": 15, "warm": 0, **_COMMON}, _keep_warm),
    )
}
"""By name."""
