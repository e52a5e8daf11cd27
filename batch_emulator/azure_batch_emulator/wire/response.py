"""Responses, as handlers return them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class FileSlice:
    """Bytes of an open file to send: from ``start``, ``length`` of them."""

    file: BinaryIO
    start: int
    length: int

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    def pieces(self) -> Iterator[bytes]:
        """Read the bytes, a piece at a time, and let go of the file."""
        with self.file as file:
            file.seek(self.start)
            left = self.length
            while left > 0:
                data = file.read(min(_PIECE, left))
                if not data:
                    # Cut off since it was measured: zeros keep the promised length, as a hole would.
                    data = bytes(min(_PIECE, left))
                left -= len(data)
                yield data


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers and body, which is JSON, bytes, a file or nothing."""

    status: int
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    file: FileSlice | None = None


@dataclass(frozen=True, slots=True)
class DeferredResponse:
    """A response that takes disk access, so that it is made off the engine's thread."""

    make: Callable[[], Response]
    """Called on another thread; must not touch the engine."""
