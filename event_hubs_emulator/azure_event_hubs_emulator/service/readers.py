"""Who reads a partition for a consumer group, and who has to leave when another comes.

https://learn.microsoft.com/en-us/azure/event-hubs/event-hubs-event-processor-host and
https://learn.microsoft.com/en-us/azure/event-hubs/event-hubs-features#consumer-groups: five readers without
an epoch, or one with. The sentences are the service's, as quoted in
https://github.com/Azure/azure-event-hubs-go/issues/181,
https://github.com/Azure/azure-sdk-for-java/issues/26583 and
https://github.com/Azure/azure-sdk-for-java/issues/12483.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_event_hubs_emulator.errors import AmqpError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_READERS = 5
NO_EPOCH = -1
STOLEN = "amqp:link:stolen"


@dataclass(eq=False, slots=True)
class Reader:
    """A receiver of a partition.

    :param epoch: its owner level; None if it has none
    :param leave: ends its link with an error
    """

    identifier: str
    epoch: int | None
    leave: Callable[[AmqpError], None]


class Readers:
    """The readers of each consumer group and partition."""

    def __init__(self) -> None:
        self._present: dict[tuple[str, str, int], list[Reader]] = {}

    def join(self, place: tuple[str, str, int], reader: Reader) -> None:
        """Let a reader in; those with a lower epoch, or the same, have to leave.

        :param place: hub, consumer group and partition
        :raises AmqpError: if another's epoch is higher, or there are too many
        """
        present = self._present.setdefault(place, [])
        highest = max((other.epoch for other in present if other.epoch is not None), default=None)
        if reader.epoch is None:
            self._check_without_epoch(present, highest)
        elif highest is not None and highest > reader.epoch:
            raise AmqpError(
                STOLEN,
                f"Receiver '{reader.identifier}' with a higher epoch '{highest}' already exists. Receiver "
                f"'{reader.identifier}' with epoch {reader.epoch} cannot be created. Make sure you are "
                "creating receiver with increasing epoch value to ensure connectivity, or ensure all old "
                "epoch receivers are closed or disconnected.",
            )
        leaving = [] if reader.epoch is None else list(present)
        present.append(reader)
        for other in leaving:
            self.leave(place, other)
            other.leave(AmqpError(STOLEN, _displaced(other, reader)))

    @staticmethod
    def _check_without_epoch(present: list[Reader], highest: int | None) -> None:
        if highest is not None:
            raise AmqpError(
                STOLEN,
                f"At least one receiver for the endpoint is created with epoch of '{highest}', and so "
                "non-epoch receiver is not allowed. Either reconnect with a higher epoch, or make sure all "
                "epoch receivers are closed or disconnected.",
            )
        if len(present) >= MOST_READERS:
            raise AmqpError(
                "amqp:resource-limit-exceeded",
                "Exceeded the maximum number of allowed receivers per partition in a consumer group which is "
                f"{MOST_READERS}. List of connected receivers - {', '.join(o.identifier for o in present)}.",
            )

    def leave(self, place: tuple[str, str, int], reader: Reader) -> None:
        """Forget a reader; one that is not known is no error."""
        present = self._present.get(place, [])
        if reader in present:
            present.remove(reader)
        if not present:
            self._present.pop(place, None)


def _displaced(other: Reader, by: Reader) -> str:
    epoch = NO_EPOCH if other.epoch is None else other.epoch
    return (
        f"New receiver '{by.identifier}' with higher epoch of '{by.epoch}' is created hence current "
        f"receiver '{other.identifier}' with epoch '{epoch}' is getting disconnected. If you are recreating "
        "the receiver, make sure a higher epoch is used."
    )
