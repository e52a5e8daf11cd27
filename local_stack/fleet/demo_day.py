"""The day that the fleet of a new stack has behind it: readings in which things go wrong. Pure.

Runs score it like any other day; nothing here says what they find.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from ingest.simulator import Fleet, LabelledReading
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Iterator

HOURS = 24
_SPIKE_SHARE = 0.3
_NO_VALUE = "NaN"
"""What a broken converter sends: a row that no model can score."""


class Trouble(StrEnum):
    """What goes wrong with a sensor."""

    SILENCE = "silence"
    """It sends nothing."""
    NO_VALUES = "no values"
    """What it sends has no values, so that it cannot be scored."""
    SPIKE = "spike"
    """Three readings of ten are anomalous."""


@dataclass(frozen=True, slots=True)
class Episode:
    """Trouble of one sensor.

    :param began: its first hour, so many before the last of the day
    :param ended: its last hour, likewise
    """

    device: str
    tag: str
    trouble: Trouble
    began: int
    ended: int


EPISODES = (
    Episode("1", "3", Trouble.SILENCE, 9, 8),
    Episode("3", "5", Trouble.SILENCE, 5, 0),
    Episode("2", "2", Trouble.NO_VALUES, 4, 3),
    Episode("2", "4", Trouble.SPIKE, 2, 1),
    Episode("3", "1", Trouble.SPIKE, 1, 0),
)
_UNTROUBLED_UNTIL = max(episode.began for episode in EPISODES if episode.trouble is not Trouble.SILENCE)


@dataclass(frozen=True, slots=True)
class DemoDay:
    """Twenty-four hours.

    :param last: the last of them
    """

    last: RunHour
    fleet: Fleet = field(default_factory=Fleet)

    @property
    def hours(self) -> list[RunHour]:
        """Its hours, in order."""
        return [self._back(back) for back in reversed(range(HOURS))]

    @property
    def trained_until(self) -> RunHour:
        """First hour that models are not trained on: from there on readings are anomalous or none."""
        return self._back(_UNTROUBLED_UNTIL)

    def labelled(self, hour: RunHour, *, anomalous: bool) -> Iterator[LabelledReading]:
        """Yield the readings of one of its hours with their labels, sorted by time.

        :param anomalous: whether the other sensors have anomalies, too
        """
        troubles = self._troubles(hour)
        spoilt = [hour] if anomalous else []
        spiking = replace(self.fleet, anomaly_share=_SPIKE_SHARE).labelled(hour, 1, anomalous=[hour])
        for usual, spike in zip(self.fleet.labelled(hour, 1, anomalous=spoilt), spiking, strict=True):
            trouble = troubles.get((usual.reading.device, usual.reading.tag))
            if trouble is Trouble.SPIKE:
                yield spike
            elif trouble is Trouble.NO_VALUES:
                yield LabelledReading(replace(usual.reading, value=_NO_VALUE), None)
            elif trouble is None:
                yield usual

    def _troubles(self, hour: RunHour) -> dict[tuple[str, str], Trouble]:
        back = (self.last.start - hour.start) // timedelta(hours=1)
        return {
            (episode.device, episode.tag): episode.trouble
            for episode in EPISODES
            if episode.ended <= back <= episode.began
        }

    def _back(self, hours: int) -> RunHour:
        return RunHour(self.last.start - timedelta(hours=hours))
