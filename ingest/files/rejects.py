"""Collects lines that are not readings: the first ones, and each reason once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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
    file: str = ""
    """Name of the file, if there are several."""

    @property
    def place(self) -> str:
        """Where it is: ``line 3``, or ``line 3 of a.csv``."""
        return f"line {self.line} of {self.file}" if self.file else f"line {self.line}"


@dataclass(slots=True)
class Reason:
    """A reason for rejects, with its first line and its count."""

    first: Reject
    count: int = 1

    def __str__(self) -> str:
        """Return count, reason and first line: ``12 rows: Tag is empty; first in line 3: x,1,,1``."""
        rows = "1 row" if self.count == 1 else f"{self.count:,} rows"
        return f"{rows}: {self.first.reason}; first in {self.first.place}: {self.first.text}"


@dataclass(slots=True)
class Rejects:
    """The rejects of one pass over one or more files.

    :param on_reject: called with each, also with those that are not kept
    """

    on_reject: Callable[[Reject], None] | None = None
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
        if self.on_reject:
            self.on_reject(reject)
        if len(self.listed) < MOST_REJECTS:
            self.listed.append(reject)
        if reason := self._reasons.get(kind):
            reason.count += 1
        elif len(self._reasons) < _MOST_REASONS:
            self._reasons[kind] = Reason(reject)
