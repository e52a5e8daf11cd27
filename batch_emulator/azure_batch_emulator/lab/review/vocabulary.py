"""What can be told of the language's own names: words, constants, members, variables of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.names import DEALLOCATION_OPTION, SCALARS, TASK_METRICS
from azure_batch_emulator.autoscale.times import TIME_CONSTANTS
from azure_batch_emulator.autoscale.values import Deallocation
from azure_batch_emulator.lab.review import fact as facts

if TYPE_CHECKING:
    from azure_batch_emulator.lab.review.fact import Fact

LARGEST = 2.0**31 - 1
"""The most nodes a pool can be asked for."""
UNDOCUMENTED = frozenset({"ceil", "floor", "round"})
"""Functions that no table of the service lists."""
WORDS: dict[str, Fact] = {
    **{option.value: facts.word(option) for option in Deallocation},
    **{name: facts.interval(span) for name, span in TIME_CONSTANTS.items()},
}
"""By name."""
MEMBERS: dict[str, Fact] = {
    name: facts.double(low, high)
    for name, low, high in (
        ("year", 1, 9999),
        ("month", 1, 12),
        ("day", 1, 31),
        ("weekday", 0, 7),  # whether Sunday is 0 or 7 is not documented
        ("hour", 0, 23),
        ("minute", 0, 59),
        ("second", 0, 59),
    )
}
"""Of a timestamp, by name."""
_MOST_SLOTS = 256


def bare(name: str, *, present: Fact) -> Fact:
    """Describe a variable of the service that is read bare.

    :param present: how many nodes a pool has, and has as its target
    """
    if name == DEALLOCATION_OPTION:
        return WORDS[Deallocation.REQUEUE.value]
    if name in SCALARS:
        return facts.double(1, _MOST_SLOTS)
    return facts.double(0) if name in TASK_METRICS else present
