"""What a check found. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended."""

    FINE = "fine"
    WARNING = "warning"
    """It works, and somebody should know this."""
    MISSING = "missing"
    """An hour cannot be scored, or nobody would be told."""
    SKIPPED = "skipped"
    """Not looked at: what it needs is missing, or it was not to be tried."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    :param sentence: what was found
    :param remedy: the command or change that mends it; empty if nothing is to be done
    :param check: name of the check, which is put in by who makes it
    """

    verdict: Verdict
    sentence: str
    remedy: str = ""
    check: str = ""

    def to_json(self) -> dict[str, str]:
        """Return it for a pipeline."""
        return {
            "check": self.check,
            "verdict": self.verdict.value,
            "sentence": self.sentence,
            "remedy": self.remedy,
        }


def fine(sentence: str) -> Finding:
    """Find that all is well."""
    return Finding(Verdict.FINE, sentence)


def warning(sentence: str, remedy: str = "") -> Finding:
    """Find what works, and should be known."""
    return Finding(Verdict.WARNING, sentence, remedy)


def missing(sentence: str, remedy: str) -> Finding:
    """Find what keeps an hour from being scored, or people from being told."""
    return Finding(Verdict.MISSING, sentence, remedy)


def skipped(sentence: str, remedy: str = "") -> Finding:
    """Find nothing, as nothing was looked at."""
    return Finding(Verdict.SKIPPED, sentence, remedy)
