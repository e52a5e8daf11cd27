"""The failure of one sensor among many, as a cause and a sentence. The others go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import ScorerError
from scoring_contract.messages.report import Cause

if TYPE_CHECKING:
    from scorer.console import Console


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a sensor failed."""

    cause: Cause
    reason: str

    @classmethod
    def of(cls, error: Exception, console: Console) -> Failure:
        """Describe an error; print the traceback of an unexpected one."""
        if isinstance(error, ScorerError):
            return cls(error.cause, str(error))
        console.trace(error)
        return cls(Cause.UNEXPECTED, f"an internal error of the scorer ({type(error).__name__}); see stderr")
