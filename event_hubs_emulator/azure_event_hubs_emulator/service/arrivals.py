"""When events arrive: by the clock, or by what they say themselves, for history that is replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from azure_event_hubs_emulator.amqp.messages import annotations_of
from azure_event_hubs_emulator.amqp.types import Timestamp
from azure_event_hubs_emulator.clock import milliseconds
from azure_event_hubs_emulator.errors import AmqpError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azure_event_hubs_emulator.clock import Clock

ENQUEUED_TIME = "x-opt-enqueued-time"
"""The annotation that the hub gives each event that it delivers."""


class Arrivals(Protocol):
    """Tells when events arrive, in milliseconds since 1970."""

    def of(self, events: Sequence[bytes]) -> int:
        """Tell when a delivery arrives.

        :raises AmqpError: if that cannot be told
        """

    def now(self) -> int:
        """Tell the moment by which age is reckoned."""


class ArrivalsByClock:
    """Events arrive when they are there, as in Azure."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def of(self, events: Sequence[bytes]) -> int:  # noqa: ARG002  nobody asks them
        """Tell the present moment."""
        return self.now()

    def now(self) -> int:
        """Tell the present moment."""
        return milliseconds(self._clock.now())


class ArrivalsByEvents:
    """Events arrive when they say so in the annotation ``x-opt-enqueued-time``; time never goes backwards.

    :param latest: last arrival that is kept
    """

    def __init__(self, latest: int) -> None:
        self._latest = latest

    def of(self, events: Sequence[bytes]) -> int:
        """Tell the latest moment that an event of the delivery has, or an earlier delivery had.

        :raises AmqpError: if an event has none
        """
        self._latest = max(self._latest, *map(_noted, events))
        return self._latest

    def now(self) -> int:
        """Tell the latest moment so far."""
        return self._latest


def _noted(event: bytes) -> int:
    moment = annotations_of(event).get(ENQUEUED_TIME)
    if not isinstance(moment, Timestamp):
        raise AmqpError(
            "com.microsoft:argument-error",
            f"The emulator runs with --clock events: each event needs a timestamp in {ENQUEUED_TIME}.",
        )
    return moment
