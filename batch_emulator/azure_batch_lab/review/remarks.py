"""What is noticed in the course of a review: offsets and details, not yet sentences with places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure_batch_lab.review.fact import UNKNOWN

if TYPE_CHECKING:
    from azure_batch_lab.review.fact import Fact


@dataclass(slots=True)
class Remarks:
    """Errors and warnings, in the order they were noticed."""

    errors: list[tuple[int, str]] = field(default_factory=list)
    """Offset and detail."""
    warnings: list[tuple[int, str, str]] = field(default_factory=list)
    """Offset, code and message."""

    def wrong(self, at: int, detail: str) -> Fact:
        """Note an error; nothing is known of the value."""
        self.errors.append((at, detail))
        return UNKNOWN

    def warn(self, at: int, code: str, message: str) -> None:
        """Note a warning."""
        self.warnings.append((at, code, message))

    def warned(self, code: str) -> int:
        """Count the warnings of a code."""
        return sum(one == code for _, one, _ in self.warnings)
