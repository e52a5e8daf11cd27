"""Errors of an event hub that pass, and those that do not."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.eventhub.exceptions import AuthenticationError, ConnectError, EventHubError

from ingest.hub_faults import is_refusal


def with_condition(error: EventHubError, condition: str | None) -> EventHubError:
    """Return an error as the SDK makes it of AMQP's."""
    error.error = condition
    return error


@pytest.mark.parametrize(
    ("error", "is_final"),
    [
        (with_condition(AuthenticationError("Status code: 401"), "client-error"), True),
        (with_condition(AuthenticationError("Status code: 500"), "client-error"), False),
        (with_condition(AuthenticationError("no claim"), "unauthorized-access"), True),
        (with_condition(ConnectError("no such hub"), "not-found"), True),
        (ClientAuthenticationError("nobody is signed in"), True),
        # What the SDK makes of a hub that does not answer in time.
        (with_condition(AuthenticationError("Authorization timeout."), "internal-error"), False),
        (with_condition(EventHubError("throttled"), "server-busy"), False),
        (ConnectError("Connection refused"), False),
    ],
    ids=str,
)
def test_only_what_another_try_would_meet_again_is_final(error: EventHubError, is_final: bool) -> None:  # noqa: FBT001
    """A time-out is none of that, although the SDK calls it an error of authentication."""
    assert is_refusal(error) == is_final
