"""What can be told of the language's own names: words, constants, members, variables of the service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.names import DEALLOCATION_OPTION, SCALARS, TASK_METRICS
from azure_batch_emulator.autoscale.times import TIME_CONSTANTS
from azure_batch_emulator.autoscale.values import Deallocation
from azure_batch_lab.review import fact as facts
from azure_batch_lab.review.sundays import WEEKDAY

if TYPE_CHECKING:
    from azure_batch_lab.review.fact import Fact

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
    "year": facts.double(1, 9999),
    "month": facts.double(1, 12),
    "day": facts.double(1, 31),
    "weekday": replace(facts.double(0, 7), sundays=WEEKDAY),
    "hour": facts.double(0, 23),
    "minute": facts.double(0, 59),
    "second": facts.double(0, 59),
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
