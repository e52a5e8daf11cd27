"""What is told of a hub that cannot be reached."""

from __future__ import annotations

import io

from azure.eventhub.exceptions import ConnectError, EventHubError

from ingest.devices.outage import Outage
from ingest.hub_faults import sentence_of
from ingest.progress_line import ProgressLine


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
