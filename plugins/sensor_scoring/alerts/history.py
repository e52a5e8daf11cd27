"""Alert history: which conditions people know of, and what a run adds. Pure; ``history_store.py`` keeps it.

A condition begins, lasts and ends. Its beginning is news, and so is the end of one that a person waits for;
that it lasts is not. A condition whose cause changes is news again.

Runs end out of order, and old hours are run again. What is wrong *now*, like silence, is learned from the
newest hour only; what is wrong with a run, like a failed sensor, from any. A condition ends with evidence
from an hour no older than the last that had it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from scoring_contract import json_message
from scoring_contract.hour import RunHour
from sensor_scoring.alerts.conditions import OF_NOW, WAITED_FOR, Condition, Kind, Lasting, News

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring_contract.json_message import Node
    from sensor_scoring.alerts.anomaly_rate import Past
    from sensor_scoring.alerts.conditions import Observation, Place

_LATE_IS_KEPT = timedelta(days=2)
"""Nothing shows the end of a late run; by then it has had its own alert."""
_STUCK_IS_KEPT = timedelta(days=1)
"""A pool that scaled to zero may show no end of what kept its nodes from working. If that comes again after a
day without it, people are told again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A message on its way.

    :param run: who sends it
    :param until: when others stop waiting for it
    """

    run: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHistory:
    """Conditions that people know of, as of the newest hour examined."""

    hour: RunHour | None = None
    conditions: Mapping[Place, Lasting] = field(default_factory=dict)
    rates: Mapping[str, Past] = field(default_factory=dict)
    """Past anomaly rates of each sensor, up to the newest hour."""
    claim: Claim | None = None

    def after(self, run: Observation) -> tuple[News, AlertHistory]:
        """Return the news of a run, and the history once people know it."""
        if run.is_complete and (self.hour is None or run.hour > self.hour):
            # The same hour again would be compared with itself.
            run, rates = self._with_spikes(run)
        else:
            rates = self.rates
        return self._after(run, rates)

    def _with_spikes(self, run: Observation) -> tuple[Observation, Mapping[str, Past]]:
        """Return a run with the spikes that it shows, and the past rates including it."""
        if run.rule is None:
            return run, {}
        spikes = run.rule.spikes(self.rates, run.rates)
        spiking = {name for kind, name in self.conditions if kind is Kind.SPIKE}
        calm = run.rule.calm(self.rates, run.rates, spiking)
        conditions = *run.conditions, *(Condition(Kind.SPIKE, spike.sensor, str(spike)) for spike in spikes)
        past = run.rule.after(self.rates, run.rates)
        rates = {sensor: values for sensor, values in past.items() if not run.is_gone((Kind.SPIKE, sensor))}
        is_over = run.is_over

        def is_over_or_calm(place: Place) -> bool:
            return place[1] in calm if place[0] is Kind.SPIKE else is_over(place)

        return replace(run, conditions=conditions, is_over=is_over_or_calm), rates

    def _after(self, run: Observation, rates: Mapping[str, Past]) -> tuple[News, AlertHistory]:
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
        gone |= {place for place, lasting in self.conditions.items() if _is_outdated(place[0], lasting, run)}
        kept = {
            place: lasting
            for place, lasting in self.conditions.items()
            if place not in over and place not in gone
        }
        kept |= {found.place: self._lasting(found, run.hour) for found in seen}
        ended = {place: lasting for place, lasting in over.items() if place[0] in WAITED_FOR}
        news = News(tuple(begun), ended, tuple(found for found in seen if self._has(found)), run.cures)
        hour = run.hour if is_newest and run.is_complete else self.hour
        return news, replace(self, hour=hour, conditions=kept, rates=rates)

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
        rates = {sensor: list(past) for sensor, past in sorted(self.rates.items())}
        return json_message.render({"hour": hour, "claim": claim, "conditions": kinds, "rates": rates})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read it.

        :raises ValueError: if it cannot be read
        """
        root = json_message.parse("known conditions", text)
        return cls(
            hour=None if root["hour"].is_absent else RunHour.parse(root["hour"].text()),
            conditions=dict(_conditions(root["conditions"])),
            rates=dict(_rates(root["rates"])),
            claim=None if root["claim"].is_absent else _claim(root["claim"]),
        )


def _is_outdated(kind: Kind, lasting: Lasting, run: Observation) -> bool:
    age = run.hour.start - lasting.last.start
    if kind is Kind.STUCK:
        return age > _STUCK_IS_KEPT
    # A look at the pool is of the present hour; a late run may be of one that is long over.
    return kind is Kind.LATE and run.is_complete and age > _LATE_IS_KEPT


def _rates(root: Node) -> Iterable[tuple[str, Past]]:
    if not root.is_absent:
        yield from ((sensor, tuple(map(int, node.value))) for sensor, node in root.items())


def _claim(node: Node) -> Claim:
    return Claim(node["run"].text(), datetime.fromisoformat(node["until"].text()))


def _conditions(root: Node) -> Iterable[tuple[Place, Lasting]]:
    for kind in Kind:
        if root[kind].is_absent:
            continue
        for name, node in root[kind].items():
            key, first, last = (part.value for part in node.elements())
            yield (kind, name), Lasting(str(key), RunHour.parse(str(first)), RunHour.parse(str(last)))
