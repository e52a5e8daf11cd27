"""Decompresses gzip files up to a limit."""

from __future__ import annotations

import zlib

from scorer.errors import DataFault

_GZIP = 31
"""``wbits`` of a gzip file: https://docs.python.org/3/library/zlib.html#zlib.decompress."""


def gunzipped(name: str, data: bytes, *, most_bytes: int) -> bytes:
    """Decompress gzip, including several members in a row.

    :param name: the blob's name, for errors
    :param most_bytes: limit of the decompressed bytes
    :raises DataFault: if it decompresses to more, or the file is damaged
    """
    parts: list[bytes] = []
    room = most_bytes
    while data.strip(b"\0"):  # some writers pad with zeros
        part, data = _member(name, data, room + 1)
        parts.append(part)
        room -= len(part)
        if room < 0:
            raise DataFault(f"{name} decompresses to more than the limit of {most_bytes} bytes")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _member(name: str, data: bytes, most_bytes: int) -> tuple[bytes, bytes]:
    """Decompress one member; return it and the bytes after it."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        part = unpacker.decompress(data, most_bytes)
    except zlib.error as error:
        raise DataFault(f"{name} cannot be read as gzip: {error}") from error
    if not unpacker.eof and len(part) < most_bytes:
        raise DataFault(f"{name} cannot be read as gzip: it ends too early")
    return part, unpacker.unused_data
