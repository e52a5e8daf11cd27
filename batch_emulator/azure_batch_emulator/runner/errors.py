"""Failures of an attempt that the runner finds, in the service's words."""

from __future__ import annotations

from azure_batch_emulator.errors import EmulatorError
from azure_batch_emulator.records.tasks import ErrorCategory, Failure
from azure_batch_emulator.redaction import redacted


class AttemptFailed(EmulatorError):
    """An attempt cannot go on; carries what the task's failureInfo will say."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure

    @classmethod
    def user(cls, code: str, message: str, **details: str) -> AttemptFailed:
        """Make a failure the task's owner can mend."""
        return cls(Failure(ErrorCategory.USER, code, message, _shown(details)))

    @classmethod
    def server(cls, code: str, message: str, **details: str) -> AttemptFailed:
        """Make a failure of the service or of what it depends on."""
        return cls(Failure(ErrorCategory.SERVER, code, message, _shown(details)))


def _shown(details: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, redacted(value)) for name, value in details.items())


def without_query(url: str) -> str:
    """Cut the query off a URL, as it may hold a signature that must not be shown."""
    return url.partition("?")[0]
