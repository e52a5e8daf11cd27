"""Conditions of a run and the news they make. Values only; ``history.py`` compares them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scoring_contract.hour import RunHour
    from sensor_scoring.alerts.anomaly_rate import AnomalyRate, SpikeRule


class Kind(StrEnum):
    """Kinds of problems."""

    STEP = "step"
    """A step of the DAG failed."""
    FAILED = "failed"
    """A sensor was not scored."""
    SILENT = "silent"
    """A sensor has a model and sends nothing."""
    UNMODELLED = "unmodelled"
    """A sensor sends and has no model."""
    PACK = "pack"
    """A pack of readings to which no sensor belongs."""
    UNCLAIMED = "unclaimed"
    """Blobs of readings that lie in the folder of no sensor."""
    POOL = "pool"
    """Something keeps the Batch pool from working; the name is the cause in short."""
    STUCK = "stuck"
    """The pool is stuck, whether or not a run asks; the name says which pool, and in what way."""
    LATE = "late"
    """A run takes too long; the name is the run's."""
    SPIKE = "spike"
    """A sensor has far more anomalies than usual."""


OF_NOW = frozenset({Kind.SILENT, Kind.UNMODELLED, Kind.PACK, Kind.UNCLAIMED, Kind.SPIKE})
"""Kinds that an older hour says nothing about."""
_BY_CAUSE = frozenset({Kind.STEP, Kind.FAILED})
"""Kinds that become news again when their cause changes."""
WAITED_FOR = frozenset({Kind.STEP, Kind.FAILED, Kind.SILENT, Kind.STUCK})
"""Kinds whose end is news."""

Place = tuple[Kind, str]
"""A kind and a name: a sensor, a step, a pack."""


def cause_key(sentence: str) -> str:
    """Return a cause in short: two sentences that differ in numbers, dates and ids alone are one cause."""
    return sha256(re.sub(r"\S*\d\S*", "#", sentence).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong in a run.

    :param name: of the sensor, step or pack
    :param cause: a sentence; may be empty
    """

    kind: Kind
    name: str
    cause: str = ""

    @property
    def place(self) -> Place:
        """Kind and name: two conditions of one place are the same."""
        return self.kind, self.name

    @property
    def key(self) -> str:
        """The cause in short, where another one is news."""
        return cause_key(self.cause) if self.cause and self.kind in _BY_CAUSE else ""


@dataclass(frozen=True, slots=True)
class Lasting:
    """A condition that has been reported.

    :param key: of its cause
    :param first: hour that it was first seen in
    :param last: newest hour that had it
    """

    key: str
    first: RunHour
    last: RunHour

    def seen(self, hour: RunHour) -> Self:
        """Return it after another hour that has it."""
        return replace(self, first=min(self.first, hour), last=max(self.last, hour))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Conditions that a run shows.

    :param is_over: says of a condition that the run did not have whether the run shows its end
    :param is_gone: says of a place that it is no more: nobody waits for its end
    :param cures: what was done about a stuck pool, a sentence each; it is news by itself
    :param rates: anomaly rate of each sensor that was scored
    :param rule: when an anomaly rate is a spike; none if spikes raise no alert
    :param is_complete: whether it saw how every sensor fared; otherwise it says nothing about anomaly rates,
        and the hour's own outcome is still to come
    """

    hour: RunHour
    conditions: tuple[Condition, ...]
    is_over: Callable[[Place], bool]
    is_gone: Callable[[Place], bool]
    cures: tuple[str, ...] = ()
    rates: Mapping[str, AnomalyRate] = field(default_factory=dict)
    rule: SpikeRule | None = None
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class News:
    """Conditions that are new to people.

    :param begun: conditions that are new, or have another cause than before
    :param ended: conditions that are over and were waited for, as they were known
    :param lasting: conditions of the run that were reported before
    :param cures: what was done about a stuck pool, a sentence each
    """

    begun: tuple[Condition, ...] = ()
    ended: Mapping[Place, Lasting] = field(default_factory=dict)
    lasting: tuple[Condition, ...] = ()
    cures: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begun or self.ended or self.cures)
