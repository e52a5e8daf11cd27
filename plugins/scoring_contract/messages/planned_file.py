"""A reading blob as the plan found it: what a file below a mount, which may be stale, is held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from scoring_contract.json_message import Node

_FORM = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """Size and age of a blob."""

    size: int
    """Bytes."""
    modified: datetime
    """Last write, by the clock of Blob Storage, in whole seconds of UTC."""

    def is_met_by(self, size: int, modified: datetime) -> bool:
        """Whether a file can be this blob, or a copy of it: as long, and written no earlier."""
        return size == self.size and modified >= self.modified

    def __str__(self) -> str:
        """Return both, for people."""
        return described(self.size, self.modified)

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {"size": self.size, "modified": self.modified.astimezone(UTC).strftime(_FORM)}

    @classmethod
    def from_json(cls, node: Node) -> Self:
        """Read the wire form."""
        text = node["modified"].text()
        try:
            modified = datetime.strptime(text, _FORM).replace(tzinfo=UTC)
        except ValueError:
            raise node["modified"].wrong(f"is {text!r}, not a time like 2018-08-29T03:00:07Z") from None
        return cls(node["size"].count(), modified)


def described(size: int, modified: datetime) -> str:
    """Return size and age of a file, for people."""
    return f"{size} bytes of {modified.astimezone(UTC).strftime(_FORM)}"
