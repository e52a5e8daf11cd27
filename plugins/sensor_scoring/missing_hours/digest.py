"""One message about all incomplete hours, sent when the set changes. Pure.

An hour that a run is about to score is no news, neither as missing nor, before all such runs have ended, as
complete again: a backfill of many hours makes for one message when it is needed and one when it is done.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor_scoring.missing_hours.gaps import Gap
    from sensor_scoring.missing_hours.report import MissingReport


@dataclass(frozen=True, slots=True)
class Digest:
    """Hours missing now, and hours reported as missing before."""

    report: MissingReport
    reported: frozenset[RunHour]
    """Hours of the last message that are still looked at."""

    @property
    def missing(self) -> frozenset[RunHour]:
        """Hours that are missing and that no run is about to score."""
        return frozenset(gap.hour for gap in self.report.unattended)

    @property
    def awaited(self) -> frozenset[RunHour]:
        """Reported hours that a run is about to score."""
        return frozenset(gap.hour for gap in self.report.gaps if gap.is_under_way) & self.reported

    @property
    def complete_again(self) -> list[RunHour]:
        """Reported hours that are complete now."""
        return sorted(self.reported.difference(gap.hour for gap in self.report.gaps))

    @property
    def is_news(self) -> bool:
        """Whether a message is due."""
        return bool(self.missing - self.reported) or (bool(self.complete_again) and not self.awaited)

    @property
    def to_remember(self) -> frozenset[RunHour]:
        """Hours that count as reported once the message is sent."""
        return self.missing | self.awaited

    def message(self) -> str:
        """Write the message; its first line is the subject."""
        count = len(self.report.unattended)
        if not count:
            lines = ["Sensor scoring: all hours are complete again"]
        else:
            lines = [f"Sensor scoring: {count} {'hour is' if count == 1 else 'hours are'} incomplete"]
            lines += [*self.report.table(), *self.report.commands()]
        if self.complete_again:
            lines.append(f"Complete again: {', '.join(map(str, self.complete_again))}")
        return "\n".join(lines)


def since_beginning(gaps: Iterable[Gap], first: RunHour) -> list[Gap]:
    """Leave out the hours before the first that has readings or predictions.

    A deployment that is younger than what is looked back on misses nothing there.

    :param gaps: oldest first
    :param first: first hour that was looked at
    """
    kept, beginning = [], first
    for gap in gaps:
        if gap.hour == beginning and gap.is_unscored and not gap.unpredicted:
            beginning = beginning.next
        else:
            kept.append(gap)
    return kept


def hours_to_json(hours: Iterable[RunHour]) -> str:
    """Write the hours that were reported."""
    return json.dumps({"hours": sorted(map(str, hours))})


def hours_from_json(text: bytes | None) -> frozenset[RunHour]:
    """Read the hours that were reported; none if there is no such text, or it is damaged.

    A repeated message is better than none at all.
    """
    if not text:
        return frozenset()
    try:
        return frozenset(map(RunHour.parse, json.loads(text)["hours"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return frozenset()
