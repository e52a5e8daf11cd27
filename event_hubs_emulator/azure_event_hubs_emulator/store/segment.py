"""One file of a partition's log: a header that says where it continues, then records.

A sparse index of it is in memory, made anew when the file is opened: every 64 KiB the number, the time and
the place of a record. Everything else stays on disk.
"""

from __future__ import annotations

import bisect
import contextlib
import os
import struct
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING

from azure_event_hubs_emulator.errors import BadState, StoreError
from azure_event_hubs_emulator.store.record import MOST_BYTES, Record, parse, size_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAGIC = b"EHSEG\x00\x00\x01"
_HEADER = struct.Struct(">8sQQqq")
HEADER_SIZE = _HEADER.size
SUFFIX = ".segment"
_INDEX_BYTES = 64 << 10
_CHUNK_BYTES = 256 << 10
_READ_BYTES = 64 << 10


@dataclass(slots=True)
class Index:
    """Every so many bytes, the first record behind them; the three lists are as long as each other."""

    sequences: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def add(self, record: Record, place: int) -> None:
        """Note a record, unless one just before it is noted."""
        if not self.places or place - self.places[-1] >= _INDEX_BYTES:
            self.sequences.append(record.sequence)
            self.times.append(record.enqueued)
            self.places.append(place)

    def before(self, values: list[int], wanted: int) -> int:
        """Tell a place from which to look for the first record whose value is ``wanted`` or more."""
        return self.places[max(bisect.bisect_left(values, wanted) - 1, 0)] if self.places else HEADER_SIZE


@dataclass(frozen=True, slots=True)
class Start:
    """What came before a segment.

    :param sequence: number of its first event
    :param offset: bytes of the partition before it
    :param last_offset: of the event before it; -1 if there was none
    :param last_time: milliseconds since 1970, below which none of its events may be
    """

    sequence: int = 0
    offset: int = 0
    last_offset: int = -1
    last_time: int = 0


class Segment:
    """A file, open until it is deleted.

    :ivar end: position behind the last complete batch
    :ivar last: its last record, or None
    """

    def __init__(self, path: Path, file: int, start: Start) -> None:
        self.path, self.start = path, start
        self.index = Index()
        self.end = HEADER_SIZE
        self.last_sequence = start.sequence - 1
        self.last_offset, self.last_time = start.last_offset, start.last_time
        self._file: int | None = file

    @classmethod
    def create(cls, folder: Path, start: Start, *, fsync: bool = False) -> Segment:
        """Begin a new file where the last one ended.

        :param fsync: wait until the disk has it
        :raises OSError: if it cannot be made
        """
        path = folder / f"{start.sequence:020d}{SUFFIX}"
        draft = path.with_suffix(".new")
        draft.write_bytes(_HEADER.pack(_MAGIC, *astuple(start)))
        draft.replace(path)  # so that no segment is ever without its whole header
        file = os.open(path, os.O_RDWR)
        if fsync:
            os.fsync(file)
            _flush_folder(folder)
        return cls(path, file, start)

    @classmethod
    def open(cls, path: Path) -> Segment:
        """Open a file and read its header; ``scan`` reads the rest.

        :raises BadState: if it is no segment
        """
        file = os.open(path, os.O_RDWR)
        header = os.pread(file, HEADER_SIZE, 0)
        if len(header) < HEADER_SIZE or not header.startswith(_MAGIC):
            os.close(file)
            raise BadState(f"{path} is not a segment of events: its header is damaged")
        return cls(path, file, Start(*_HEADER.unpack(header)[1:]))

    @property
    def is_gone(self) -> bool:
        """Whether it was deleted or closed."""
        return self._file is None

    @property
    def is_empty(self) -> bool:
        """Whether it holds no event."""
        return self.end == HEADER_SIZE

    @property
    def end_offset(self) -> int:
        """The offset that follows its last record."""
        return self.start.offset + self.end - HEADER_SIZE

    def scan(self) -> int:
        """Read everything, to make the index and to find the end.

        :return: position behind the last sound record; behind ``end`` if a batch is not complete
        """
        waiting: list[tuple[Record, int]] = []
        sound, expected = HEADER_SIZE, self.start.sequence
        for record, place, sound in self._sound_records():
            if record.sequence != expected:
                return place
            expected += 1
            waiting.append((record, place))
            if record.is_last_of_batch:
                for known, where in waiting:
                    self.note(known, where)
                waiting, self.end = [], sound
        return sound

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return os.fstat(self._descriptor()).st_size

    def _sound_records(self) -> Iterator[tuple[Record, int, int]]:
        at, begin, data = HEADER_SIZE, HEADER_SIZE, b""
        while True:
            size = size_at(data, at - begin)
            if size is None or at - begin + size > len(data):
                begin, data = at, self._pread(_CHUNK_BYTES, at)
                size = size_at(data, 0)
                if size is not None and len(data) < size <= MOST_BYTES:
                    data = self._pread(size, at)
                if size is None or size > len(data):
                    return
            record = parse(data, at - begin, offset=self.start.offset + at - HEADER_SIZE)
            if record is None:
                return
            yield record, at, at + size
            at += size

    def note(self, record: Record, place: int) -> None:
        """Remember a record that is now part of the file."""
        self.index.add(record, place)
        self.last_sequence, self.last_offset, self.last_time = (
            *(record.sequence, record.offset),
            record.enqueued,
        )

    def append(self, data: bytes, *, fsync: bool = False) -> int:
        """Write at the end; return the place where it begins. ``note`` the records afterwards.

        :param fsync: wait until the disk has it
        :raises StoreError: if it cannot be written; the file is then as before
        """
        file, place, written = self._descriptor(), self.end, 0
        try:
            while written < len(data):
                written += os.pwrite(file, data[written:] if written else data, place + written)
            if fsync:
                os.fdatasync(file)
        except OSError as problem:
            with contextlib.suppress(OSError):  # the next batch overwrites what is left
                os.ftruncate(file, place)
            raise StoreError(f"{self.path} cannot be written: {problem.strerror}") from problem
        self.end += len(data)
        return place

    def read_from(self, place: int) -> bytes:
        """Read all bytes behind a place, whatever they are."""
        return self._pread(self.size - place, place)

    def cut(self) -> None:
        """Cut what stands behind the last complete batch."""
        os.ftruncate(self._descriptor(), self.end)

    def read(self, place: int, *, most_bytes: int = _READ_BYTES) -> Iterator[tuple[Record, int]]:
        """Read records from a place on, as many as fit into some bytes but at least one, if there is one.

        :return: each with the place behind it
        :raises StoreError: if one is damaged
        """
        data, at = self._chunk(place, most_bytes), 0
        while (size := size_at(data, at)) is not None and at + size <= len(data):
            record = parse(data, at, offset=self.start.offset + place + at - HEADER_SIZE)
            if record is None:
                break
            at += size
            yield record, place + at
        if at == 0 and place < self.end:
            raise StoreError(f"{self.path} is damaged at byte {place}")

    def _chunk(self, place: int, most_bytes: int) -> bytes:
        data = self._pread(min(most_bytes, self.end - place), place)
        size = size_at(data, 0)
        return data if size is None or size <= len(data) else self._pread(min(size, self.end - place), place)

    def _pread(self, size: int, place: int) -> bytes:
        try:
            return os.pread(self._descriptor(), max(size, 0), place)
        except OSError as problem:
            raise StoreError(f"{self.path} cannot be read: {problem.strerror}") from problem

    def delete(self) -> None:
        """Close the file and remove it."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _descriptor(self) -> int:
        if self._file is None:
            raise StoreError(f"{self.path} is closed")
        return self._file


def _flush_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
