"""Whether a sensor's share of anomalies jumps against its own past. Pure.

The past is the share of each of the sensor's last hours, at most :attr:`JumpRule.hours` of them; hours with
few readings are left out. Its median says what is usual, and the median distance from it how far the share
strays: a few wild hours move neither. An hour jumps if its share lies above the usual one

* by :attr:`JumpRule.rise` at least, so that what jumps is worth a look,
* by five times the usual straying (1.4826 median distances, a standard deviation where shares are normal),
* by more anomalies than chance brings in so few readings: 5, and 3 roots of the usual number of them,

and if there are six hours of a past. It is calm again below half of that. A share that stays high is usual
after half of :attr:`JumpRule.hours`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Past = tuple[int, ...]
"""Shares in thousandths, newest last."""

_HOURS_NEEDED = 6
_STRAYS = 5 * 1.4826
_BY_CHANCE = 5


@dataclass(frozen=True, slots=True)
class Share:
    """Anomalies among the readings of one hour."""

    anomalies: int
    readings: int

    @property
    def thousandths(self) -> int:
        """The share, as the past keeps it."""
        return round(1000 * self.anomalies / self.readings)


@dataclass(frozen=True, slots=True)
class Jump:
    """A share that is not usual.

    :param rise: of the share above the usual one, 0 to 1
    """

    sensor: str
    share: Share
    rise: float

    def __str__(self) -> str:
        share = self.share.anomalies / self.share.readings
        return f"{share:.1%} of {self.share.readings} readings, usually {max(share - self.rise, 0):.1%}"


@dataclass(frozen=True, slots=True)
class JumpRule:
    """When a share jumps.

    :param rise: least rise that is told of, 0 to 1
    :param hours: hours that are remembered of a sensor
    :param min_readings: readings that an hour must have to count
    """

    rise: float
    hours: int
    min_readings: int

    def jumps(self, past: Mapping[str, Past], now: Mapping[str, Share]) -> list[Jump]:
        """Return the sensors that jump, the highest first."""
        found = [
            Jump(sensor, share, share.anomalies / share.readings - usual)
            for sensor, share in now.items()
            # Asked first, for it spares most of a large fleet the medians.
            if share.anomalies >= _BY_CHANCE and self._counts(past.get(sensor, ()), share)
            for usual, least in [self._usual(past[sensor], share)]
            if share.anomalies / share.readings - usual >= least
        ]
        return sorted(found, key=lambda jump: (-jump.rise, jump.sensor))

    def calm(self, past: Mapping[str, Past], now: Mapping[str, Share], jumping: set[str]) -> set[str]:
        """Return those of the jumping sensors that are as usual again."""
        return {
            sensor
            for sensor in jumping & now.keys()
            if self._counts(past.get(sensor, ()), now[sensor])
            for usual, least in [self._usual(past[sensor], now[sensor])]
            if now[sensor].anomalies / now[sensor].readings - usual < least / 2
        }

    def after(self, past: Mapping[str, Past], now: Mapping[str, Share]) -> dict[str, Past]:
        """Return the past with one more hour."""
        new = {
            sensor: (*past.get(sensor, ()), share.thousandths)[-self.hours :]
            for sensor, share in now.items()
            if share.readings >= self.min_readings
        }
        return {**past, **new}

    def _counts(self, past: Past, share: Share) -> bool:
        return share.readings >= self.min_readings and len(past) >= min(_HOURS_NEEDED, self.hours)

    def _usual(self, past: Sequence[int], share: Share) -> tuple[float, float]:
        """Return the usual share, and the least rise above it that counts."""
        usual = median(past)
        strays = median([abs(value - usual) for value in past]) / 1000
        by_chance = (_BY_CHANCE + 3 * sqrt(usual / 1000 * share.readings)) / share.readings
        return usual / 1000, max(self.rise, _STRAYS * strays, by_chance)
