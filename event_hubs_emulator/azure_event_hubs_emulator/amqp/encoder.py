"""Values to bytes (types, 1.6), each in its shortest form."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any
from uuid import UUID

from azure_event_hubs_emulator.amqp.types import (
    Array,
    Byte,
    Char,
    Decimal,
    Described,
    Float,
    Int,
    Short,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_BYTE_SIZE, _SMALL_COUNT = 256, 254


def encode(value: Any) -> bytes:
    """Write a value with its constructor.

    :raises TypeError: if AMQP has no type for it
    :raises struct.error: if a number does not fit its type
    """
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise TypeError(f"AMQP has no type for {type(value).__name__}")
    return encoder(value)


def described(code: int, fields: list[Any]) -> bytes:
    """Write a composite value of the specification: its descriptor and the list of its fields.

    Trailing nulls are written, though they may be left out: the Python SDK indexes every field.
    """
    return b"\x00\x53" + bytes((code,)) + encode(fields)


def _fixed(code: int, form: str) -> Callable[[Any], bytes]:
    structure = struct.Struct(f">B{form}")
    return lambda value: structure.pack(code, value)


def _small(code: int, short: Callable[[Any], bytes], wide: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Choose the form of an unsigned number: none, one byte, all bytes."""
    nothing = bytes((code,))
    return lambda value: nothing if value == 0 else short(value) if 0 < value < _BYTE_SIZE else wide(value)


def _signed(short: Callable[[Any], bytes], wide: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    return lambda value: short(value) if -128 <= value < 128 else wide(value)  # noqa: PLR2004  a signed byte


def _sized(short: int, wide: int, raw: bytes) -> bytes:
    if len(raw) < _BYTE_SIZE:
        return bytes((short, len(raw))) + raw
    return struct.pack(">BI", wide, len(raw)) + raw


def _compound(short: int, wide: int, count: int, body: bytes) -> bytes:
    if count < _BYTE_SIZE and len(body) <= _SMALL_COUNT:
        return bytes((short, len(body) + 1, count)) + body
    return struct.pack(">BII", wide, len(body) + 4, count) + body


def _list(values: list[Any]) -> bytes:
    return _compound(0xC0, 0xD0, len(values), b"".join(map(encode, values))) if values else b"\x45"


def _map(values: dict[Any, Any]) -> bytes:
    return _compound(
        0xC1, 0xD1, 2 * len(values), b"".join(encode(key) + encode(value) for key, value in values.items())
    )


def _array(values: Array) -> bytes:
    """Write values of one kind in that kind's widest form."""
    kinds = {type(value) for value in values}
    if len(kinds) > 1 or not kinds <= _ARRAY_FORMS.keys():
        raise TypeError(f"AMQP has no array of {sorted(kind.__name__ for kind in kinds)}")
    if not values:
        return b"\xe0\x01\x00"
    code, element = _ARRAY_FORMS[kinds.pop()]
    body = bytes((code,)) + b"".join(map(element, values))
    return _compound(0xE0, 0xF0, len(values), body)


def _wide(raw: bytes) -> bytes:
    return struct.pack(">I", len(raw)) + raw


def _structured(form: str) -> Callable[[Any], bytes]:
    return struct.Struct(f">{form}").pack


_ARRAY_FORMS: dict[type, tuple[int, Callable[[Any], bytes]]] = {
    str: (0xB1, lambda value: _wide(value.encode())),
    Symbol: (0xB3, lambda value: _wide(value.encode("ascii"))),
    bytes: (0xB0, _wide),
    bool: (0x56, _structured("B")),
    UByte: (0x50, _structured("B")),
    UShort: (0x60, _structured("H")),
    UInt: (0x70, _structured("I")),
    ULong: (0x80, _structured("Q")),
    Byte: (0x51, _structured("b")),
    Short: (0x61, _structured("h")),
    Int: (0x71, _structured("i")),
    int: (0x81, _structured("q")),
    Float: (0x72, _structured("f")),
    float: (0x82, _structured("d")),
    Timestamp: (0x83, _structured("q")),
    Char: (0x73, lambda value: struct.pack(">I", ord(value))),
    UUID: (0x98, lambda value: value.bytes),
}
_DECIMALS = {4: b"\x74", 8: b"\x84", 16: b"\x94"}
_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"\x40",
    bool: lambda value: b"\x41" if value else b"\x42",
    UByte: _fixed(0x50, "B"),
    UShort: _fixed(0x60, "H"),
    UInt: _small(0x43, _fixed(0x52, "B"), _fixed(0x70, "I")),
    ULong: _small(0x44, _fixed(0x53, "B"), _fixed(0x80, "Q")),
    Byte: _fixed(0x51, "b"),
    Short: _fixed(0x61, "h"),
    Int: _signed(_fixed(0x54, "b"), _fixed(0x71, "i")),
    int: _signed(_fixed(0x55, "b"), _fixed(0x81, "q")),
    Float: _fixed(0x72, "f"),
    float: _fixed(0x82, "d"),
    Decimal: lambda value: _DECIMALS[len(value.raw)] + value.raw,
    Char: lambda value: struct.pack(">BI", 0x73, ord(value)),
    Timestamp: _fixed(0x83, "q"),
    UUID: lambda value: b"\x98" + value.bytes,
    bytes: lambda value: _sized(0xA0, 0xB0, value),
    str: lambda value: _sized(0xA1, 0xB1, value.encode()),
    Symbol: lambda value: _sized(0xA3, 0xB3, value.encode("ascii")),
    list: _list,
    dict: _map,
    Array: _array,
    Described: lambda value: b"\x00" + encode(value.descriptor) + encode(value.value),
}
