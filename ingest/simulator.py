"""Simulates a fleet of devices. No clock and no I/O: callers name the hours, and a seed determines the rest.

A sensor's readings follow a daily curve (level, swing, phase) with noise. In anomalous hours, a known share
of the readings is altered and labelled: spikes, and one run of drifting or stuck values. The readings of an
hour depend on seed, sensor and hour only, so overlapping ranges of hours agree.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Self

from ingest.reading import Reading
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

INTERVAL = timedelta(seconds=15)
"""Average time between two readings of a sensor."""

JITTER = timedelta(seconds=5)
"""Maximum delay of a reading."""

READINGS_PER_HOUR = timedelta(hours=1) // INTERVAL
"""Readings of one sensor in one hour."""

SOURCE = "simulated"
"""Name of the source, which distinguishes its blobs from those of other sources."""

_SHORTEST_RUN = 3  # fewer values are not recognisable as stuck or drifting
_NEAR, _FAR = 8.0, 14.0  # distance of anomalies from the curve, in standard deviations; swing is at most 3


class AnomalyKind(StrEnum):
    """Kinds of simulated anomalies."""

    SPIKE = "spike"
    """One value far from its neighbours."""
    DRIFT = "drift"
    """Values that move away more and more."""
    STUCK = "stuck"
    """A constant value outside the sensor's usual range."""


@dataclass(frozen=True, slots=True)
class Label:
    """The label of an anomaly: its reading and its kind."""

    moment: datetime
    device: str
    tag: str
    kind: AnomalyKind


@dataclass(frozen=True, slots=True)
class LabelledReading:
    """A reading with the kind of its anomaly; None for a normal reading."""

    reading: Reading
    kind: AnomalyKind | None


@dataclass(frozen=True, slots=True)
class Curve:
    """The daily curve of a healthy sensor."""

    level: float
    """Mean."""
    swing: float
    """Amplitude: the largest distance from the level during a day."""
    phase: float
    """Hour of the day, UTC, at which the curve crosses its level upwards."""
    noise: float
    """Standard deviation around the curve."""

    @classmethod
    def drawn(cls, rng: random.Random) -> Self:
        """Draw a plausible curve at random."""
        level = rng.uniform(20, 120)
        noise = level * rng.uniform(0.005, 0.02)
        return cls(level=level, swing=noise * rng.uniform(1, 3), phase=rng.uniform(0, 24), noise=noise)

    def offset(self, moment: datetime) -> float:
        """Return the distance from the level at a moment."""
        hour = moment.hour + moment.minute / 60 + moment.second / 3600
        return self.swing * math.sin(2 * math.pi * (hour - self.phase) / 24)

    def spoilt(self, moment: datetime, distance: float) -> float:
        """Return an anomalous value, away from the level so that it leaves the daily range.

        :param distance: from the curve, in standard deviations of the noise
        """
        offset = self.offset(moment)
        return self.level + offset + math.copysign(distance * self.noise, offset)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Devices ``1`` to ``devices``, each with tags ``1`` to ``tags``.

    :raises ValueError: for a size below 1, or a share outside 0 to 0.5
    """

    devices: int = 3
    tags: int = 5
    seed: int = 7
    anomaly_share: float = 0.05
    """Anomaly rate of a sensor in an anomalous hour; any rate above 0 gives at least one anomaly."""

    def __post_init__(self) -> None:
        if self.devices < 1 or self.tags < 1:
            raise ValueError(f"a fleet of {self.devices} devices with {self.tags} tags has no sensor")
        if not 0 <= self.anomaly_share <= 0.5:  # noqa: PLR2004 - above one half anomalies would be normal
            raise ValueError(f"an anomaly share of {self.anomaly_share} is not between 0 and 0.5")

    def readings(
        self, first_hour: RunHour, hours: int, *, anomalous: Collection[RunHour] | None = None
    ) -> Iterator[Reading]:
        """Yield the readings of some hours, sorted by time.

        :param hours: number of hours
        :param anomalous: hours with anomalies; by default the last hour
        :raises ValueError: if ``hours`` is below 1
        """
        return (item.reading for item in self.labelled(first_hour, hours, anomalous=anomalous))

    def labels(
        self, first_hour: RunHour, hours: int, *, anomalous: Collection[RunHour] | None = None
    ) -> Iterator[Label]:
        """Yield the labels of :meth:`readings` with the same arguments, sorted by time."""
        return labels_of(self.labelled(first_hour, hours, anomalous=anomalous))

    def labelled(
        self, first_hour: RunHour, hours: int, *, anomalous: Collection[RunHour] | None = None
    ) -> Iterator[LabelledReading]:
        """Yield readings with their labels, sorted by time; arguments are those of :meth:`readings`.

        :raises ValueError: if ``hours`` is below 1
        """
        if hours < 1:
            raise ValueError(f"{hours} hours have no readings")
        span = [RunHour(first_hour.start + timedelta(hours=index)) for index in range(hours)]
        spoilt = span[-1:] if anomalous is None else anomalous
        return chain.from_iterable(self._hour(hour, spoil=hour in spoilt) for hour in span)

    def _hour(self, hour: RunHour, *, spoil: bool) -> list[LabelledReading]:
        everything = [
            reading
            for device in range(1, self.devices + 1)
            for tag in range(1, self.tags + 1)
            for reading in self._sensor_hour(str(device), str(tag), hour, spoil=spoil)
        ]
        # A stable sort: simultaneous readings stay in the order of devices and tags.
        everything.sort(key=lambda item: item.reading.moment)
        return everything

    def _sensor_hour(self, device: str, tag: str, hour: RunHour, *, spoil: bool) -> Iterator[LabelledReading]:
        curve = Curve.drawn(self._rng(device, tag))
        rng = self._rng(device, tag, str(hour))
        moments = [
            hour.start + index * INTERVAL + timedelta(milliseconds=rng.randrange(_milliseconds(JITTER)))
            for index in range(READINGS_PER_HOUR)
        ]
        healthy = [rng.gauss(curve.level + curve.offset(moment), curve.noise) for moment in moments]
        # A separate generator, so that an hour has the same healthy readings with and without anomalies.
        spoilt = self._spoilt(curve, moments, self._rng(device, tag, str(hour), "anomalies")) if spoil else {}
        for index, moment in enumerate(moments):
            kind, value = spoilt.get(index, (None, healthy[index]))
            yield LabelledReading(Reading(moment, device, tag, f"{value:.3f}"), kind)

    def _spoilt(
        self, curve: Curve, moments: list[datetime], rng: random.Random
    ) -> dict[int, tuple[AnomalyKind, float]]:
        """Choose the anomalies: half of them as one run, the others as spikes outside it."""
        if not self.anomaly_share:
            return {}
        count = max(1, round(self.anomaly_share * len(moments)))
        length = count // 2 if count // 2 >= _SHORTEST_RUN else 0
        start = rng.randrange(len(moments) - length + 1)
        run = range(start, start + length)
        elsewhere = [index for index in range(len(moments)) if index not in run]
        spikes = {
            index: (AnomalyKind.SPIKE, curve.spoilt(moments[index], rng.uniform(_NEAR, _FAR)))
            for index in rng.sample(elsewhere, count - length)
        }
        return spikes | _run(curve, moments, run, rng)

    def _rng(self, *of: str) -> random.Random:
        # random.Random hashes a text seed with SHA-512, which is the same in every process, unlike hash().
        # https://docs.python.org/3/library/random.html#random.seed
        return random.Random("/".join((str(self.seed), *of)))


def labels_of(readings: Iterable[LabelledReading]) -> Iterator[Label]:
    """Yield a label for each reading that has one."""
    for item in readings:
        if item.kind is not None:
            yield Label(item.reading.moment, item.reading.device, item.reading.tag, item.kind)


def _run(
    curve: Curve, moments: list[datetime], run: range, rng: random.Random
) -> dict[int, tuple[AnomalyKind, float]]:
    if not run:
        return {}
    if rng.random() < 0.5:  # noqa: PLR2004 - a fair coin
        stuck = curve.spoilt(moments[run.start], _NEAR)
        return dict.fromkeys(run, (AnomalyKind.STUCK, stuck))
    step = (_FAR - _NEAR) / len(run)
    return {
        index: (AnomalyKind.DRIFT, curve.spoilt(moments[index], _NEAR + step * nth))
        for nth, index in enumerate(run)
    }


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
