"""The event hub that devices send to, as far as its partitions tell: no event is received."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

from airflow.providers.microsoft.azure.utils import get_sync_default_azure_credential
from airflow.sdk import Connection
from azure.core.exceptions import ClientAuthenticationError

from sensor_scoring.account_keys import refuse_account_key
from sensor_scoring.connection_identity import identity_of
from sensor_scoring.errors import IngestAccessRefused, IngestError

if TYPE_CHECKING:
    from datetime import datetime

    from azure.eventhub import EventHubConsumerClient

_GROUP = "$Default"
"""Consumer group that every hub has; its partitions are those of all groups."""
_EMULATOR = "UseDevelopmentEmulator"
_LIMIT_SECONDS = 60.0
# The SDK's own retries take half a minute for a hub that is not there.
_OPTIONS: dict[str, Any] = {"retry_total": 1, "retry_backoff_factor": 0.1, "auth_timeout": 20}


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What has arrived in an event hub.

    :param partitions: their number
    :param newest: when the newest event arrived; None if the hub holds none
    """

    partitions: int
    newest: datetime | None


class EventHub:
    """An event hub.

    :param conn_id: its connection: host is the namespace, schema the hub; login and password are a policy's
        name and key, without them the default Azure credential signs in
    :raises AirflowNotFoundException: if there is no such connection
    :raises IngestError: if it names no hub
    """

    def __init__(self, conn_id: str) -> None:
        # It tells of each step of the protocol at INFO.
        logging.getLogger("azure.eventhub").setLevel(logging.WARNING)
        self._conn_id = conn_id
        self._conn = Connection.get(conn_id)
        self.namespace, self.name = str(self._conn.host or ""), str(self._conn.schema or "")
        if not (self.namespace and self.name):
            raise IngestError(f"connection {conn_id} needs a namespace as its host, and a hub as its schema")

    def arrivals(self, *, limit_seconds: float = _LIMIT_SECONDS) -> Arrivals:
        """Ask the hub what has arrived.

        :raises IngestAccessRefused: if it refuses the key or the identity
        :raises IngestError: if there is no such hub, or it does not answer
        :raises SettingsError: if the connection holds a key that must not be used
        """
        client, answer = self._client(), Future[Arrivals]()
        # Behind a firewall that swallows packets the SDK waits for ever, and no option of it ends that.
        Thread(target=self._ask, args=(client, answer), daemon=True).start()
        try:
            return answer.result(limit_seconds)
        except TimeoutError:
            raise IngestError(self._failed(f"no answer in {limit_seconds:g} seconds")) from None

    def _ask(self, client: EventHubConsumerClient, answer: Future[Arrivals]) -> None:
        from azure.eventhub.exceptions import AuthenticationError, EventHubError  # noqa: PLC0415  no run needs it

        try:
            with closing(client):
                found = [client.get_partition_properties(each) for each in client.get_partition_ids()]
        except (AuthenticationError, ClientAuthenticationError) as error:
            answer.set_exception(IngestAccessRefused(self._failed(_words_of(error))))
        except (EventHubError, OSError) as error:
            answer.set_exception(IngestError(self._failed(_words_of(error))))
        except Exception as error:  # noqa: BLE001  whoever waits is to have it
            answer.set_exception(error)
        else:
            times = [each["last_enqueued_time_utc"] for each in found if not each["is_empty"]]
            answer.set_result(Arrivals(len(found), max(times, default=None)))

    def _client(self) -> EventHubConsumerClient:
        from azure.eventhub import EventHubConsumerClient  # noqa: PLC0415  as above

        conn = self._conn
        host = f"{self.namespace}:{conn.port}" if conn.port else self.namespace
        is_local = str(conn.extra_dejson.get(_EMULATOR, "")).lower() == "true"
        if not (conn.login and conn.password):
            credential = get_sync_default_azure_credential(**identity_of(conn))
            return EventHubConsumerClient(
                host, self.name, _GROUP, credential, use_tls=not is_local, **_OPTIONS
            )
        refuse_account_key(f"sb://{host}", conn_id=self._conn_id)
        local = f";{_EMULATOR}=true" if is_local else ""
        return EventHubConsumerClient.from_connection_string(
            f"Endpoint=sb://{host}/;SharedAccessKeyName={conn.login};SharedAccessKey={conn.password}{local}",
            _GROUP,
            eventhub_name=self.name,
            **_OPTIONS,
        )

    def _failed(self, why: str) -> str:
        hub = f"{self.name} of {self.namespace} (connection {self._conn_id})"
        return f"cannot look at the event hub {hub}: {why}"


def _words_of(error: Exception) -> str:
    """Return the SDK's words, without the condition and the description that it appends."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if not line.startswith("Error")) or type(error).__name__
