"""One event as bytes in a segment: length, checksum, what the hub knows of it, and the message as it came."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from zlib import crc32

_PREFIX = struct.Struct(">II")
_FACTS = struct.Struct(">QqHB")
HEAD_SIZE = _PREFIX.size
LAST_OF_BATCH = 1
_NO_KEY = 0xFFFF
MOST_BYTES = 64 << 20
"""No record is longer: what claims to be is no record."""


@dataclass(frozen=True, slots=True)
class Event:
    """What is appended.

    :param key: partition key, in UTF-8; None if the sender gave none
    """

    message: bytes
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """An event in its partition.

    :param sequence: its number, without gaps from 0
    :param offset: bytes of the partition before it
    :param enqueued: milliseconds since 1970
    """

    sequence: int
    offset: int
    enqueued: int
    key: bytes | None
    message: bytes
    is_last_of_batch: bool


def encode(event: Event, *, sequence: int, enqueued: int, is_last_of_batch: bool) -> bytes:
    """Write an event as it stands in a segment."""
    key = event.key or b""
    size = _NO_KEY if event.key is None else len(key)
    body = _FACTS.pack(sequence, enqueued, size, LAST_OF_BATCH * is_last_of_batch) + key + event.message
    return _PREFIX.pack(len(body), crc32(body)) + body


def size_at(data: bytes, at: int) -> int | None:
    """Tell how long the record at a position claims to be; None if even that is not there as a whole."""
    if at + HEAD_SIZE > len(data):
        return None
    length, _ = _PREFIX.unpack_from(data, at)
    return HEAD_SIZE + int(length)


def parse(data: bytes, at: int, *, offset: int) -> Record | None:
    """Read the record at a position; None if its checksum is not that of its bytes."""
    length, checksum = _PREFIX.unpack_from(data, at)
    body = data[at + HEAD_SIZE : at + HEAD_SIZE + length]
    if len(body) < max(length, _FACTS.size) or crc32(body) != checksum:
        return None
    sequence, enqueued, key_size, flags = _FACTS.unpack_from(body)
    begin = _FACTS.size + (0 if key_size == _NO_KEY else key_size)
    key = None if key_size == _NO_KEY else body[_FACTS.size : begin]
    return Record(sequence, offset, enqueued, key, body[begin:], bool(flags & LAST_OF_BATCH))
