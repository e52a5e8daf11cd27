"""Clients of an event hub, by the variables that the SDK's own samples use.

https://learn.microsoft.com/python/api/overview/azure/eventhub-readme
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.eventhub import EventHubConsumerClient

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTION_VARIABLE = "EVENT_HUB_CONN_STR"
"""Holds a connection string, with the hub's name as ``EntityPath`` or without."""

NAME_VARIABLE = "EVENT_HUB_NAME"
"""Names the hub, unless the connection string does."""

HOST_VARIABLE = "EVENT_HUB_HOSTNAME"
"""Names the namespace, ``<name>.servicebus.windows.net``, for the signed-in identity instead of a key."""


def consumer_of(environ: Mapping[str, str], group: str) -> EventHubConsumerClient:
    """Return a client that receives from the hub that the environment names.

    :param group: consumer group
    :raises ValueError: if hub or namespace has no name, or the connection string cannot be read
    """
    hub = environ.get(NAME_VARIABLE) or None
    if connection := environ.get(CONNECTION_VARIABLE):
        if hub is None and "entitypath=" not in connection.lower():
            raise ValueError(f"set {NAME_VARIABLE}: {CONNECTION_VARIABLE} has no EntityPath")
        return EventHubConsumerClient.from_connection_string(connection, group, eventhub_name=hub)
    host = environ.get(HOST_VARIABLE)
    if not (host and hub):
        raise ValueError(f"set {CONNECTION_VARIABLE}, or {HOST_VARIABLE} and {NAME_VARIABLE}")
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - not needed with a connection string

    return EventHubConsumerClient(host, hub, group, DefaultAzureCredential())
