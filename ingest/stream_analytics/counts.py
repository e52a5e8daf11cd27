"""Where every event went. The sums hold at any moment: see :meth:`Counts.unaccounted`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.stream_analytics.event_ordering.timeline import Placing

ACCOUNT_FILE = "account.json"
"""File in the folder of a job's state: where every event went, as of the last save."""


@dataclass(slots=True)
class Counts:
    """Rows of a job. An event that is not decoded, or was read before, counts as one row.

    :param read: all
    :param repeated: delivered again by the hub, and skipped
    :param undecodable: not JSON, or not of the types of CREATE TABLE
    :param without_time: TIMESTAMP BY has no result
    :param without_key: a column of OVER is NULL
    :param placed: by what the event ordering policies did
    :param in_windows: by output: aggregated in a window or more
    :param filtered: by output: left out by WHERE or a join
    :param rows_written: by output
    :param rows_refused: by output: rows without a folder, dropped by the output error policy
    :param rows_perhaps_again: rows of a write that a kill interrupted; they are written again
    """

    read: int = 0
    repeated: int = 0
    undecodable: int = 0
    without_time: int = 0
    without_key: int = 0
    placed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, Placing), 0))
    in_windows: dict[str, int] = field(default_factory=dict)
    filtered: dict[str, int] = field(default_factory=dict)
    rows_written: dict[str, int] = field(default_factory=dict)
    rows_refused: dict[str, int] = field(default_factory=dict)
    rows_perhaps_again: int = 0

    @property
    def kept(self) -> int:
        """Rows that go into windows."""
        return sum(count for name, count in self.placed.items() if Placing(name) in _KEPT)

    def unaccounted(self, open_rows: dict[str, int]) -> int:
        """Return how many rows are not accounted for: 0, or there is a fault.

        :param open_rows: by output: rows whose first window is still open
        """
        lost = (
            self.repeated
            + self.undecodable
            + self.without_time
            + self.without_key
            + sum(self.placed.values())
        )
        missing = abs(self.read - lost)
        for name, waiting in open_rows.items():
            missing += abs(self.kept - self.in_windows.get(name, 0) - self.filtered.get(name, 0) - waiting)
        return missing

    def to_dict(self) -> dict[str, Any]:
        """Write the counts as JSON holds them."""
        return asdict(self)


_KEPT = {Placing.ON_TIME, Placing.LATE_ADJUSTED, Placing.ORDER_ADJUSTED}
