"""Tells people of a hub that cannot be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from ingest.hub_faults import sentence_of

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError
    from azure.eventhub.exceptions import EventHubError

    from ingest.progress_line import ProgressLine


class Outage:
    """Tells when the hub cannot be reached, and when it can again; each once.

    :param stream: receives the lines
    :param line: erased before each
    """

    def __init__(self, stream: TextIO, line: ProgressLine) -> None:
        self._stream = stream
        self._line = line
        self._is_on = False

    def begin(self, error: EventHubError | AzureError) -> None:
        """Tell why the hub cannot be reached."""
        if not self._is_on:
            self._tell(f"the event hub cannot be reached, trying again: {sentence_of(error)}")
        self._is_on = True

    def end(self) -> None:
        """Tell that it can be reached again."""
        if self._is_on:
            self._tell("the event hub can be reached again")
        self._is_on = False

    def _tell(self, sentence: str) -> None:
        self._line.end()
        self._stream.write(f"{sentence}\n")
        self._stream.flush()
