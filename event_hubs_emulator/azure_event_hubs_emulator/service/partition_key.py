"""Which partition a key leads to: the hash that Microsoft's own clients compute before they send.

Bob Jenkins' lookup3, ``hashlittle2`` with both seeds 0 (https://burtleburtle.net/bob/c/lookup3.c, public
domain), whose two results are folded to a signed 16-bit number; then the remainder by the number of
partitions. The buffered producers of Azure SDKs use it to send where the service would have;
``PartitionResolver`` of those for .NET and Java (https://github.com/Azure/azure-sdk-for-net,
https://github.com/Azure/azure-sdk-for-java) says it is the service's own.
"""

from __future__ import annotations

import struct

_MASK = 0xFFFFFFFF
_SEED = 0xDEADBEEF
_BLOCK = 12
_MIX = ((4, 6, 8), (16, 19, 4))
_FINAL = (14, 11, 25, 16, 4, 14, 24)


def partition_of(key: str, partitions: int) -> int:
    """Tell the partition of a key, which is always the same for the same number of partitions."""
    # The remainder of a division that truncates, as in C#, without its sign. Python's client takes the one of
    # a division that rounds down, and so guesses another partition for the keys whose hash is negative.
    return abs(hash_of(key)) % partitions


def hash_of(key: str) -> int:
    """Hash a key to a signed number of 16 bits."""
    first, second = lookup3(key.encode())
    folded = (first ^ second) & 0xFFFF
    return folded - 0x10000 if folded >= 0x8000 else folded  # noqa: PLR2004  16 bits with a sign


def lookup3(data: bytes) -> tuple[int, int]:
    """Hash bytes to two 32-bit numbers."""
    a = b = c = (_SEED + len(data)) & _MASK
    at = 0
    while len(data) - at > _BLOCK:
        a, b, c = _mix(*_added(a, b, c, data[at : at + _BLOCK]))
        at += _BLOCK
    if at == len(data):
        return c, b
    a, b, c = _added(a, b, c, data[at:].ljust(_BLOCK, b"\0"))
    values = [a, b, c]
    # Each step: one word takes in the next, the places going round c, a, b.
    for step, by in enumerate(_FINAL):
        into, of = (step + 2) % 3, (step + 1) % 3
        values[into] ^= values[of]
        values[into] = (values[into] - _rotated(values[of], by)) & _MASK
    return values[2], values[1]


def _added(a: int, b: int, c: int, block: bytes) -> tuple[int, int, int]:
    x, y, z = struct.unpack("<III", block)
    return (a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    for first, second, third in _MIX:
        a = ((a - c) & _MASK) ^ _rotated(c, first)
        c = (c + b) & _MASK
        b = ((b - a) & _MASK) ^ _rotated(a, second)
        a = (a + c) & _MASK
        c = ((c - b) & _MASK) ^ _rotated(b, third)
        b = (b + a) & _MASK
    return a, b, c


def _rotated(word: int, by: int) -> int:
    return ((word << by) | (word >> (32 - by))) & _MASK
