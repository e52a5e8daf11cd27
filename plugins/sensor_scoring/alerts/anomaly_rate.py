"""Whether a sensor's anomaly rate spikes above its own baseline. Pure.

The baseline is made of the sensor's rates in its last hours, at most :attr:`SpikeRule.hours` of them; hours
with few readings do not count. It is their median, and their spread is the scaled MAD (1.4826 times the
median absolute deviation, the standard deviation of normal data): a few wild hours move neither. An hour is a
spike if its rate exceeds the baseline

* by at least :attr:`SpikeRule.rise`, so that a spike is worth a look,
* by five scaled MADs,
* by more anomalies than chance puts among so few readings: 5 plus three square roots of the expected number,

and if the baseline spans six hours. A spike ends when its rate falls below half of that. A rate that stays
high is the baseline after half of :attr:`SpikeRule.hours`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensor_scoring.setting_groups import AlertSettings

Past = tuple[int, ...]
"""Anomaly rates of past hours in thousandths, newest last."""

_HOURS_NEEDED = 6
_SPREADS = 5 * 1.4826
_BY_CHANCE = 5


@dataclass(frozen=True, slots=True)
class AnomalyRate:
    """Anomalies among the readings of one hour."""

    anomalies: int
    readings: int

    @property
    def thousandths(self) -> int:
        """The rate, as the baseline keeps it."""
        return round(1000 * self.anomalies / self.readings)


@dataclass(frozen=True, slots=True)
class AnomalySpike:
    """An anomaly rate far above the baseline.

    :param rise: above the baseline, 0 to 1
    """

    sensor: str
    rate: AnomalyRate
    rise: float

    def __str__(self) -> str:
        rate = self.rate.anomalies / self.rate.readings
        return f"{rate:.1%} of {self.rate.readings} readings, usually {max(rate - self.rise, 0):.1%}"


@dataclass(frozen=True, slots=True)
class SpikeRule:
    """When an anomaly rate spikes.

    :param rise: least rise above the baseline that raises an alert, 0 to 1
    :param hours: length of the baseline
    :param min_readings: readings that an hour needs to count
    """

    rise: float
    hours: int
    min_readings: int

    @classmethod
    def of(cls, alerts: AlertSettings) -> Self | None:
        """Return the rule of a deployment; None if spikes raise no alert."""
        if not alerts.spike_rise:
            return None
        return cls(alerts.spike_rise, alerts.spike_hours, alerts.spike_min_readings)

    def baseline(self, past: Past) -> float | None:
        """Return a sensor's usual rate, 0 to 1; None while its past is too short to tell."""
        return median(past) / 1000 if self._spans_enough(past) else None

    def spikes(self, past: Mapping[str, Past], now: Mapping[str, AnomalyRate]) -> list[AnomalySpike]:
        """Return the spikes, the highest first."""
        found = [
            AnomalySpike(sensor, rate, rate.anomalies / rate.readings - usual)
            for sensor, rate in now.items()
            # Asked first, for it spares most of a large fleet the medians.
            if rate.anomalies >= _BY_CHANCE and self._counts(past.get(sensor, ()), rate)
            for usual, least in [self._usual(past[sensor], rate)]
            if rate.anomalies / rate.readings - usual >= least
        ]
        return sorted(found, key=lambda spike: (-spike.rise, spike.sensor))

    def calm(self, past: Mapping[str, Past], now: Mapping[str, AnomalyRate], spiking: set[str]) -> set[str]:
        """Return those of the spiking sensors that are back at their baseline."""
        return {
            sensor
            for sensor in spiking & now.keys()
            if self._counts(past.get(sensor, ()), now[sensor])
            for usual, least in [self._usual(past[sensor], now[sensor])]
            if now[sensor].anomalies / now[sensor].readings - usual < least / 2
        }

    def after(self, past: Mapping[str, Past], now: Mapping[str, AnomalyRate]) -> dict[str, Past]:
        """Return the past with one more hour."""
        new = {
            sensor: (*past.get(sensor, ()), rate.thousandths)[-self.hours :]
            for sensor, rate in now.items()
            if rate.readings >= self.min_readings
        }
        return {**past, **new}

    def _counts(self, past: Past, rate: AnomalyRate) -> bool:
        return rate.readings >= self.min_readings and self._spans_enough(past)

    def _spans_enough(self, past: Past) -> bool:
        return len(past) >= min(_HOURS_NEEDED, self.hours)

    def _usual(self, past: Sequence[int], rate: AnomalyRate) -> tuple[float, float]:
        """Return the usual rate, and the least rise above it that counts."""
        usual = median(past)
        deviation = median([abs(value - usual) for value in past]) / 1000
        by_chance = (_BY_CHANCE + 3 * sqrt(usual / 1000 * rate.readings)) / rate.readings
        return usual / 1000, max(self.rise, _SPREADS * deviation, by_chance)
