"""What people were told is wrong, and what a run makes news of. Pure; where it is kept is ``told.py``.

A condition begins, lasts and ends. Its beginning is news, and so is the end of one that a person waits for;
that it lasts is not. A condition is told of again when its cause changes.

Runs end out of order, and old hours are run again. What is wrong *now*, like silence, is learned from the
newest hour only; what is wrong with a run, like a failed sensor, from any. A condition ends with evidence
from an hour no older than the last that had it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from scoring_contract import reading
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from scoring_contract.reading import Node


class Kind(StrEnum):
    """What can be wrong."""

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
    POOL = "pool"
    """Something keeps the Batch pool from working; the name is the cause in short."""
    LATE = "late"
    """A run takes too long; the name is the run's."""


OF_NOW = frozenset({Kind.SILENT, Kind.UNMODELLED, Kind.PACK})
"""Kinds that an older hour says nothing about."""
WAITED_FOR = frozenset({Kind.STEP, Kind.FAILED, Kind.SILENT})
"""Kinds whose end is news."""

_LATE_IS_KEPT = timedelta(days=2)
"""Nothing shows the end of a late run; by then it has had its own alert."""

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
        """What it is about."""
        return self.kind, self.name

    @property
    def key(self) -> str:
        """The cause in short, where another one is news."""
        return cause_key(self.cause) if self.kind is Kind.FAILED else ""


@dataclass(frozen=True, slots=True)
class Lasting:
    """A condition that was told of.

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
class Observed:
    """What a run saw.

    :param is_over: says of a condition that the run did not have whether the run shows its end
    :param is_gone: says of a place that it is no more: nobody waits for its end
    """

    hour: RunHour
    conditions: tuple[Condition, ...]
    is_over: Callable[[Place], bool]
    is_gone: Callable[[Place], bool]


@dataclass(frozen=True, slots=True)
class News:
    """What a person does not know yet.

    :param begun: conditions that are new, or have another cause than before
    :param ended: conditions that are over and were waited for, as they were known
    :param lasting: conditions of the run that were told of before
    """

    begun: tuple[Condition, ...] = ()
    ended: Mapping[Place, Lasting] = field(default_factory=dict)
    lasting: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begun or self.ended)


@dataclass(frozen=True, slots=True)
class Claim:
    """A message on its way.

    :param run: who sends it
    :param until: when nobody waits for it any more
    """

    run: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What people were told, as of the newest hour that was looked at."""

    hour: RunHour | None = None
    conditions: Mapping[Place, Lasting] = field(default_factory=dict)
    claim: Claim | None = None

    def after(self, run: Observed) -> tuple[News, Known]:
        """Return what a run makes news of, and what is known once that is told."""
        is_newest = self.hour is None or run.hour >= self.hour
        seen = [found for found in run.conditions if is_newest or found.kind not in OF_NOW]
        begun = [found for found in seen if not self._has(found)]
        places = {found.place for found in run.conditions}
        over = {
            place: lasting
            for place, lasting in self.conditions.items()
            if place not in places and run.hour >= lasting.last and run.is_over(place)
        }
        gone = {place for place in self.conditions if is_newest and run.is_gone(place)}
        gone |= {
            (Kind.LATE, name)
            for (kind, name), lasting in self.conditions.items()
            if kind is Kind.LATE and run.hour.start - lasting.last.start > _LATE_IS_KEPT
        }
        kept = {
            place: lasting
            for place, lasting in self.conditions.items()
            if place not in over and place not in gone
        }
        kept |= {found.place: self._lasting(found, run.hour) for found in seen}
        ended = {place: lasting for place, lasting in over.items() if place[0] in WAITED_FOR}
        news = News(tuple(begun), ended, tuple(found for found in seen if self._has(found)))
        return news, replace(self, hour=run.hour if is_newest else self.hour, conditions=kept)

    def _has(self, found: Condition) -> bool:
        known = self.conditions.get(found.place)
        return known is not None and known.key == found.key

    def _lasting(self, found: Condition, hour: RunHour) -> Lasting:
        if self._has(found):
            return self.conditions[found.place].seen(hour)
        return Lasting(found.key, hour, hour)

    def to_json(self) -> str:
        """Return its text: a line a kind, an entry a name."""
        kinds: dict[str, dict[str, list[str]]] = {kind.value: {} for kind in Kind}
        for (kind, name), lasting in sorted(self.conditions.items()):
            kinds[kind][name] = [lasting.key, str(lasting.first), str(lasting.last)]
        claim = {"run": self.claim.run, "until": self.claim.until.isoformat()} if self.claim else None
        hour = str(self.hour) if self.hour else None
        return reading.render({"hour": hour, "claim": claim, "conditions": kinds})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read it.

        :raises ValueError: if somebody else has written it
        """
        root = reading.parse("known conditions", text)
        return cls(
            hour=None if root["hour"].is_absent else RunHour.parse(root["hour"].text()),
            conditions=dict(_conditions(root["conditions"])),
            claim=None if root["claim"].is_absent else _claim(root["claim"]),
        )


def _claim(node: Node) -> Claim:
    return Claim(node["run"].text(), datetime.fromisoformat(node["until"].text()))


def _conditions(root: Node) -> Iterable[tuple[Place, Lasting]]:
    for kind in Kind:
        if root[kind].is_absent:
            continue
        for name, node in root[kind].items():
            key, first, last = (part.value for part in node.elements())
            yield (kind, name), Lasting(str(key), RunHour.parse(str(first)), RunHour.parse(str(last)))
