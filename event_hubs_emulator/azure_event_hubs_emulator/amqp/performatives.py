"""What peers say to each other: connections, sessions, links and deliveries (transport, 2.7; security, 5.3).

Each is a dataclass whose fields stand in the order of the specification, with the type that the wire must
have.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import UnionType
from typing import Any, ClassVar, Self, cast, get_origin, get_type_hints

from azure_event_hubs_emulator.amqp.encoder import described
from azure_event_hubs_emulator.amqp.types import Array, Described, Symbol, UByte, UInt, ULong, UShort
from azure_event_hubs_emulator.errors import DecodeError


class Performative:
    """A composite value; ``code`` is its descriptor, ``needed`` names the fields that must not be null."""

    code: ClassVar[int]
    needed: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def read(cls, values: list[Any]) -> Self:
        """Make one of the fields that came.

        :raises DecodeError: if one is missing or of another type
        """
        kinds = _kinds_of(cls)
        if len(values) > len(kinds):
            raise DecodeError(f"{cls.__name__.lower()} has {len(kinds)} fields, not {len(values)}")
        given: dict[str, Any] = {}
        for (name, kind), value in zip(kinds.items(), values, strict=False):
            if value is None:
                continue
            if kind is not None and not isinstance(value, kind):
                raise DecodeError(
                    f"{name} of {cls.__name__.lower()} cannot be a {type(value).__name__.lower()}"
                )
            given[name] = value
        if missing := cls.needed - given.keys():
            raise DecodeError(f"{cls.__name__.lower()} has no {', '.join(sorted(missing))}")
        return cls(**given)

    def encoded(self) -> bytes:
        """Write it with all its fields."""
        return described(self.code, [getattr(self, name) for name in _kinds_of(type(self))])


_KINDS: dict[type, dict[str, type | None]] = {}


def _kinds_of(cls: type[Performative]) -> dict[str, type | None]:
    """Map the fields of a performative to the class that a value must have; None where any will do."""
    if cls not in _KINDS:
        hints = get_type_hints(cls)
        _KINDS[cls] = {entry.name: _kind(hints[entry.name]) for entry in fields(cls)}  # type: ignore[arg-type]  # all are dataclasses
    return _KINDS[cls]


def _kind(hint: Any) -> type | None:
    if hint is Any:
        return None
    options = hint.__args__ if isinstance(hint, UnionType) else (hint,)
    kind = next(option for option in options if option is not type(None))
    return cast("type", get_origin(kind) or kind)


@dataclass(slots=True)
class Open(Performative):
    """Begin a connection."""

    code: ClassVar[int] = 0x10
    needed: ClassVar[frozenset[str]] = frozenset({"container_id"})
    container_id: str | None = None
    hostname: str | None = None
    max_frame_size: UInt | None = None
    channel_max: UShort | None = None
    idle_time_out: UInt | None = None
    outgoing_locales: Any = None
    incoming_locales: Any = None
    offered_capabilities: Any = None
    desired_capabilities: Any = None
    properties: Any = None


@dataclass(slots=True)
class Begin(Performative):
    """Begin a session on a channel."""

    code: ClassVar[int] = 0x11
    needed: ClassVar[frozenset[str]] = frozenset({"next_outgoing_id", "incoming_window", "outgoing_window"})
    remote_channel: UShort | None = None
    next_outgoing_id: UInt = UInt(0)  # noqa: RUF009  an immutable number
    incoming_window: UInt = UInt(0)  # noqa: RUF009  an immutable number
    outgoing_window: UInt = UInt(0)  # noqa: RUF009  an immutable number
    handle_max: UInt | None = None
    offered_capabilities: Any = None
    desired_capabilities: Any = None
    properties: Any = None


@dataclass(slots=True)
class Attach(Performative):
    """Attach a link to a session; ``role`` is true of whoever receives."""

    code: ClassVar[int] = 0x12
    needed: ClassVar[frozenset[str]] = frozenset({"name", "handle", "role"})
    name: str = ""
    handle: UInt = UInt(0)  # noqa: RUF009  an immutable number
    role: bool = False
    snd_settle_mode: UByte | None = None
    rcv_settle_mode: UByte | None = None
    source: Described | None = None
    target: Described | None = None
    unsettled: Any = None
    incomplete_unsettled: bool | None = None
    initial_delivery_count: UInt | None = None
    max_message_size: ULong | None = None
    offered_capabilities: Any = None
    desired_capabilities: Any = None
    properties: dict[Any, Any] | None = None


@dataclass(slots=True)
class Flow(Performative):
    """Tell the state of a session and, with a handle, of a link."""

    code: ClassVar[int] = 0x13
    needed: ClassVar[frozenset[str]] = frozenset({"incoming_window", "next_outgoing_id", "outgoing_window"})
    next_incoming_id: UInt | None = None
    incoming_window: UInt = UInt(0)  # noqa: RUF009  an immutable number
    next_outgoing_id: UInt = UInt(0)  # noqa: RUF009  an immutable number
    outgoing_window: UInt = UInt(0)  # noqa: RUF009  an immutable number
    handle: UInt | None = None
    delivery_count: UInt | None = None
    link_credit: UInt | None = None
    available: UInt | None = None
    drain: bool | None = None
    echo: bool | None = None
    properties: Any = None


@dataclass(slots=True)
class Transfer(Performative):
    """Send a message, or a part of one; its bytes follow as the frame's payload."""

    code: ClassVar[int] = 0x14
    needed: ClassVar[frozenset[str]] = frozenset({"handle"})
    handle: UInt = UInt(0)  # noqa: RUF009  an immutable number
    delivery_id: UInt | None = None
    delivery_tag: bytes | None = None
    message_format: UInt | None = None
    settled: bool | None = None
    more: bool | None = None
    rcv_settle_mode: UByte | None = None
    state: Any = None
    resume: bool | None = None
    aborted: bool | None = None
    batchable: bool | None = None


@dataclass(slots=True)
class Disposition(Performative):
    """Tell what became of deliveries."""

    code: ClassVar[int] = 0x15
    needed: ClassVar[frozenset[str]] = frozenset({"role", "first"})
    role: bool = False
    first: UInt = UInt(0)  # noqa: RUF009  an immutable number
    last: UInt | None = None
    settled: bool | None = None
    state: Any = None
    batchable: bool | None = None


@dataclass(slots=True)
class Detach(Performative):
    """Detach a link; ``closed`` forgets it."""

    code: ClassVar[int] = 0x16
    needed: ClassVar[frozenset[str]] = frozenset({"handle"})
    handle: UInt = UInt(0)  # noqa: RUF009  an immutable number
    closed: bool | None = None
    error: Described | None = None


@dataclass(slots=True)
class End(Performative):
    """End a session."""

    code: ClassVar[int] = 0x17
    error: Described | None = None


@dataclass(slots=True)
class Close(Performative):
    """End the connection."""

    code: ClassVar[int] = 0x18
    error: Described | None = None


@dataclass(slots=True)
class SaslMechanisms(Performative):
    """Offer ways to sign in."""

    code: ClassVar[int] = 0x40
    mechanisms: Array | None = None


@dataclass(slots=True)
class SaslInit(Performative):
    """Choose one of them."""

    code: ClassVar[int] = 0x41
    needed: ClassVar[frozenset[str]] = frozenset({"mechanism"})
    mechanism: Symbol | None = None
    initial_response: bytes | None = None
    hostname: str | None = None


@dataclass(slots=True)
class SaslOutcome(Performative):
    """Tell whether it was enough: 0 is yes, 1 no."""

    code: ClassVar[int] = 0x44
    result: UByte = UByte(0)  # noqa: RUF009  an immutable number
    additional_data: bytes | None = None


ACCEPTED, REJECTED, ERROR, SOURCE, TARGET = (ULong(code) for code in (0x24, 0x25, 0x1D, 0x28, 0x29))


def error_of(condition: str, description: str) -> Described:
    """Make the error that ends a link, a session, a connection, or that rejects a delivery."""
    return Described(ERROR, [Symbol(condition), description, None])


def accepted() -> Described:
    """Make the outcome of a delivery that was kept."""
    return Described(ACCEPTED, [])


def rejected(condition: str, description: str) -> Described:
    """Make the outcome of a delivery that was not."""
    return Described(REJECTED, [error_of(condition, description)])


@dataclass(frozen=True, slots=True)
class Terminus:
    """A source or a target.

    :param filters: of a source, by name, without their descriptors
    :raises DecodeError: by ``read``, if it is none
    """

    address: str
    filters: dict[str, Any]

    @classmethod
    def read(cls, value: Described | None) -> Terminus:
        """Take from a source or target what hubs look at.

        :raises DecodeError: if it is none
        """
        if value is None:
            return cls("", {})
        if value.descriptor not in {SOURCE, TARGET} or not isinstance(value.value, list):
            raise DecodeError("a link leads neither from a source nor to a target")
        listed = value.value
        address = listed[0] if listed else None
        if address is not None and not isinstance(address, str):
            raise DecodeError("an address is not text")
        filters = listed[7] if value.descriptor == SOURCE and len(listed) > 7 else None  # noqa: PLR2004  its place
        if filters is not None and not isinstance(filters, dict):
            raise DecodeError("filters are not a map")
        return cls(address or "", {str(name): _undescribed(entry) for name, entry in (filters or {}).items()})


def _undescribed(value: Any) -> Any:
    return value.value if isinstance(value, Described) else value
