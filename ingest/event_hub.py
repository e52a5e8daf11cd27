"""Clients of an event hub, by the variables that the SDK's own samples use, or by a connection of Airflow's.

https://learn.microsoft.com/python/api/overview/azure/eventhub-readme
https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html#uri-format-example
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from azure.core.utils import parse_connection_string
from azure.eventhub import EventHubConsumerClient
from azure.eventhub.aio import EventHubProducerClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.identity.aio import DefaultAzureCredential

CONNECTION_VARIABLE = "EVENT_HUB_CONN_STR"
"""Holds a connection string, with the hub's name as ``EntityPath`` or without."""

NAME_VARIABLE = "EVENT_HUB_NAME"
"""Names the hub, unless the connection string does."""

HOST_VARIABLE = "EVENT_HUB_HOSTNAME"
"""Names the namespace, ``<name>.servicebus.windows.net``, for the signed-in identity instead of a key."""

URI_VARIABLE = "AIRFLOW_CONN_EVENT_HUB_DEFAULT"
"""Holds ``azure-event-hub://<key name>:<key>@<namespace host>/<hub>``, all parts URL-encoded; without key
name and key for the signed-in identity. For a local hub, the host has a port, and
``?UseDevelopmentEmulator=true`` follows. The other variables come first."""

_BACKOFF_SECONDS = 0.1
"""First pause between the SDK's retries; the next ones double. With its own 0.8 a sender that is to stop, or
has a wrong key, would wait for 12 seconds."""
_SCHEME = "azure-event-hub"
_EMULATOR = "UseDevelopmentEmulator"


@dataclass(frozen=True, slots=True)
class HubAddress:
    """An event hub, and how to sign in to it."""

    host: str
    """Namespace, with a port if it is local."""
    hub: str
    connection: str = field(default="", repr=False)
    """Connection string without the hub's name; empty for the signed-in identity."""


def address_of(environ: Mapping[str, str]) -> HubAddress:
    """Return the event hub that the environment names.

    :raises ValueError: if hub or namespace has no name, or connection string or URI cannot be read
    """
    hub = environ.get(NAME_VARIABLE) or None
    if connection := environ.get(CONNECTION_VARIABLE):
        return _address_at(connection, hub)
    host = environ.get(HOST_VARIABLE)
    if host and hub:
        return HubAddress(host, hub)
    if not (host or hub) and (uri := environ.get(URI_VARIABLE)):
        return _address_in(uri)
    raise ValueError(f"set {CONNECTION_VARIABLE}, or {HOST_VARIABLE} and {NAME_VARIABLE}, or {URI_VARIABLE}")


def consumer_of(environ: Mapping[str, str], group: str) -> EventHubConsumerClient:
    """Return a client that receives from the hub that the environment names.

    :param group: consumer group
    :raises ValueError: if hub or namespace has no name, or connection string or URI cannot be read
    """
    address = address_of(environ)
    if address.connection:
        return EventHubConsumerClient.from_connection_string(
            address.connection, group, eventhub_name=address.hub
        )
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - not needed with a connection string

    return EventHubConsumerClient(address.host, address.hub, group, DefaultAzureCredential())


class Producers:
    """Makes clients that send to one event hub; closing it closes the credential that they share."""

    def __init__(self, address: HubAddress) -> None:
        self._address = address
        self._credential: DefaultAzureCredential | None = None

    def new(self) -> EventHubProducerClient:
        """Return a client, which its user closes."""
        address = self._address
        if address.connection:
            return EventHubProducerClient.from_connection_string(
                address.connection, eventhub_name=address.hub, retry_backoff_factor=_BACKOFF_SECONDS
            )
        if self._credential is None:
            from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - as above

            self._credential = DefaultAzureCredential()
        return EventHubProducerClient(
            address.host, address.hub, self._credential, retry_backoff_factor=_BACKOFF_SECONDS
        )

    async def close(self) -> None:
        """Close the credential, if there is one."""
        if self._credential is not None:
            await self._credential.close()


def _address_at(connection: str, hub: str | None) -> HubAddress:
    """Read a connection string.

    :raises ValueError: in a sentence that does not repeat it
    """
    try:
        found = parse_connection_string(connection)
    except ValueError:
        found = {}
    host = urlsplit(found.get("endpoint", "")).netloc
    if not host or found.keys().isdisjoint({"sharedaccesskey", "sharedaccesssignature"}):
        raise ValueError(
            f"{CONNECTION_VARIABLE} is not of the form "
            "Endpoint=sb://<host>/;SharedAccessKeyName=<name>;SharedAccessKey=<key>"
        )
    if not (name := hub or found.get("entitypath")):
        raise ValueError(f"set {NAME_VARIABLE}: {CONNECTION_VARIABLE} has no EntityPath")
    return HubAddress(host, name, connection)


def _address_in(uri: str) -> HubAddress:
    """Read a URI.

    :raises ValueError: in a sentence that does not repeat the key
    """
    parts = urlsplit(uri)
    login, _, host = parts.netloc.rpartition("@")
    hub = unquote(parts.path.strip("/"))
    name, _, key = (unquote(part) for part in login.partition(":"))
    is_local = parse_qs(parts.query).get(_EMULATOR, ["false"])[-1].lower() == "true"
    if parts.scheme.replace("_", "-") != _SCHEME or not host or not hub:
        raise ValueError(f"{URI_VARIABLE} is not of the form {_SCHEME}://<key name>:<key>@<host>/<hub>")
    if not login and not is_local:
        return HubAddress(host, hub)
    if not (name and key):
        raise ValueError(f"{URI_VARIABLE} has no key name or no key; only a hub in Azure does without both")
    if ";" in f"{host}{name}{key}":
        raise ValueError(f"{URI_VARIABLE} has a semicolon, which no host, key name or key contains")
    ending = f";{_EMULATOR}=true" if is_local else ""
    return HubAddress(
        host, hub, f"Endpoint=sb://{host}/;SharedAccessKeyName={name};SharedAccessKey={key}{ending}"
    )
