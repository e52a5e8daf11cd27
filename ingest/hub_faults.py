"""Errors of an event hub: which of them pass, and what they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azure.core.exceptions import ClientAuthenticationError
from azure.eventhub.exceptions import AuthenticationError, EventHubError

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError

_REFUSALS = frozenset(
    {
        "argument-error",
        "argument-out-of-range",
        "auth-failed",
        "entity-disabled",
        "link:stolen",
        "link:message-size-exceeded",
        "not-allowed",
        "not-found",
        "not-implemented",
        "resource-limit-exceeded",
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
