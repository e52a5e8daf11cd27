"""Events on disk: order, ends, what a crash leaves, and what is deleted."""

from __future__ import annotations

import errno
import os

import pytest

from azure_event_hubs_emulator.errors import BadState, StoreError
from azure_event_hubs_emulator.store.partition_log import Cursor, PartitionLog, Retention
from azure_event_hubs_emulator.store.record import Event

SMALL = Retention(milliseconds=1000, most_bytes=1 << 30, segment_bytes=2048)


def log_in(folder, **options) -> PartitionLog:
    """Open the log of a folder."""
    log = PartitionLog(folder, **options)
    log.open()
    return log


def append(log, *messages: str, now=0, key=None) -> None:
    """Append a batch."""
    log.append([Event(message.encode(), key) for message in messages], now=now)


def read(log, first=0) -> list[str]:
    """Read everything from a number on, in small steps."""
    cursor, found = Cursor(first), []
    while records := log.read(cursor, most_events=7):
        found += [record.message.decode() for record in records]
    return found


def test_what_was_appended_is_there_after_a_restart(tmp_path) -> None:
    """Numbers, offsets, times and keys are the same when the files are opened again."""
    log = log_in(tmp_path)
    append(log, "a", "b", now=5, key=b"k")
    append(log, "c", now=9)
    before, ends = log.read(Cursor(0), most_events=9), log.ends
    log.close()
    again = log_in(tmp_path)
    assert again.read(Cursor(0), most_events=9) == before
    assert again.ends == ends
    assert [(record.sequence, record.enqueued, record.key) for record in before] == [
        (0, 5, b"k"),
        (1, 5, b"k"),
        (2, 9, None),
    ]
    append(again, "d", now=9)
    assert again.ends.last_sequence == 3


def test_time_never_goes_backwards(tmp_path) -> None:
    """A corrected clock, or a restart, gives no event an earlier time than the one before it."""
    log = log_in(tmp_path)
    append(log, "a", now=100)
    append(log, "b", now=50)
    log.close()
    log = log_in(tmp_path)
    append(log, "c", now=1)
    assert [record.enqueued for record in log.read(Cursor(0), most_events=9)] == [100, 100, 100]


def test_readers_pass_from_file_to_file(tmp_path) -> None:
    """Thousands of events in many files are read in order, from anywhere; the index finds the same."""
    log = log_in(tmp_path, retention=Retention(segment_bytes=200_000))
    for number in range(0, 9000, 3):
        append(log, *(f"{n:060}" for n in range(number, number + 3)), now=number)
    assert len(log.segments) > 3
    assert [int(body) for body in read(log)] == list(range(9000))
    assert [int(body) for body in read(log, 4321)] == list(range(4321, 9000))
    for wanted in (0, 1, 2999, 4500, 8997):
        (record,) = log.read(Cursor(wanted), most_events=1)
        assert log.first_from_offset(record.offset) == wanted
        assert log.first_from_offset(record.offset + 1) == wanted + 1
        assert log.first_from_time(record.enqueued) == wanted - wanted % 3
    assert log.first_from_time(99_999) == 9000


@pytest.mark.parametrize("left", range(1, 120, 7))
def test_a_torn_batch_is_cut_as_a_whole(tmp_path, caplog, left) -> None:
    """Of a batch that a crash cut short nothing is kept, of those before it everything; the log says so."""
    log = log_in(tmp_path)
    append(log, "a", "b")
    end = log.segments[-1].end
    append(log, "first of the batch", "second of the batch", "third of the batch")
    path = log.segments[-1].path
    log.close()
    os.truncate(path, end + left)
    again = log_in(tmp_path)
    assert read(again) == ["a", "b"]
    assert "never acknowledged: cut" in caplog.text
    assert path.with_suffix(".cut").stat().st_size == left
    append(again, "c")
    again.close()
    assert read(log_in(tmp_path)) == ["a", "b", "c"]


def test_zeros_at_the_end_are_cut(tmp_path) -> None:
    """A file that a power failure left longer than its events is no reason not to start."""
    log = log_in(tmp_path)
    append(log, "a")
    log.close()
    with log.segments[-1].path.open("ab") as file:
        file.write(bytes(500))
    assert read(log_in(tmp_path)) == ["a"]


@pytest.mark.parametrize("place", [50, 70, 80, 100])
def test_damage_before_sound_events_is_not_cut(tmp_path, place) -> None:
    """A file that is damaged in its middle stops the start, and stays: its events were acknowledged."""
    log = log_in(tmp_path)
    for body in ("aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccc"):
        append(log, body)
    path = log.segments[-1].path
    log.close()
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(BadState, match="is damaged at byte"):
        log_in(tmp_path)
    assert path.read_bytes() == data


def test_a_missing_file_stops_the_start(tmp_path) -> None:
    """A gap between files is told."""
    log = log_in(tmp_path, retention=SMALL)
    for _ in range(90):
        append(log, "x" * 40)
    log.segments[1].path.unlink()
    log.close()
    with pytest.raises(BadState, match="are missing"):
        log_in(tmp_path)


def test_damage_is_never_delivered(tmp_path) -> None:
    """What changed on disk under a running emulator is an error for its reader."""
    log = log_in(tmp_path)
    append(log, "a" * 100)
    with log.segments[-1].path.open("r+b") as file:
        file.seek(110)
        file.write(b"?")
    with pytest.raises(StoreError, match="is damaged at byte"):
        log.read(Cursor(0), most_events=1)


def test_old_events_go_by_files(tmp_path) -> None:
    """After its time an event goes; numbers go on, and a reader goes on with the oldest."""
    log = log_in(tmp_path, retention=SMALL)
    for number in range(60):
        append(log, f"{number:040}", now=number * 100)
    late = Cursor(0)
    log.read(late, most_events=1)
    gone = log.expire(now=4000)
    assert 0 < gone <= 31
    assert log.ends.begin_sequence == gone
    assert [int(body) for body in read(log)] == list(range(gone, 60))
    assert log.read(late, most_events=1)[0].sequence == gone
    assert log.expire(now=99_999) == 60 - gone
    assert log.ends.is_empty
    ends = log.ends
    log.close()
    again = log_in(tmp_path, retention=SMALL)
    assert again.ends == ends
    append(again, "next", now=0)
    (record,) = again.read(Cursor(0), most_events=9)
    assert (record.sequence, record.enqueued) == (60, 5900)


def test_bytes_are_bounded(tmp_path) -> None:
    """However young they are, the oldest events go when there are too many."""
    bounded = Retention(milliseconds=10**9, most_bytes=10_000, segment_bytes=2048)
    log = log_in(tmp_path, retention=bounded)
    for _ in range(1000):
        append(log, "x" * 40)
        log.expire(now=0)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 15_000
    assert log.ends.last_sequence == 999


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch) -> None:
    """A batch that cannot be written is refused, and the next one follows the last that was kept."""
    log = log_in(tmp_path)
    append(log, "a")
    write = os.pwrite

    def half_written(file, data, place) -> int:
        if len(data) > 60:
            return write(file, data[:60], place)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", half_written)
    with pytest.raises(StoreError, match="No space left"):
        append(log, "b" * 60)
    monkeypatch.undo()
    append(log, "c")
    assert read(log) == ["a", "c"]
    log.close()
    assert read(log_in(tmp_path)) == ["a", "c"]


def test_the_disk_is_waited_for_if_asked(tmp_path, monkeypatch) -> None:
    """With ``fsync`` no batch is confirmed before the disk has it."""
    flushed: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda _: flushed.append(len(flushed)))
    append(log_in(tmp_path / "slow", fsync=True), "a", "b")
    append(log_in(tmp_path / "quick"), "a")
    assert len(flushed) == 1
