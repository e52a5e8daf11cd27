"""Which errors of an event hub pass, and how they are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TextIO

from azure.core.exceptions import ClientAuthenticationError
from azure.eventhub.exceptions import AuthenticationError, EventHubError

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError

    from ingest.progress_line import ProgressLine

_REFUSALS = frozenset(
    {
        "argument-error",
        "argument-out-of-range",
        "auth-failed",
        "entity-disabled",
        "link:message-size-exceeded",
        "not-allowed",
        "not-found",
        "not-implemented",
        "unauthorized-access",
    }
)
"""AMQP's conditions after the first colon, which another try would meet again.
https://learn.microsoft.com/azure/event-hubs/troubleshooting-guide"""

_CLIENT_ERROR = re.compile(r"Status code: 4\d\d")
"""In what the SDK says of a token that was refused; its condition is that of any client's error."""
_REPETITION = re.compile(r"\nError\b")
"""The SDK says everything again behind it."""

HubFault = (EventHubError, ClientAuthenticationError)
"""What the SDK raises when a call has failed after its own retries."""


def is_refusal(error: EventHubError | AzureError) -> bool:
    """Whether another try would end the same way."""
    if isinstance(error, AuthenticationError) and _CLIENT_ERROR.search(str(error)):
        return True
    return isinstance(error, ClientAuthenticationError) or getattr(error, "error", None) in _REFUSALS


def sentence_of(error: EventHubError | AzureError) -> str:
    """Return what an error says, in one line."""
    return " ".join(_REPETITION.split(str(error))[0].split()) or type(error).__name__


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
