"""Request and response: ``$cbs``, which takes tokens, and ``$management``, which describes hubs.

https://learn.microsoft.com/en-us/azure/event-hubs/event-hubs-amqp-protocol-guide has both protocols.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from azure_event_hubs_emulator.amqp.messages import Message
from azure_event_hubs_emulator.amqp.types import Int
from azure_event_hubs_emulator.errors import AmqpError, TokenRefused
from azure_event_hubs_emulator.service.entities import CBS
from azure_event_hubs_emulator.service.tokens import JWT_TYPE, SAS_TYPE, Grant, check_sas, path_of
from azure_event_hubs_emulator.wire.links import IncomingLink, OutgoingLink

if TYPE_CHECKING:
    from azure_event_hubs_emulator.amqp.performatives import Attach
    from azure_event_hubs_emulator.wire.connection import Connection
    from azure_event_hubs_emulator.wire.session import Session

_MOST_WAITING = 64
_MESSAGE_ID, _REPLY_TO, _CORRELATION_ID = 0, 4, 5
_MOST_GRANTS = 256
_STATUSES = {"amqp:not-found": 404, "amqp:unauthorized-access": 401}


class Requests(IncomingLink):
    """Takes requests to a node, and answers on the link that the request names."""

    def __init__(self, session: Session, wanted: Attach, node: str) -> None:
        super().__init__(session, wanted)
        self._node = node

    def deliver(self, message: bytes, message_format: int) -> None:  # noqa: ARG002  requests are no batches
        """Answer a request.

        :raises AmqpError: if there is nobody to answer, or it is malformed
        """
        request = Message.read(message)
        properties = request.properties + [None] * (_CORRELATION_ID + 1 - len(request.properties))
        answers = self._answers(properties[_REPLY_TO])
        if self._node == CBS:
            status, description, value = _put_token(self.session.connection, request)
        else:
            status, description, value = _read(self.session.connection, request)
        correlation = properties[_CORRELATION_ID] or properties[_MESSAGE_ID]
        facts = {"status-code": Int(status), "status-description": description}
        # Clients of ``$cbs`` look for the names with a hyphen, some of ``$management`` for those without.
        facts |= {"statusCode": Int(status), "statusDescription": description}
        answers.queue(Message(value, facts, [None] * _CORRELATION_ID + [correlation]).encoded())

    def _answers(self, reply_to: Any) -> Responses:
        found = [
            link
            for link in self.session.links.values()
            if isinstance(link, Responses) and link.node == self._node
        ]
        exact = [link for link in found if link.address == reply_to]
        if not found:
            raise AmqpError("amqp:not-allowed", f"no receiver on {self._node} waits for the answer")
        return (exact or found)[0]


class Responses(OutgoingLink):
    """Where the answers of a node go."""

    def __init__(self, session: Session, wanted: Attach, *, node: str, address: str) -> None:
        super().__init__(session, wanted)
        self.node, self.address = node, address
        self._waiting: deque[bytes] = deque()

    def queue(self, message: bytes) -> None:
        """Send an answer as soon as there is credit.

        :raises AmqpError: if too many wait already
        """
        if len(self._waiting) >= _MOST_WAITING:
            raise AmqpError("amqp:resource-limit-exceeded", f"{_MOST_WAITING} answers wait for credit")
        self._waiting.append(message)
        self.resume()

    def resume(self) -> None:
        """Send the answers that wait."""
        while self._waiting and self.may_send():
            self.send(self._waiting.popleft())
        if not self._waiting:
            self.drain()

    def discard(self) -> None:
        """Drop the answers that wait."""
        super().discard()
        self._waiting.clear()


def _put_token(connection: Connection, request: Message) -> tuple[int, str, None]:
    stated = request.application_properties
    if stated.get("operation") != "put-token":
        return 400, f"The operation {stated.get('operation')!r} is not implemented on $cbs.", None
    audience, token, kind = str(stated.get("name") or ""), request.value, str(stated.get("type") or "")
    try:
        grant = grant_of(connection, token, audience=audience, kind=kind)
    except TokenRefused as refusal:
        return refusal.status, refusal.description, None
    if len(connection.grants) >= _MOST_GRANTS:
        return 403, f"{_MOST_GRANTS} tokens were put on this connection already.", None
    connection.grants[path_of(audience)] = grant
    return 202, "Accepted", None


def grant_of(connection: Connection, token: Any, *, audience: str, kind: str) -> Grant:
    """Check a token of any kind.

    :raises TokenRefused: if it grants nothing
    """
    settings = connection.host.settings
    if not isinstance(token, str):
        raise TokenRefused("MalformedToken: The token is malformed: it is no text.")
    if kind == JWT_TYPE:
        if not settings.allow_jwt:
            raise TokenRefused(
                "InvalidToken: JSON web tokens are not checked by this emulator, and are accepted "
                "only if it is started with --allow-jwt."
            )
        return Grant(path_of(audience), None)
    if kind != SAS_TYPE:
        raise TokenRefused(f"InvalidTokenType: The token type {kind!r} is not supported.", status=400)
    return check_sas(token, audience=audience, policy=settings.policy, now=connection.host.broker.clock.now())


def _read(connection: Connection, request: Message) -> tuple[int, str, dict[str, Any] | None]:
    stated = request.application_properties
    operation, kind = stated.get("operation"), stated.get("type")
    if operation != "READ":
        return 501, f"The operation {operation!r} is not implemented on $management.", None
    broker, name = connection.host.broker, str(stated.get("name") or "")
    try:
        hub = broker.namespace.hub(name)
        _check_access(connection, hub.key, stated.get("security_token"))
        if kind == "com.microsoft:eventhub":
            return 200, "OK", broker.hub_properties(hub)
        if kind == "com.microsoft:partition":
            return 200, "OK", broker.partition_properties(hub, str(stated.get("partition") or ""))
    except AmqpError as problem:
        return _STATUSES.get(problem.condition, 400), problem.description, None
    return 501, f"The entity type {kind!r} is not implemented on $management.", None


def _check_access(connection: Connection, path: str, token: Any) -> None:
    if connection.is_authorised(path):
        return
    if isinstance(token, str):
        kind = SAS_TYPE if token.startswith("SharedAccessSignature ") else JWT_TYPE
        audience = f"sb://{connection.hostname}/{path}"
        try:
            grant_of(connection, token, audience=audience, kind=kind)
        except TokenRefused as refusal:
            raise AmqpError("amqp:unauthorized-access", refusal.description) from None
        return
    raise AmqpError("amqp:unauthorized-access", f"Unauthorized access to {path}.")
