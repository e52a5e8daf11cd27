"""What happens to readings between device and event hub: they come late, twice, out of order, or never.

A reading goes in; one or two dispatches come out. What is drawn depends on seed, sensor and moment alone, so
that a device has the same disturbances in any fleet, and after a restart.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from ingest.devices.dispatch import Dispatch, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.devices.dispatch import Measured
    from ingest.reading import Reading

COPY_UP_TO = timedelta(seconds=30)
"""How long after a reading its copy arrives, at most."""

_DRAWS = struct.Struct("<6I")
_ONE = 1 << 32
_DAY = timedelta(days=1)
_FEWEST_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which a device sends nothing, from a moment to before another."""

    begin: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.begin >= self.end:
            raise ValueError(f"a silence from {self.begin} to {self.end} has no length")


@dataclass(frozen=True, slots=True)
class Disturbances:
    """What disturbs the devices of a source.

    :param late: by device: all its readings arrive so much later
    :param late_share: share of single readings that arrive late, by up to ``late_up_to``
    :param twice_share: share of readings that are sent again, within :data:`COPY_UP_TO`
    :param disorder_share: share of readings that are held back for half of ``disorder_up_to`` to all of it
    :param silent: by device
    :param drift: by device: percent of its values by which they grow in a day
    :raises ValueError: for a share outside 0 to 1, or a negative time
    """

    seed: int = 7
    late: Mapping[str, timedelta] = field(default_factory=dict)
    late_share: float = 0.0
    late_up_to: timedelta = timedelta(minutes=10)
    twice_share: float = 0.0
    disorder_share: float = 0.0
    disorder_up_to: timedelta = timedelta(seconds=40)
    """By default the next reading of a simulated sensor, 20 seconds later at most, overtakes it."""
    silent: Mapping[str, tuple[Silence, ...]] = field(default_factory=dict)
    drift: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for share in (self.late_share, self.twice_share, self.disorder_share):
            if not 0 <= share <= 1:
                raise ValueError(f"a share of {share:g} is not between 0 and 1")
        for delay in (*self.late.values(), self.late_up_to, self.disorder_up_to):
            if delay < timedelta(0):
                raise ValueError(f"a delay of {delay.total_seconds():g} seconds is below 0")

    @property
    def devices(self) -> frozenset[str]:
        """Devices that are named."""
        return frozenset((*self.late, *self.silent, *self.drift))

    @property
    def longest_delay(self) -> timedelta:
        """No dispatch arrives later than this after its reading is ready."""
        singles = (
            self.late_up_to if self.late_share else timedelta(0),
            self.disorder_up_to if self.disorder_share else timedelta(0),
            COPY_UP_TO if self.twice_share else timedelta(0),
        )
        return max(self.late.values(), default=timedelta(0)) + sum(map(_milliseconds, singles), timedelta(0))

    def dispatches(self, measured: Measured, since: datetime) -> tuple[Dispatch, ...]:
        """Return what becomes of a reading: a dispatch, or two if it is sent twice.

        A withheld reading is one dispatch that is not sent, so that it can be counted.

        :param since: when drifts began
        """
        reading, kinds, delay = measured.reading, set[Kind](), timedelta(0)
        if any(silence.begin <= reading.moment < silence.end for silence in self._silences(reading)):
            return (self._dispatch(measured, reading, timedelta(0), {Kind.WITHHELD}),)
        if (constant := self.late.get(reading.device)) is not None:
            kinds.add(Kind.LATE)
            delay += constant
        if (percent := self.drift.get(reading.device)) is not None:
            kinds.add(Kind.DRIFTED)
            reading = _drifted(reading, percent * ((reading.moment - since) / _DAY))
        if not (self.late_share or self.twice_share or self.disorder_share):
            return (self._dispatch(measured, reading, delay, kinds),)
        return self._drawn(measured, reading, delay, kinds)

    def _silences(self, reading: Reading) -> tuple[Silence, ...]:
        return self.silent.get(reading.device, ())

    def _drawn(
        self, measured: Measured, reading: Reading, delay: timedelta, kinds: set[Kind]
    ) -> tuple[Dispatch, ...]:
        """Draw what happens to single readings."""
        is_late, lateness, is_twice, lag, is_held, hold = self._draws(reading)
        if is_late < self.late_share:
            kinds.add(Kind.LATE)
            delay += _milliseconds(self.late_up_to * (1 - lateness))  # above 0
        if is_held < self.disorder_share:
            kinds.add(Kind.DISORDERED)
            delay += _milliseconds(self.disorder_up_to * (1 - hold / 2))
        first = self._dispatch(measured, reading, delay, kinds)
        if is_twice >= self.twice_share:
            return (first,)
        later = first.arrival + _milliseconds(COPY_UP_TO * lag)
        return first, replace(first, arrival=later, copy=1)

    def _draws(self, reading: Reading) -> list[float]:
        """Draw six numbers, from 0 to below 1."""
        text = "\0".join((str(self.seed), reading.device, reading.tag, reading.moment.isoformat()))
        digest = blake2b(text.encode(), digest_size=_DRAWS.size).digest()
        return [number / _ONE for number in _DRAWS.unpack(digest)]

    @staticmethod
    def _dispatch(measured: Measured, reading: Reading, delay: timedelta, kinds: set[Kind]) -> Dispatch:
        return Dispatch(
            measured.ready + delay,
            measured.number,
            reading,
            kinds=frozenset(kinds),
            anomaly=measured.anomaly,
        )


def _drifted(reading: Reading, percent: float) -> Reading:
    """Change a value; it keeps its decimals, and has enough of them to show a small change."""
    decimals = len(reading.value.lower().partition("e")[0].partition(".")[2])
    value = float(reading.value) * (1 + percent / 100)
    return replace(reading, value=f"{value:.{max(decimals, _FEWEST_DECIMALS)}f}")


def _milliseconds(delay: timedelta) -> timedelta:
    """Round up to the millisecond: the time of arrival at a hub has no more digits."""
    return -(-delay // timedelta(milliseconds=1)) * timedelta(milliseconds=1)
