"""Errors of ingest.

::

    IngestError
      + FormError           options that say how files are written contradict each other, or name nothing
      + ReadingsFileError   the whole file cannot be read: missing, damaged, of another kind, lacks a column
      + NoReadings          a source has no valid reading
      + StorageFailed       Blob Storage refused or did not answer

A bad row raises no error: it becomes a :class:`~ingest.files.rejects.Reject`, and reading continues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN_REASONS = 10


class IngestError(Exception):
    """Readings cannot be loaded; the message says what to change."""


class FormError(IngestError):
    """Options that say how files are written are wrong; the message is one sentence."""


class ReadingsFileError(IngestError):
    """No row of the file can be read, for one common reason.

    :param path: the file
    :param problem: what is wrong with it, starting with a verb
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} {problem}")
        self.path = path
        self.problem = problem

    def __reduce__(self) -> tuple[type[ReadingsFileError], tuple[str, str]]:
        """Pickle the facts."""
        return type(self), (self.path, self.problem)


class NoReadings(IngestError):
    """There is nothing to load; an empty load is always a mistake.

    :param source: the file as it was given, or the name of another source
    :param rejects: number of refused rows
    :param reasons: each reason once, with its count and first line
    """

    def __init__(self, source: str, rejects: int, reasons: tuple[str, ...]) -> None:
        because = ""
        if rejects:
            rows = "1 row was" if rejects == 1 else f"{rejects:,} rows were"
            kinds = "1 reason" if len(reasons) == 1 else f"{len(reasons)} reasons"
            because = "".join((f": {rows} refused for {kinds}", *_listed(reasons)))
        super().__init__(f"{source} has no valid reading{because}")
        self.source = source
        self.rejects = rejects
        self.reasons = reasons

    def __reduce__(self) -> tuple[type[NoReadings], tuple[str, int, tuple[str, ...]]]:
        """Pickle the facts."""
        return type(self), (self.source, self.rejects, self.reasons)


def _listed(reasons: tuple[str, ...]) -> Iterator[str]:
    yield from (f"\n  {reason}" for reason in reasons[:_SHOWN_REASONS])
    if len(reasons) > _SHOWN_REASONS:
        yield f"\n  and {len(reasons) - _SHOWN_REASONS} other reasons"


class StorageFailed(IngestError):
    """A call to Blob Storage failed after all retries; loading again completes what is half written.

    The SDK's own message is left out, because it can contain the URL with its signature.

    :param action: the failed action, for example ``write readings/…``
    :param problem: the service's error code, or the SDK's exception class
    """

    def __init__(self, action: str, problem: str) -> None:
        super().__init__(f"Blob Storage did not {action}: {problem}")
        self.action = action
        self.problem = problem

    def __reduce__(self) -> tuple[type[StorageFailed], tuple[str, str]]:
        """Pickle the facts."""
        return type(self), (self.action, self.problem)
