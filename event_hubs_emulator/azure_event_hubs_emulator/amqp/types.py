"""Values whose AMQP type Python has no word for.

A plain ``int`` is a ``long``, a ``float`` a ``double``, ``str`` a ``string``, ``bytes`` ``binary``. These
classes say which other type a value has; what the decoder returns encodes to the same type again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Symbol(str):
    """Text of ASCII characters, from a vocabulary."""

    __slots__ = ()


class UByte(int):
    """8 bits, unsigned."""


class UShort(int):
    """16 bits, unsigned."""


class UInt(int):
    """32 bits, unsigned."""


class ULong(int):
    """64 bits, unsigned."""


class Byte(int):
    """8 bits, signed."""


class Short(int):
    """16 bits, signed."""


class Int(int):
    """32 bits, signed."""


class Timestamp(int):
    """Milliseconds since 1970, UTC; signed 64 bits."""


class Char(str):
    """One character of Unicode."""

    __slots__ = ()


class Float(float):
    """IEEE 754, 32 bits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Decimal:
    """IEEE 754-2008 decimal number, kept as its bytes: 4, 8 or 16 of them."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Described:
    """A value with a descriptor that says what it means."""

    descriptor: Any
    value: Any


class Array(list[Any]):
    """A list whose elements are of one type."""
