"""What is told of a hub that cannot be reached."""

from __future__ import annotations

import io

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.eventhub.exceptions import AuthenticationError, ConnectError, EventHubError

from ingest.devices.outage import Outage, is_refusal, sentence_of
from ingest.progress_line import ProgressLine


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


def test_an_outage_is_told_once() -> None:
    """Its cause in one line when it begins, and a line when it ends."""
    stream = io.StringIO()
    outage = Outage(stream, ProgressLine(stream))
    outage.end()
    for _ in range(3):
        outage.begin(ConnectError("Failed:\n  Connection refused\nError: socket-error\nFailed"))
    outage.end()
    outage.end()
    assert stream.getvalue() == (
        "the event hub cannot be reached, trying again: Failed: Connection refused\n"
        "the event hub can be reached again\n"
    )
    assert sentence_of(EventHubError("")) == "EventHubError"
