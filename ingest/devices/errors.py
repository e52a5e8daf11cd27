"""Errors of sending events.

::

    SendingError
      + HubRefused       the event hub would refuse another try, too: wrong key, no such hub
      + HubUnreachable   stopped while the event hub could not be reached
      + StateRefused     the file of the state is another run's, or cannot be used
"""

from __future__ import annotations

from ingest.errors import IngestError


class SendingError(IngestError):
    """Events cannot be sent; the message says what to change."""


class HubRefused(SendingError):
    """The event hub refuses to take events."""


class HubUnreachable(SendingError):
    """What is in flight was not acknowledged before the stop."""


class StateRefused(SendingError):
    """Going on from the state would lose events, or send them again."""
