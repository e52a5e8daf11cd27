"""The events of one partition: appended at one end, deleted at the other, read from anywhere between."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure_event_hubs_emulator.errors import BadState, StoreError
from azure_event_hubs_emulator.store.record import Event, Record, encode, parse, size_at
from azure_event_hubs_emulator.store.segment import HEADER_SIZE, SUFFIX, Segment, Start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of a partition is kept.

    :param milliseconds: age at which events may go
    :param most_bytes: of one partition; the newest segment always stays
    :param segment_bytes: size at which a new segment is begun, which is also how much goes at once
    """

    milliseconds: int = 24 * 3_600_000
    most_bytes: int = 1 << 30
    segment_bytes: int = 16 << 20


@dataclass(slots=True)
class Cursor:
    """Where a reader is: the number of the next event, and where that stands if it is known."""

    sequence: int
    segment: Segment | None = None
    place: int = HEADER_SIZE


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of a partition; -1 and no time if nothing was ever in it."""

    begin_sequence: int
    last_sequence: int
    last_offset: int
    last_time: int | None

    @property
    def is_empty(self) -> bool:
        """Whether it holds no event now."""
        return self.begin_sequence > self.last_sequence


@dataclass(slots=True)
class PartitionLog:
    """The segments of a folder, oldest first; the last one grows.

    :param listeners: called after events were appended
    """

    folder: Path
    retention: Retention = field(default_factory=Retention)
    fsync: bool = False
    listeners: set[Callable[[], None]] = field(default_factory=set)
    segments: list[Segment] = field(default_factory=list)
    _last: tuple[int, int, int] | None = None

    def open(self) -> None:
        """Read what is there, and cut what a killed process has left half-written.

        :raises BadState: if a file is damaged otherwise
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for draft in self.folder.glob("*.new"):
            draft.unlink()
        self.segments = [Segment.open(path) for path in sorted(self.folder.glob(f"*{SUFFIX}"))]
        for segment in self.segments:
            sound = segment.scan()
            if segment.end < segment.size:
                self._cut_tail(segment, sound, is_last=segment is self.segments[-1])
        self._check_order()
        if not self.segments:
            self.segments = [Segment.create(self.folder, Start(), fsync=self.fsync)]
        newest = self.segments[-1]
        if newest.last_sequence >= 0:
            self._last = (newest.last_sequence, newest.last_offset, newest.last_time)

    def _cut_tail(self, segment: Segment, sound: int, *, is_last: bool) -> None:
        if not is_last or _holds_a_record(segment.read_from(sound)):
            raise BadState(
                f"{segment.path} is damaged at byte {sound}, before the last event: "
                "restore the file, or move the partition's folder away to begin anew"
            )
        tail = segment.read_from(segment.end)
        kept = segment.path.with_suffix(".cut")
        kept.write_bytes(tail)
        segment.cut()
        _LOG.warning(
            "%s ended in %d bytes of a batch that was never acknowledged: cut, and kept as %s",
            segment.path,
            len(tail),
            kept.name,
        )

    def _check_order(self) -> None:
        for before, after in zip(self.segments, self.segments[1:], strict=False):
            if after.start.sequence != before.last_sequence + 1 or after.start.offset != before.end_offset:
                raise BadState(f"events between {before.path} and {after.path.name} are missing")

    @property
    def ends(self) -> Ends:
        """Both ends of what is kept."""
        sequence, offset, time = self._last or (-1, -1, None)
        oldest = self.segments[0]
        return Ends(oldest.start.sequence, sequence, offset, time)

    def append(self, events: Iterable[Event], *, now: int) -> Ends:
        """Write a batch, all of it or nothing; when this returns, it survives the end of the process.

        :param now: milliseconds since 1970; events never get a time before that of an earlier one
        :return: the ends of the partition, with the batch
        :raises StoreError: if it cannot be written
        """
        self._roll_if_full()
        segment, batch = self.segments[-1], list(events)
        sequence, offset, last_time = segment.last_sequence + 1, segment.end_offset, segment.last_time
        enqueued, records, parts = max(now, last_time), [], []
        for position, event in enumerate(batch, start=1):
            is_last = position == len(batch)
            part = encode(event, sequence=sequence, enqueued=enqueued, is_last_of_batch=is_last)
            records.append(Record(sequence, offset, enqueued, event.key, b"", is_last))
            parts.append(part)
            sequence, offset = sequence + 1, offset + len(part)
        place = segment.append(b"".join(parts), fsync=self.fsync)
        for record, part in zip(records, parts, strict=True):
            segment.note(record, place)
            place += len(part)
        self._last = (segment.last_sequence, segment.last_offset, segment.last_time)
        for listener in tuple(self.listeners):
            listener()
        return self.ends

    def _roll_if_full(self) -> None:
        if self.segments[-1].end >= self.retention.segment_bytes:
            self._roll()

    def _roll(self) -> None:
        last = self.segments[-1]
        try:
            start = Start(last.last_sequence + 1, last.end_offset, last.last_offset, last.last_time)
            new = Segment.create(self.folder, start, fsync=self.fsync)
        except OSError as problem:
            raise StoreError(f"{self.folder} takes no new segment: {problem.strerror}") from problem
        self.segments.append(new)

    def expire(self, *, now: int) -> int:
        """Delete segments that are too old or too many; return how many events went with them."""
        before = self.segments[0].start.sequence
        if not self.segments[-1].is_empty and self._is_old(self.segments[-1], now):
            self._roll()
        total = sum(segment.end for segment in self.segments)
        while len(self.segments) > 1 and (
            self._is_old(self.segments[0], now) or total > self.retention.most_bytes
        ):
            oldest = self.segments.pop(0)
            total -= oldest.end
            oldest.delete()
        return self.segments[0].start.sequence - before

    def _is_old(self, segment: Segment, now: int) -> bool:
        return segment.last_time <= now - self.retention.milliseconds

    def read(self, cursor: Cursor, *, most_events: int) -> list[Record]:
        """Read the next events, and move the cursor behind them.

        A cursor whose event was deleted goes on with the oldest that is there.

        :return: none if there are none yet; not always as many as were asked for
        :raises StoreError: if a file is damaged
        """
        records: list[Record] = []
        while not records and cursor.sequence <= self.ends.last_sequence:
            for record, place in self._segment_of(cursor).read(cursor.place):
                if record.sequence >= cursor.sequence:
                    records.append(record)
                    cursor.sequence = record.sequence + 1
                cursor.place = place
                if len(records) >= most_events:
                    break
        return records

    def _segment_of(self, cursor: Cursor) -> Segment:
        """Find the segment of the cursor's event; a sequential reader has it already."""
        known = cursor.segment
        if known is not None and not known.is_gone and (
            cursor.place < known.end or known is self.segments[-1]
        ):  # fmt: skip
            return known
        begin = self.segments[0].start.sequence
        if cursor.sequence < begin:
            _LOG.info("events %d to %d of %s are gone", cursor.sequence, begin - 1, self.folder)
            cursor.sequence = begin
        segment = next(
            segment for segment in reversed(self.segments) if segment.start.sequence <= cursor.sequence
        )
        cursor.segment = segment
        cursor.place = segment.index.before(segment.index.sequences, cursor.sequence)
        return segment

    def first_from_time(self, moment: int) -> int:
        """Tell the number of the first event that was enqueued at a moment or later."""
        for segment in self.segments:
            if segment.is_empty or segment.last_time < moment:
                continue
            place = segment.index.before(segment.index.times, moment)
            return self._first(segment, place, lambda record: record.enqueued >= moment)
        return self.ends.last_sequence + 1

    def first_from_offset(self, offset: int) -> int:
        """Tell the number of the first event at an offset or later."""
        for segment in self.segments:
            if segment.is_empty or segment.last_offset < offset:
                continue
            wanted = offset - segment.start.offset + HEADER_SIZE
            place = segment.index.before(segment.index.places, wanted)
            return self._first(segment, place, lambda record: record.offset >= offset)
        return self.ends.last_sequence + 1

    @staticmethod
    def _first(segment: Segment, place: int, is_wanted: Callable[[Record], bool]) -> int:
        while place < segment.end:
            for record, behind in segment.read(place):
                if is_wanted(record):
                    return record.sequence
                place = behind
        return segment.last_sequence + 1

    def close(self) -> None:
        """Close all files."""
        for segment in self.segments:
            segment.close()


def _holds_a_record(tail: bytes) -> bool:
    """Tell whether behind a damaged record there is a sound one."""
    size = size_at(tail, 0)
    while size is not None and size < len(tail):
        tail = tail[size:]
        size = size_at(tail, 0)
        if size is not None and size <= len(tail) and parse(tail, 0, offset=0) is not None:
            return True
    return False
