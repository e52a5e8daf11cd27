"""Collects lines that are not readings: the first ones, and each reason once."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_REJECTS = 1000
"""Rejects that are kept; further ones are only counted."""
_MOST_REASONS = 100
"""Limit for malicious files; others have fewer reasons."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is not a reading."""

    line: int
    """1-based, as in an editor."""
    text: str
    """The start of the line, printable."""
    reason: str


@dataclass(slots=True)
class Reason:
    """A reason for rejects, with its first line and its count."""

    first: Reject
    count: int = 1

    def __str__(self) -> str:
        """Return count, reason and first line: ``12 rows: Tag is empty; first in line 3: x,1,,1``."""
        rows = "1 row" if self.count == 1 else f"{self.count:,} rows"
        return f"{rows}: {self.first.reason}; first in line {self.first.line}: {self.first.text}"


@dataclass(slots=True)
class Rejects:
    """The rejects of one pass over a file."""

    total: int = 0
    listed: list[Reject] = field(default_factory=list)
    """The first :data:`MOST_REJECTS`."""
    _reasons: dict[str, Reason] = field(default_factory=dict)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Each reason once, most frequent first."""
        return tuple(sorted(self._reasons.values(), key=lambda reason: -reason.count))

    def add(self, reject: Reject, *, kind: str) -> None:
        """Count a reject, and keep the first ones.

        :param kind: its reason, without details that differ from line to line
        """
        self.total += 1
        if len(self.listed) < MOST_REJECTS:
            self.listed.append(reject)
        if reason := self._reasons.get(kind):
            reason.count += 1
        elif len(self._reasons) < _MOST_REASONS:
            self._reasons[kind] = Reason(reject)
