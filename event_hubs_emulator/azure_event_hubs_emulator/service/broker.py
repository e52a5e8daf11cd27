"""The hubs at work: events in, events out, and what ``$management`` tells about them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from azure_event_hubs_emulator.amqp.messages import annotations_of, events_of
from azure_event_hubs_emulator.amqp.types import Array, Timestamp
from azure_event_hubs_emulator.clock import milliseconds
from azure_event_hubs_emulator.errors import AmqpError
from azure_event_hubs_emulator.service.entities import partition_number
from azure_event_hubs_emulator.service.partition_key import partition_of
from azure_event_hubs_emulator.service.readers import Readers
from azure_event_hubs_emulator.store.record import Event

if TYPE_CHECKING:
    from azure_event_hubs_emulator.clock import Clock
    from azure_event_hubs_emulator.hubs import HubSpec
    from azure_event_hubs_emulator.service.arrivals import Arrivals
    from azure_event_hubs_emulator.service.entities import Entity, Namespace
    from azure_event_hubs_emulator.store.hub_store import HubStore
    from azure_event_hubs_emulator.store.partition_log import PartitionLog

PARTITION_KEY = "x-opt-partition-key"
LONGEST_KEY = 128
"""https://learn.microsoft.com/en-us/azure/event-hubs/event-hubs-quotas"""
NEVER = Timestamp(-62_135_596_800_000)
"""The first moment of the year 1, which stands for "never"."""


class Broker:
    """What all connections share."""

    def __init__(self, namespace: Namespace, store: HubStore, clock: Clock, arrivals: Arrivals) -> None:
        self.namespace, self.clock, self.arrivals = namespace, clock, arrivals
        self.readers = Readers()
        self._store = store
        self._turns = {key: itertools.cycle(range(hub.partitions)) for key, hub in namespace.hubs.items()}

    def now(self) -> int:
        """Tell the time, in milliseconds since 1970."""
        return milliseconds(self.clock.now())

    def log(self, entity: Entity) -> PartitionLog:
        """Give the log of a reader's partition."""
        return self._store.log(entity.hub, entity.partition or 0)

    def publish(self, entity: Entity, message: bytes, message_format: int) -> int:
        """Keep the events of a delivery, all in one partition; return how many they are.

        :raises AmqpError: if it is malformed, its key cannot be used, or its time of arrival is not known
        :raises StoreError: if they cannot be kept
        """
        key = _key_of(annotations_of(message))
        if entity.partition is not None:
            partition = entity.partition  # a buffered producer names both, having hashed the key itself
        elif key is not None:
            partition = partition_of(key, entity.hub.partitions)
        else:
            partition = next(self._turns[entity.hub.key])
        kept = None if key is None else key.encode()
        messages = events_of(message, message_format)
        events = [Event(event, kept) for event in messages]
        self._store.log(entity.hub, partition).append(events, now=self.arrivals.of(messages))
        return len(events)

    def hub_properties(self, hub: HubSpec) -> dict[str, Any]:
        """Describe a hub, as ``$management`` answers."""
        return {
            "name": hub.name,
            "type": "com.microsoft:eventhub",
            "created_at": Timestamp(milliseconds(self._store.created(hub))),
            "partition_count": hub.partitions,
            "partition_ids": Array(str(number) for number in range(hub.partitions)),
            "georeplication_factor": 1,
        }

    def partition_properties(self, hub: HubSpec, partition_id: str) -> dict[str, Any]:
        """Describe a partition, as ``$management`` answers.

        :raises AmqpError: if there is none of that id
        """
        ends = self._store.log(hub, partition_number(hub, partition_id)).ends
        time = NEVER if ends.last_time is None else Timestamp(ends.last_time)
        return {
            "name": hub.name,
            "type": "com.microsoft:partition",
            "partition": partition_id,
            "begin_sequence_number": ends.begin_sequence,
            "last_enqueued_sequence_number": ends.last_sequence,
            "last_enqueued_offset": str(ends.last_offset),
            "last_enqueued_time_utc": time,
            "is_partition_empty": ends.is_empty,
        }


def _key_of(annotations: dict[Any, Any]) -> str | None:
    key = annotations.get(PARTITION_KEY)
    if key is None:
        return None
    text = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
    if len(text) > LONGEST_KEY:
        raise AmqpError(
            "com.microsoft:argument-error",
            f"The partition key is {len(text)} characters long; {LONGEST_KEY} are allowed.",
        )
    return text
