"""What became of the readings of a source."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ingest.devices.dispatch import Kind
from scoring_contract.reading_files.timestamps import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ingest.devices.dispatch import Dispatch


@dataclass(slots=True)
class Account:
    """Counts of all starts that share a state. ``sent`` is ``acknowledged`` and ``sent_again`` together.

    :param sent: events that were given to the hub; after a stop in an outage some were not acknowledged
    :param acknowledged: events that the hub has, each counted once
    :param sent_again: events of a chunk that was in flight when a sender was killed
    :param twice: readings that were sent twice on purpose
    :param withheld: readings that were not sent
    :param anomalies: readings that were sent and have a label
    :param first: earliest moment of a reading that was sent, ISO 8601
    """

    sent: int = 0
    acknowledged: int = 0
    sent_again: int = 0
    late: int = 0
    twice: int = 0
    disordered: int = 0
    drifted: int = 0
    withheld: int = 0
    anomalies: int = 0
    first: str | None = None
    last: str | None = None

    def add(self, chunk: Sequence[Dispatch]) -> None:
        """Count a chunk that the hub has acknowledged."""
        for dispatch in chunk:
            if dispatch.is_withheld:
                self.withheld += 1
                continue
            self.acknowledged += 1
            if dispatch.copy:
                self.twice += 1
                continue
            self.late += Kind.LATE in dispatch.kinds
            self.disordered += Kind.DISORDERED in dispatch.kinds
            self.drifted += Kind.DRIFTED in dispatch.kinds
            self.anomalies += dispatch.anomaly is not None
        self._see([dispatch.reading.moment for dispatch in chunk if not dispatch.is_withheld])

    @property
    def readings(self) -> int:
        """Readings whose first dispatch is done with."""
        return self.acknowledged - self.twice + self.withheld

    def to_dict(self) -> dict[str, Any]:
        """Write the counts as JSON holds them."""
        return asdict(self)

    def _see(self, moments: list[datetime]) -> None:
        if moments:
            # Texts of one form and zone are in the order of time.
            earliest, latest = text_of(min(moments)), text_of(max(moments))
            self.first = min(self.first or earliest, earliest)
            self.last = max(self.last or latest, latest)
