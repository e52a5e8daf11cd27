"""What a review found: where, what, and why it matters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure_batch_emulator.autoscale.source import Place


class Severity(IntEnum):
    """How bad it is."""

    WARNING = 1
    """The service takes the formula, and a reviewer would ask."""
    ERROR = 2
    """The service refuses the formula, or cannot evaluate it."""

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found."""

    severity: Severity
    code: str
    """A short name, the same for all of its kind."""
    message: str
    why: str
    place: Place | None
    """None if it is not about the text."""

    @property
    def facts(self) -> dict[str, Any]:
        """Write it for programs."""
        place = self.place
        return {
            "severity": str(self.severity),
            "code": self.code,
            "message": self.message,
            "why": self.why,
            "line": None if place is None else place.line,
            "column": None if place is None else place.column,
            "sourceLine": None if place is None else place.source_line,
        }

    def shown(self, name: str) -> str:
        """Write it for people, with a caret under the column."""
        place = self.place
        where = name if place is None else f"{name}:{place.line}:{place.column}"
        drawn = "" if place is None else "".join(f"    {line}\n" for line in place.drawn().split("\n"))
        why = f"    why: {self.why}\n" if self.why else ""
        return f"{where}: {self.severity}: {self.message} [{self.code}]\n{drawn}{why}"
