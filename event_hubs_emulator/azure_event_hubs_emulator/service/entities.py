"""Addresses of a namespace: hubs, partitions, consumer groups, and the two nodes that requests go to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_event_hubs_emulator.errors import AmqpError
from azure_event_hubs_emulator.service.tokens import path_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_event_hubs_emulator.hubs import HubSpec

CBS, MANAGEMENT = "$cbs", "$management"
_SENDING = re.compile(r"(?P<hub>[^/]+)(/partitions/(?P<partition>[^/]+))?")
_READING = re.compile(r"(?P<hub>[^/]+)/consumergroups/(?P<group>[^/]+)/partitions/(?P<partition>[^/]+)")


@dataclass(frozen=True, slots=True)
class Entity:
    """What a link leads to.

    :param path: its address, in lower case, to compare grants with
    :param group: consumer group, in lower case; None of a sender
    :param partition: None if the hub is to choose
    """

    path: str
    hub: HubSpec
    group: str | None
    partition: int | None


class Namespace:
    """The hubs by name."""

    def __init__(self, hubs: Mapping[str, HubSpec], *, host: str) -> None:
        self.hubs = hubs
        self._host = host

    def target(self, address: str) -> Entity:
        """Find what a sender sends to.

        :raises AmqpError: if there is no such hub or partition
        """
        return self._entity(_SENDING, address)

    def source(self, address: str) -> Entity:
        """Find what a receiver reads.

        :raises AmqpError: if there is no such hub, consumer group or partition
        """
        return self._entity(_READING, address)

    def hub(self, name: str) -> HubSpec:
        """Find a hub.

        :raises AmqpError: if there is none
        """
        hub = self.hubs.get(name.lower())
        if hub is None:
            raise self.not_found(name)
        return hub

    def not_found(self, path: str) -> AmqpError:
        """Make the error for an entity that nobody knows."""
        return AmqpError(
            "amqp:not-found",
            f"The messaging entity 'sb://{self._host}/{path}' could not be found. "
            "To know more visit https://aka.ms/sbResourceMgrExceptions.",
        )

    def _entity(self, form: re.Pattern[str], address: str) -> Entity:
        path = path_of(address)
        match = form.fullmatch(path)
        if match is None:
            raise self.not_found(path)
        named = match.groupdict()
        hub, group = self.hub(named["hub"]), named.get("group")
        if group is not None and not hub.has_group(group):
            raise self.not_found(path)
        number = None if named["partition"] is None else partition_number(hub, named["partition"])
        return Entity(path, hub, group, number)


def partition_number(hub: HubSpec, text: str) -> int:
    """Read the id of a partition.

    :raises AmqpError: if the hub has none of that id
    """
    if text not in map(str, range(hub.partitions)):
        raise AmqpError(
            "com.microsoft:argument-out-of-range",
            "The specified partition is invalid for an EventHub partition sender or receiver. "
            f"It should be between 0 and {hub.partitions - 1}.",
        )
    return int(text)
