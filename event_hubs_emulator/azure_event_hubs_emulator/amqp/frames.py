"""Frames: a size, a type, a channel and a performative with its payload (transport, 2.3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from azure_event_hubs_emulator.amqp.decoder import decode
from azure_event_hubs_emulator.amqp.types import Described, ULong
from azure_event_hubs_emulator.errors import AmqpError, DecodeError

AMQP_HEADER = b"AMQP\x00\x01\x00\x00"
SASL_HEADER = b"AMQP\x03\x01\x00\x00"
AMQP_FRAME, SASL_FRAME = 0, 1
EMPTY_FRAME = b"\x00\x00\x00\x08\x02\x00\x00\x00"
SMALLEST_MAX_FRAME = 512
_HEAD = struct.Struct(">IBBH")
_WORD, _SMALLEST_OFFSET = 4, 2


@dataclass(frozen=True, slots=True)
class Frame:
    """What one frame says.

    :param code: descriptor of the performative; None of an empty frame, which only shows that the peer lives
    :param payload: what follows the performative
    """

    kind: int
    channel: int
    code: int | None
    fields: list[Any]
    payload: bytes


class FrameReader:
    """Cuts a stream into headers and frames, keeping no more than one frame of the largest size."""

    def __init__(self, *, max_frame_size: int) -> None:
        self._largest = max_frame_size
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add bytes as they come."""
        self._buffer += data

    def header(self) -> bytes | None:
        """Take the 8 bytes of a protocol header, once they are there."""
        if len(self._buffer) < len(AMQP_HEADER):
            return None
        return self._take(len(AMQP_HEADER))

    def frame(self) -> Frame | None:
        """Take the next frame, once it is there as a whole.

        :raises AmqpError: if it is too long or too short
        :raises DecodeError: if it is no frame
        """
        if len(self._buffer) < _HEAD.size:
            return None
        size, offset, kind, channel = _HEAD.unpack_from(self._buffer)
        if size > self._largest:
            raise AmqpError(
                "amqp:connection:framing-error", f"a frame of {size} bytes is over {self._largest}"
            )
        if not _SMALLEST_OFFSET <= offset <= size // _WORD:
            raise AmqpError("amqp:connection:framing-error", f"a frame of {size} bytes has offset {offset}")
        if len(self._buffer) < size:
            return None
        return parse(kind, channel, self._take(size)[offset * _WORD :])

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def parse(kind: int, channel: int, body: bytes) -> Frame:
    """Read the body of a frame.

    :raises DecodeError: if it begins with no performative
    """
    if kind not in {AMQP_FRAME, SASL_FRAME}:
        raise DecodeError(f"{kind} is no type of frames")
    if not body:
        return Frame(kind, channel, None, [], b"")
    value, end = decode(body)
    if not (
        isinstance(value, Described) and isinstance(value.descriptor, ULong) and isinstance(value.value, list)
    ):
        raise DecodeError("a frame does not begin with a performative")
    return Frame(kind, channel, int(value.descriptor), value.value, body[end:])


def frame(performative: bytes, *, channel: int = 0, kind: int = AMQP_FRAME, payload: bytes = b"") -> bytes:
    """Write a frame around an encoded performative."""
    size = _HEAD.size + len(performative) + len(payload)
    return _HEAD.pack(size, _SMALLEST_OFFSET, kind, channel) + performative + payload
