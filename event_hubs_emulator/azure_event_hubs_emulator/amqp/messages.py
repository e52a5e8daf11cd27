"""Messages as sections (messaging, 3.2), and the batches that Event Hubs knows beside them.

An event is stored as it came: its sections are found, not rewritten. What the hub adds to it goes into the
annotations in front of what the sender wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from azure_event_hubs_emulator.amqp.decoder import decode, skip
from azure_event_hubs_emulator.amqp.encoder import encode
from azure_event_hubs_emulator.amqp.types import Described, ULong
from azure_event_hubs_emulator.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH_FORMAT = 0x80013700
"""Message format of a batch: a message whose data sections are messages.
https://learn.microsoft.com/en-us/azure/event-hubs/event-hubs-amqp-protocol-guide is silent on it; Microsoft's
clients for .NET, Java, Go and Python all send it."""
HEADER, DELIVERY_ANNOTATIONS, MESSAGE_ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES = range(0x70, 0x75)
DATA, SEQUENCE, VALUE, FOOTER = range(0x75, 0x79)
_SMALL_ULONG = b"\x00\x53"


@dataclass(frozen=True, slots=True)
class Section:
    """Where a section of a message stands: its value begins at ``value`` and ends at ``end``."""

    code: int
    begin: int
    value: int
    end: int


def sections(message: bytes) -> Iterator[Section]:
    """Find the sections of a message, which come in the order of their codes.

    :raises DecodeError: if it is no message
    """
    at, last = 0, HEADER
    while at < len(message):
        code, value = _descriptor(message, at)
        if not last <= code <= FOOTER or (code == last and at and code not in {DATA, SEQUENCE}):
            raise DecodeError(f"a section {code:#x} cannot follow {last:#x}")
        last, end = code, skip(message, value)
        yield Section(code, at, value, end)
        at = end


def _descriptor(message: bytes, at: int) -> tuple[int, int]:
    if message[at : at + 2] == _SMALL_ULONG and at + 2 < len(message):
        return message[at + 2], at + 3
    if message[at] != 0:
        raise DecodeError("a message has something else than sections")
    code, value = decode(message, at + 1)
    if not isinstance(code, ULong):
        raise DecodeError("a section's descriptor is no number")
    return int(code), value


def events_of(message: bytes, message_format: int) -> list[bytes]:
    """Take the events out of a delivery: the message itself, or those of a batch.

    :raises DecodeError: if it holds none, or something that is no message
    """
    if message_format == 0:
        return [checked(message)]
    if message_format != BATCH_FORMAT:
        raise DecodeError(f"{message_format:#x} is no message format of Event Hubs")
    inner = [decode(message, part.value)[0] for part in sections(message) if part.code == DATA]
    if not inner or not all(isinstance(data, bytes) for data in inner):
        raise DecodeError("a batch holds no messages")
    return [checked(data) for data in inner]


def checked(message: bytes) -> bytes:
    """Return a message that has a body and annotations to which the hub can add its own.

    :raises DecodeError: if it is no such message
    """
    codes = set()
    for part in sections(message):
        codes.add(part.code)
        if part.code == MESSAGE_ANNOTATIONS:
            _rewritable(decode(message, part.value)[0])
    if not codes & {DATA, SEQUENCE, VALUE}:
        raise DecodeError("a message has no body")
    return message


def _rewritable(annotations: Any) -> None:
    if not isinstance(annotations, dict):
        raise DecodeError("message annotations are no map")
    try:
        encode(annotations)
    except TypeError as problem:
        raise DecodeError(f"message annotations: {problem}") from None


def annotations_of(message: bytes) -> dict[Any, Any]:
    """Read the message annotations; without them, the map is empty.

    :raises DecodeError: if they are no map
    """
    for part in sections(message):
        if part.code == MESSAGE_ANNOTATIONS:
            value = decode(message, part.value)[0]
            _rewritable(value)
            return cast("dict[Any, Any]", value)
        if part.code > MESSAGE_ANNOTATIONS:
            break
    return {}


def annotated(message: bytes, annotations: dict[Any, Any], delivery: dict[Any, Any] | None = None) -> bytes:
    """Write a stored message with the hub's annotations; they win over those of the sender.

    :param delivery: delivery annotations; those of the sender were for the hub and go no further
    """
    header, own, rest = b"", {}, len(message)
    for part in sections(message):
        if part.code == HEADER:
            header = message[part.begin : part.end]
        elif part.code == MESSAGE_ANNOTATIONS:
            own = decode(message, part.value)[0]
        elif part.code > MESSAGE_ANNOTATIONS:
            rest = part.begin
            break
    extra = b"\x00\x53\x71" + encode(delivery) if delivery else b""
    return header + extra + b"\x00\x53\x72" + encode({**own, **annotations}) + message[rest:]


@dataclass(frozen=True, slots=True)
class Message:
    """A request to a node such as ``$cbs``, or its answer.

    :param properties: the list of the properties section, of which ids and addresses matter here
    """

    value: Any
    application_properties: dict[str, Any] = field(default_factory=dict)
    properties: list[Any] = field(default_factory=list)

    @classmethod
    def read(cls, message: bytes) -> Message:
        """Decode a message whose body is one value.

        :raises DecodeError: if it is none
        """
        found: dict[int, Any] = {part.code: decode(message, part.value)[0] for part in sections(message)}
        stated, properties = found.get(APPLICATION_PROPERTIES, {}), found.get(PROPERTIES, [])
        if not isinstance(stated, dict) or not isinstance(properties, list):
            raise DecodeError("properties of a message are of another type")
        return cls(found.get(VALUE), {str(name): value for name, value in stated.items()}, properties)

    def encoded(self) -> bytes:
        """Write it as a message with a value."""
        parts = (
            (PROPERTIES, self.properties),
            (APPLICATION_PROPERTIES, self.application_properties),
            (VALUE, self.value),
        )
        return b"".join(encode(Described(ULong(code), value)) for code, value in parts)
