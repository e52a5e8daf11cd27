"""What the names of a formula stand for while it is evaluated, and what is left at the end."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.errors import Fault
from azure_batch_emulator.autoscale.functions import World
from azure_batch_emulator.autoscale.methods import Metric
from azure_batch_emulator.autoscale.names import (
    ALIASES,
    DEALLOCATION_OPTION,
    FULL_NAMES,
    OLD_NAMES,
    SCALARS,
    TARGET_DEDICATED,
    TARGET_LOW_PRIORITY,
    WRITABLE,
)
from azure_batch_emulator.autoscale.samples import SampleSeries
from azure_batch_emulator.autoscale.times import TIME_CONSTANTS, Timestamp
from azure_batch_emulator.autoscale.values import Deallocation, double, finite, kind, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from azure_batch_emulator.autoscale.values import Value

_WORDS: dict[str, Value] = {**TIME_CONSTANTS, **{option.value: option for option in Deallocation}}
_LARGEST_TARGET = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that a formula can see of the world.

    :raises ValueError: if ``now`` is not in UTC, or the deallocation option is none
    """

    now: datetime
    samples: Mapping[str, SampleSeries] = field(default_factory=dict)
    """By variable; one that is missing was never sampled."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What a variable is when it is read bare; node counts may have samples beside it."""
    target_dedicated: int = 0
    """The pool's present target, readable before it is assigned and kept if it is not."""
    target_low_priority: int = 0
    """The same for Spot nodes."""
    deallocation_option: str = Deallocation.REQUEUE.value
    """What the option is until it is assigned."""

    def __post_init__(self) -> None:
        if self.now.utcoffset() != timedelta():
            raise ValueError("now is a moment of UTC")
        Deallocation(self.deallocation_option)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a formula wants of its pool."""

    target_dedicated: int
    target_low_priority: int
    deallocation_option: str
    results: str
    """Every variable's last value, in the service's form: ``name=value`` joined by semicolons."""


class Scope:
    """The variables of one evaluation."""

    def __init__(self, surroundings: Surroundings) -> None:
        now = Timestamp.of(surroundings.now)
        # Seeded by the moment: evaluated again at the same moment, a formula says the same.
        self.world = World(now, Random(now.ticks))
        self._surroundings = surroundings
        self._present: dict[str, Value] = {
            TARGET_DEDICATED: float(surroundings.target_dedicated),
            TARGET_LOW_PRIORITY: float(surroundings.target_low_priority),
            DEALLOCATION_OPTION: Deallocation(surroundings.deallocation_option),
        }
        self._assigned: dict[str, Value] = {}

    def read(self, name: str) -> Value:
        """Give the value of a name that the checker let pass.

        :raises Fault: if nobody told it
        """
        full = FULL_NAMES.get(name, name)
        if full in self._present:
            return self._writable(full)
        if name in _WORDS:
            return _WORDS[name]
        return self._assigned[name] if name in self._assigned else self._number(name)

    def _writable(self, full: str) -> Value:
        return self._assigned.get(self._spelling(full), self._present[full])

    def _spelling(self, full: str) -> str:
        alias = ALIASES.get(full, full)
        return alias if alias in self._assigned and full not in self._assigned else full

    def _number(self, name: str) -> float:
        name = OLD_NAMES.get(name, name)
        if name in self._surroundings.numbers:
            return finite(float(self._surroundings.numbers[name]))
        if name in SCALARS:
            raise Fault(f"{name} is not known here")
        return self.metric(name).last()

    def metric(self, name: str) -> Metric:
        """Give a sample variable."""
        series = self._surroundings.samples.get(OLD_NAMES.get(name, name))
        return Metric(name, SampleSeries() if series is None else series, self.world.now)

    def assign(self, name: str, value: Value) -> None:
        """Keep a value under a name.

        :raises Fault: if the service's variable of this name does not take it
        """
        if name == DEALLOCATION_OPTION:
            _check_option(name, value)
        elif name in WRITABLE:
            _check_target(name, value)
        self._assigned[name] = value

    def outcome(self) -> Evaluation:
        """Tell what the formula came to."""
        return Evaluation(
            self._target(TARGET_DEDICATED),
            self._target(TARGET_LOW_PRIORITY),
            str(self._writable(DEALLOCATION_OPTION)),
            self._results(),
        )

    def _target(self, full: str) -> int:
        # Truncated: not documented, but what users of the service report.
        return max(0, math.trunc(double(self._writable(full), full)))

    def _results(self) -> str:
        targets = [(self._spelling(full), str(self._target(full))) for full in ALIASES]
        option = (DEALLOCATION_OPTION, str(self._writable(DEALLOCATION_OPTION)))
        own = sorted((name, shown(value)) for name, value in self._assigned.items() if name not in WRITABLE)
        return ";".join(f"{name}={value}" for name, value in [*targets, option, *own])


def _check_option(name: str, value: Value) -> None:
    if not isinstance(value, Deallocation):
        options = ", ".join(map(str, Deallocation))
        raise Fault(f"{name} is one of the words {options}, not a {kind(value)}")


def _check_target(name: str, value: Value) -> None:
    if double(value, name) > _LARGEST_TARGET:
        raise Fault(f"{name} is at most {_LARGEST_TARGET}")
