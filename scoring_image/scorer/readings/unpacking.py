"""Packed files, unpacked no further than what may be held."""

from __future__ import annotations

import zlib

from scorer.errors import DataFault

_GZIP = 31
"""What zlib calls a window of 32 KiB in a gzip envelope."""


def gunzipped(name: str, data: bytes, *, most_bytes: int) -> bytes:
    """Unpack gzip, also if several files were appended to one another.

    :param most_bytes: of what comes out
    :raises DataFault: if more would come out, or the file is damaged
    """
    parts: list[bytes] = []
    room = most_bytes
    while data.strip(b"\0"):  # archives are padded with zeros
        part, data = _member(name, data, room + 1)
        parts.append(part)
        room -= len(part)
        if room < 0:
            raise DataFault(
                f"{name} holds more than {most_bytes} bytes when unpacked, the most that is read at once"
            )
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _member(name: str, data: bytes, most_bytes: int) -> tuple[bytes, bytes]:
    """Unpack one file; return it and what stands behind it."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        part = unpacker.decompress(data, most_bytes)
    except zlib.error as error:
        raise DataFault(f"{name} cannot be read as gzip: {error}") from error
    if not unpacker.eof and len(part) < most_bytes:
        raise DataFault(f"{name} cannot be read as gzip: it ends too early")
    return part, unpacker.unused_data
