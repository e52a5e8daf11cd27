"""Requests and bytes sent, by operation and status; always counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import stamp

if TYPE_CHECKING:
    from datetime import datetime

UNKNOWN = "unknown"
"""Stands for the operation of a request that means none, or that was not let in."""
NO_RESPONSE = 0
"""Stands for the status of a request whose connection was dropped instead."""


@dataclass(frozen=True, slots=True)
class RequestCount:
    """Requests of one operation that were answered with one status."""

    operation: str
    status: int
    requests: int
    bytes_sent: int
    """Of bodies, without headers."""


@dataclass(frozen=True, slots=True)
class RequestReport:
    """All counts since a moment."""

    since: datetime
    lines: tuple[RequestCount, ...]

    def count(self, operation: str | None = None, *, status: int | None = None) -> int:
        """Add up requests: of one operation or of all, with one status or with any."""
        return sum(line.requests for line in self._chosen(operation, status))

    def bytes_sent(self, operation: str | None = None, *, status: int | None = None) -> int:
        """Add up the bytes of response bodies."""
        return sum(line.bytes_sent for line in self._chosen(operation, status))

    def json(self) -> dict[str, Any]:
        """Write the report for the control plane."""
        return {
            "since": stamp(self.since),
            "requests": self.count(),
            "bytesSent": self.bytes_sent(),
            "operations": {
                name: self._json(name) for name in sorted({line.operation for line in self.lines})
            },
        }

    def _json(self, operation: str) -> dict[str, Any]:
        return {
            "requests": self.count(operation),
            "bytesSent": self.bytes_sent(operation),
            "statuses": {str(line.status): line.requests for line in self._chosen(operation, None)},
        }

    def _chosen(self, operation: str | None, status: int | None) -> list[RequestCount]:
        return [
            line
            for line in self.lines
            if operation in {None, line.operation} and status in {None, line.status}
        ]


class RequestMetrics:
    """The running counts; one thread writes and reads them."""

    def __init__(self, now: datetime) -> None:
        self._since = now
        self._counts: dict[tuple[str, int], list[int]] = {}

    def note(self, operation: str, status: int, sent: int) -> None:
        """Count one response."""
        counts = self._counts.setdefault((operation, status), [0, 0])
        counts[0] += 1
        counts[1] += sent

    def report(self) -> RequestReport:
        """Tell what was counted, by operation and status."""
        lines = (RequestCount(*key, *counts) for key, counts in sorted(self._counts.items()))
        return RequestReport(self._since, tuple(lines))

    def reset(self, now: datetime) -> None:
        """Start counting from zero."""
        self._since = now
        self._counts.clear()
