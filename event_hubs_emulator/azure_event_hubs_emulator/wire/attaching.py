"""What a new link is for: events in or out, tokens, or questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_event_hubs_emulator.amqp.performatives import Attach, Terminus
from azure_event_hubs_emulator.amqp.types import UByte, UInt, ULong
from azure_event_hubs_emulator.errors import AmqpError
from azure_event_hubs_emulator.service.entities import CBS, MANAGEMENT
from azure_event_hubs_emulator.service.positions import BEGINNING, SELECTOR, Position
from azure_event_hubs_emulator.service.readers import Reader
from azure_event_hubs_emulator.service.tokens import path_of
from azure_event_hubs_emulator.wire.access import unauthorised
from azure_event_hubs_emulator.wire.publisher import Publisher
from azure_event_hubs_emulator.wire.requests import Requests, Responses
from azure_event_hubs_emulator.wire.subscriber import RUNTIME_METRIC, Subscriber, place_of

if TYPE_CHECKING:
    from azure_event_hubs_emulator.wire.links import IncomingLink, OutgoingLink
    from azure_event_hubs_emulator.wire.session import Session

_EPOCH, _RECEIVER_NAME = "com.microsoft:epoch", "com.microsoft:receiver-name"
_SETTLED = UByte(1)
_NOBODY = "nil"


def attach(session: Session, wanted: Attach) -> None:
    """Make the link that a client asks for, and answer.

    :raises AmqpError: if it is refused
    """
    if wanted.role:
        _attach_receiver(session, wanted)
    else:
        _attach_sender(session, wanted)


def _attach_sender(session: Session, wanted: Attach) -> None:
    address = Terminus.read(wanted.target).address
    node = path_of(address)
    link: IncomingLink
    if node in {CBS, MANAGEMENT}:
        _check_node(session, node)
        link = Requests(session, wanted, node)
    else:
        entity = session.connection.host.broker.namespace.target(address)
        if (problem := unauthorised(session.connection, entity)) is not None:
            raise problem
        link = Publisher(session, wanted, entity)
    session.links[link.handle] = link
    _answer(session, wanted, max_message_size=link.most_bytes)
    link.open()


def _attach_receiver(session: Session, wanted: Attach) -> None:
    source = Terminus.read(wanted.source)
    node = path_of(source.address)
    link: OutgoingLink
    if node in {CBS, MANAGEMENT}:
        _check_node(session, node)
        link = Responses(session, wanted, node=node, address=Terminus.read(wanted.target).address)
    else:
        link = _subscriber(session, wanted, source)
    session.links[link.handle] = link
    _answer(session, wanted, initial_delivery_count=UInt(0), snd_settle_mode=_SETTLED)


def _subscriber(session: Session, wanted: Attach, source: Terminus) -> Subscriber:
    broker = session.connection.host.broker
    entity = broker.namespace.source(source.address)
    if (problem := unauthorised(session.connection, entity)) is not None:
        raise problem
    position = _position(source.filters)
    first = position.first(broker.log(entity))
    handle = int(wanted.handle)
    reader = Reader(
        _text(wanted, _RECEIVER_NAME) or _NOBODY,
        _epoch(wanted),
        lambda problem: session.detach(handle, problem),
    )
    broker.readers.join(place_of(entity), reader)
    wants_ends = RUNTIME_METRIC in _listed(wanted.desired_capabilities)
    link = Subscriber(session, wanted, entity, first=first, tells_ends=wants_ends)
    link.reader = reader
    return link


def _position(filters: dict[str, Any]) -> Position:
    unknown = filters.keys() - {SELECTOR}
    if unknown:
        raise AmqpError("amqp:not-implemented", f"The filter {min(unknown)!r} is not implemented.")
    expression = filters.get(SELECTOR)
    if expression is None:
        return BEGINNING
    return Position.parse(expression if isinstance(expression, str) else repr(expression))


def _epoch(wanted: Attach) -> int | None:
    value = (wanted.properties or {}).get(_EPOCH)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise AmqpError("com.microsoft:argument-error", f"The epoch {value!r} is no number of 0 or more.")
    return int(value)


def _text(wanted: Attach, name: str) -> str:
    value = (wanted.properties or {}).get(name)
    return value if isinstance(value, str) else ""


def _listed(capabilities: Any) -> list[Any]:
    """List capabilities, of which a single one may stand alone."""
    return capabilities if isinstance(capabilities, list) else [capabilities]


def _check_node(session: Session, node: str) -> None:
    if node == MANAGEMENT and not session.connection.has_grant():
        raise AmqpError(
            "amqp:unauthorized-access", "Unauthorized access. A token is required on $management."
        )


def _answer(session: Session, wanted: Attach, *, max_message_size: int | None = None, **of_link: Any) -> None:
    session.send(
        Attach(
            name=wanted.name,
            handle=wanted.handle,
            role=not wanted.role,
            source=wanted.source,
            target=wanted.target,
            rcv_settle_mode=UByte(0),
            max_message_size=None if max_message_size is None else ULong(max_message_size),
            offered_capabilities=_offered(wanted),
            **{"snd_settle_mode": wanted.snd_settle_mode, **of_link},
        )
    )


def _offered(wanted: Attach) -> Any:
    return RUNTIME_METRIC if RUNTIME_METRIC in _listed(wanted.desired_capabilities) else None
