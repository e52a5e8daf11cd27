"""Bytes to values (types, 1.6). Whatever the bytes are, it returns or raises ``DecodeError``.

Sizes and counts are checked against the bytes that are there before anything is made, so that a few bytes of
a hostile peer cannot ask for gigabytes, nor nest deeper than the stack.
"""

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
from azure_event_hubs_emulator.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

DEEPEST = 32
"""Levels of lists, maps, arrays and descriptions within each other."""
_MOST_EMPTY_ELEMENTS = 4096
_LAST_SURROGATE, _LAST_CHARACTER = range(0xD800, 0xE000), 0x110000
_UINT = struct.Struct(">I")


def _number(form: str, kind: Callable[[Any], Any]) -> tuple[int, Callable[[bytes], Any]]:
    structure = struct.Struct(">" + form)
    return structure.size, lambda raw: kind(structure.unpack(raw)[0])


def _boolean(raw: bytes) -> bool:
    if raw[0] > 1:
        raise DecodeError(f"a boolean is 0 or 1, not {raw[0]}")
    return raw[0] == 1


def _char(raw: bytes) -> Char:
    (code,) = _UINT.unpack(raw)
    if code >= _LAST_CHARACTER or code in _LAST_SURROGATE:
        raise DecodeError(f"{code:#x} is no character")
    return Char(chr(code))


_FIXED: dict[int, tuple[int, Callable[[bytes], Any]]] = {
    0x40: (0, lambda _: None),
    0x41: (0, lambda _: True),
    0x42: (0, lambda _: False),
    0x43: (0, lambda _: UInt(0)),
    0x44: (0, lambda _: ULong(0)),
    0x45: (0, lambda _: []),
    0x50: _number("B", UByte),
    0x51: _number("b", Byte),
    0x52: _number("B", UInt),
    0x53: _number("B", ULong),
    0x54: _number("b", Int),
    0x55: _number("b", int),
    0x56: (1, _boolean),
    0x60: _number("H", UShort),
    0x61: _number("h", Short),
    0x70: _number("I", UInt),
    0x71: _number("i", Int),
    0x72: _number("f", Float),
    0x73: (4, _char),
    0x74: (4, Decimal),
    0x80: _number("Q", ULong),
    0x81: _number("q", int),
    0x82: _number("d", float),
    0x83: _number("q", Timestamp),
    0x84: (8, Decimal),
    0x94: (16, Decimal),
    0x98: (16, lambda raw: UUID(bytes=raw)),
}
_VARIABLE: dict[int, Callable[[bytes], Any]] = {
    0xA0: bytes,
    0xB0: bytes,
    0xA1: lambda raw: str(raw, "utf-8"),
    0xB1: lambda raw: str(raw, "utf-8"),
    0xA3: lambda raw: Symbol(raw, "ascii"),
    0xB3: lambda raw: Symbol(raw, "ascii"),
}
_MAPS, _ARRAYS = (0xC1, 0xD1), (0xE0, 0xF0)
_COMPOUNDS = frozenset((0xC0, 0xD0, *_MAPS, *_ARRAYS))
_ONE_BYTE_SIZES = frozenset((0xA0, 0xA1, 0xA3, 0xC0, 0xC1, 0xE0))
_DESCRIBED = 0x00


def decode(data: bytes, at: int = 0, *, depth: int = 0) -> tuple[Any, int]:
    """Read the value that begins at a position.

    :return: the value, and the position behind it
    :raises DecodeError: if there is no such value
    """
    if at >= len(data):
        raise DecodeError("a value ends before it begins")
    code = data[at]
    if code == _DESCRIBED:
        descriptor, at = decode(data, at + 1, depth=_deeper(depth))
        value, at = decode(data, at, depth=_deeper(depth))
        return Described(_hashable(descriptor), value), at
    return _decode_as(code, data, at + 1, depth)


def decode_all(data: bytes) -> Any:
    """Read the one value that the bytes are.

    :raises DecodeError: if they are no value, or more than one
    """
    value, end = decode(data)
    if end != len(data):
        raise DecodeError(f"{len(data) - end} bytes follow the value")
    return value


def skip(data: bytes, at: int) -> int:
    """Tell the position behind the value that begins at another, without reading into it.

    :raises DecodeError: if the bytes end before
    """
    values = 1
    while values:
        if data[at : at + 1] == bytes((_DESCRIBED,)):  # a descriptor and a value, either described again
            at, values = at + 1, values + 1
        else:
            at, values = _skip_undescribed(data, at), values - 1
    return at


def _skip_undescribed(data: bytes, at: int) -> int:
    if at >= len(data):
        raise DecodeError("a value ends before it begins")
    code = data[at]
    if code in _FIXED:
        end = at + 1 + _FIXED[code][0]
    elif code in _VARIABLE or code in _COMPOUNDS:
        begin, size = _size(code, data, at + 1)
        end = begin + size
    else:
        raise DecodeError(f"{code:#04x} is no type")
    return _within(data, end)


def _decode_as(code: int, data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if code in _FIXED:
        width, make = _FIXED[code]
        end = _within(data, at + width)
        return make(data[at:end]), end
    if code in _VARIABLE:
        begin, size = _size(code, data, at)
        end = _within(data, begin + size)
        try:
            return _VARIABLE[code](data[begin:end]), end
        except UnicodeDecodeError as problem:
            raise DecodeError(f"text is not {problem.encoding}") from None
    if code in _COMPOUNDS:
        return _compound(code, data, at, _deeper(depth))
    raise DecodeError(f"{code:#04x} is no type")


def _compound(code: int, data: bytes, at: int, depth: int) -> tuple[Any, int]:
    begin, size = _size(code, data, at)
    end = _within(data, begin + size)
    width = 1 if code in _ONE_BYTE_SIZES else 4
    if size < width:
        raise DecodeError("a compound value is too short to have a count")
    count = data[begin] if width == 1 else _UINT.unpack_from(data, begin)[0]
    begin += width
    if code in _ARRAYS:
        value: Any = _array(data[begin:end], count, depth)
        return value, end
    if count > end - begin:
        raise DecodeError(f"{count} elements do not fit into {end - begin} bytes")
    elements = _elements(data[begin:end], count, depth)
    return (_map(elements) if code in _MAPS else elements), end


def _elements(data: bytes, count: int, depth: int) -> list[Any]:
    elements, at = [], 0
    for _ in range(count):
        element, at = decode(data, at, depth=depth)
        elements.append(element)
    if at != len(data):
        raise DecodeError("a compound value is longer than its elements")
    return elements


def _map(elements: list[Any]) -> dict[Any, Any]:
    if len(elements) % 2:
        raise DecodeError("a map has a key without a value")
    return {_hashable(key): value for key, value in zip(elements[::2], elements[1::2], strict=True)}


def _array(data: bytes, count: int, depth: int) -> Array:
    if not data and not count:
        return Array()
    if not data:
        raise DecodeError("an array has no constructor")
    code, at, descriptor = data[0], 1, None
    if code == _DESCRIBED:
        descriptor, at = decode(data, 1, depth=depth)
        if at >= len(data):
            raise DecodeError("an array has no constructor")
        code, at = data[at], at + 1
    if count > max(len(data) - at, _MOST_EMPTY_ELEMENTS):
        raise DecodeError(f"{count} elements do not fit into {len(data) - at} bytes")
    values = Array()
    for _ in range(count):
        value, at = _decode_as(code, data, at, depth)
        values.append(value if descriptor is None else Described(_hashable(descriptor), value))
    if at != len(data):
        raise DecodeError("an array is longer than its elements")
    return values


def _size(code: int, data: bytes, at: int) -> tuple[int, int]:
    if code in _ONE_BYTE_SIZES:
        return at + 1, data[_within(data, at + 1) - 1]
    return _within(data, at + 4), _UINT.unpack_from(data, at)[0]


def _within(data: bytes, end: int) -> int:
    if end > len(data):
        raise DecodeError(f"a value ends {end - len(data)} bytes behind the data")
    return end


def _deeper(depth: int) -> int:
    if depth >= DEEPEST:
        raise DecodeError(f"values are nested more than {DEEPEST} deep")
    return depth + 1


def _hashable(key: Any) -> Any:
    try:
        hash(key)
    except TypeError:
        raise DecodeError(f"a key cannot be a {type(key).__name__}") from None
    return key
