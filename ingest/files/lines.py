"""Reads the lines of a file of any kind, as UTF-8, with few of them in memory at a time."""

from __future__ import annotations

import codecs
import gzip
import io
from typing import TYPE_CHECKING, Any

from ingest.files.json_lines import is_json, joined, split
from ingest.files.records import avro_lines, parquet_lines
from scoring_contract.reading_files.csv_dialect import COLUMNS
from scoring_contract.reading_files.file_kinds import HEAD_BYTES, FileKind, Foreign, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import BinaryIO

LONGEST_LINE = 100_000
"""Limit of a line in bytes: thousands of columns; a file without line breaks must not fill the memory."""

_CHUNK = 1 << 16


class NotLines(ValueError):
    """The file cannot be read as lines; the text completes "the file ..."."""


def lines_of(file: BinaryIO, *, wanted: Collection[str] | None = COLUMNS) -> Iterator[bytes]:
    """Yield the lines of a file: plain, gzipped, or UTF-16 with a byte order mark; records as lines of JSON.

    :param file: positioned at its start
    :param wanted: columns to read of a file that can leave out others; None for all
    :raises NotLines: if it is of a kind that cannot be read
    :raises NotRecords: if it is a damaged Avro or Parquet file, or the package that reads it is not installed
    """
    stream = io.BufferedReader(_Raw(file))
    kind, is_packed = kind_of(stream.peek(HEAD_BYTES)[:HEAD_BYTES]), False
    if kind is FileKind.GZIP:
        stream, is_packed = io.BufferedReader(_Raw(gzip.GzipFile(fileobj=stream))), True
        kind = kind_of(stream.peek(HEAD_BYTES)[:HEAD_BYTES])
    match kind:
        case FileKind.TEXT:
            return _of_text(stream)
        case FileKind.UTF_16:
            return _of_text(io.BufferedReader(_Recoded(stream, "utf-16"), _CHUNK))
        case FileKind.AVRO:
            return avro_lines(stream)
        case FileKind.PARQUET if not is_packed:
            return parquet_lines(file, wanted=wanted)
        case Foreign():
            raise NotLines(str(kind))
        case _:
            raise NotLines(f"is {kind.name.capitalize()} in gzip: unpack it")


def _of_text(stream: io.BufferedReader[Any]) -> Iterator[bytes]:
    if is_json(stream.peek(HEAD_BYTES)[:HEAD_BYTES]):
        return joined(_bounded(stream, split=split), LONGEST_LINE)
    return _bounded(stream)


def _whole(line: bytes, _most: int) -> Iterator[bytes]:
    yield line


def _bounded(stream: BinaryIO, *, split: Callable[[bytes, int], Iterator[bytes]] = _whole) -> Iterator[bytes]:
    """Yield lines without their ends (LF, CRLF or CR); a line that is too long is cut right after the limit.

    :param split: cuts a long line into pieces within a limit, where possible
    """
    rest = b""
    while chunk := stream.read(_CHUNK):
        *lines, rest = (rest + chunk).splitlines(keepends=True)
        if rest.endswith(b"\n"):
            lines, rest = [*lines, rest], b""
        for line in lines:
            for piece in split(line.rstrip(b"\r\n"), LONGEST_LINE):
                yield piece[: LONGEST_LINE + 1]
        *pieces, rest = split(rest, LONGEST_LINE)
        yield from pieces
        if len(rest) > LONGEST_LINE + 1:
            rest = rest[:LONGEST_LINE] + rest[-1:]  # its last byte may be half a line end
    if rest:
        yield rest.rstrip(b"\r\n")


class _Raw(io.RawIOBase):
    """Adapts an object with ``read`` to ``io.RawIOBase``."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        data = self._next(len(view))
        view[: len(data)] = data
        return len(data)

    def _next(self, most: int) -> bytes:
        return self._stream.read(most)


class _Recoded(_Raw):
    """Re-encodes text as UTF-8; invalid parts become U+FFFD."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        super().__init__(stream)
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._ready = b""

    def _next(self, most: int) -> bytes:
        while not self._ready:
            data = self._stream.read(_CHUNK)
            self._ready = self._decoder.decode(data, final=not data).encode(errors="replace")
            if not data:
                break
        ready, self._ready = self._ready[:most], self._ready[most:]
        return ready
