"""Malicious files: each ends as counted rows or as a data fault."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scorer.errors import DataFault
from scorer.readings import csv_rows, files, json_rows
from scorer.readings.files import FileRows, in_order, read_file
from scoring_contract.hour import RunHour
from scoring_contract.reading_files.file_kinds import FileKind, kind_of
from tests.support.reading_forms import an_avro_file

ROOT = Path(__file__).parents[3]
HOUR = RunHour.parse("2018-08-29T02")
SUFFIXES = st.sampled_from(["csv", "json", "jsonl", "parquet", ""])


def read(name: str, blob: bytes) -> FileRows:
    """Read a file in which every row belongs to one of our sensors."""
    return read_file(name, blob, hour=HOUR, owner=lambda device, tag: f"{device}_{tag}" if tag else None)


def endure(name: str, blob: bytes) -> None:
    """Read a file; only a data fault may be raised, and valid rows must be intact."""
    try:
        rows = read(name, blob)
    except DataFault:
        assert name.endswith("parquet") or kind_of(blob) in {FileKind.GZIP, FileKind.AVRO, FileKind.PARQUET}
        return
    for table in rows.tables.values():
        whole = in_order([table])
        assert len(whole) == len(whole.ts) == len(whole.texts) == len(whole.values)
        assert (np.diff(whole.micros) >= 0).all()
        assert len(whole) or whole.rejected.total()


def in_a_process(code: str, *words: str, stdin: bytes = b"") -> str:
    """Run Python code where it can do no harm."""
    folders = os.pathsep.join(str(ROOT / folder) for folder in ("plugins", "scoring_image"))
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env={"PATH": os.defpath, "PYTHONPATH": folders},
        input=stdin,
        capture_output=True,
        timeout=900,
        check=True,
    )
    return done.stdout.decode()


def test_a_file_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file and both sizes."""
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    with pytest.raises(DataFault, match=r"^a\.csv has 11 bytes; the limit is 10$"):
        read("a.csv", bytes(11))


PIECES = st.sampled_from(
    [
        b"TS,Device,Tag,Value",
        b"2018-08-29T02:10:00Z,1,4,10.16",
        b"2018-08-29T04:10:00+02:00,1,4,1",
        b'{"TS":"2018-08-29T02:10:00Z","Device":1,"Tag":4,"Value":1}',
        b'{"TS":',
        b'"',
        b"[",
        b"]",
        b"{",
        b"}",
        b"\n",
        b"\r\n",
        b"\r",
        b",",
        b" ",
        b"\t",
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xe2\x80\xa8",
        b"1e999",
        b"NaN",
        b"-Infinity",
        b"true",
        b"null",
        b"\\ud800",
        b"[" * 3000,
        b'{"a":' * 3000,
        b"9" * 5000,
    ],
)


@given(SUFFIXES, st.lists(st.one_of(PIECES, PIECES, st.binary(max_size=5)), max_size=25))
def test_any_mixture_is_endured(suffix: str, pieces: list[bytes]) -> None:
    """Valid rows, partial rows, magic bytes of every format and invalid bytes, in any order."""
    endure(f"a.{suffix}", b"".join(pieces))


@given(SUFFIXES, st.binary(max_size=300))
def test_any_bytes_are_endured(suffix: str, blob: bytes) -> None:
    """No file makes the reader fail."""
    endure(f"a.{suffix}", blob)


def a_parquet_file(compression: str) -> bytes:
    """Write a Parquet file with texts, numbers and two groups of rows."""
    ts = pa.array([1_535_508_600_000_000 + second for second in range(20)], pa.timestamp("us"))
    names = ["1", "2"] * 10
    table = pa.table({"TS": ts, "Device": names, "Tag": [4] * 20, "Value": [0.5 * row for row in range(20)]})
    blob = io.BytesIO()
    pq.write_table(table, blob, row_group_size=10, compression=compression)
    return blob.getvalue()


FILES = [a_parquet_file("none"), a_parquet_file("snappy")]


@given(
    st.sampled_from(FILES),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 30),
)
def test_a_damaged_parquet_file_is_endured(blob: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    """Bytes flipped in pages, headers and footer."""
    damaged = bytearray(blob)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    endure("a.parquet", bytes(damaged[cut // 10 :]))


_FIELDS = {"TS": "string", "Device": "string", "Tag": "long", "Value": ["null", "double"]}
_ROWS = [{"TS": f"2018-08-29T02:{row:02}:00Z", "Device": "1", "Tag": 4, "Value": 0.5} for row in range(20)]
AVRO_FILES = [an_avro_file(_ROWS, _FIELDS, codec) for codec in ("null", "deflate")]


@given(
    st.sampled_from(AVRO_FILES),
    st.lists(st.tuples(st.integers(4, 10_000), st.integers(0, 255)), min_size=1, max_size=6),
)
@example(AVRO_FILES[0], [(AVRO_FILES[0].index(b'name": "TS"'), ord("N"))])
def test_a_damaged_avro_file_is_endured(blob: bytes, changes: list[tuple[int, int]]) -> None:
    """Bytes that flip in the schema, in a block and its lengths."""
    damaged = bytearray(blob)
    for place, value in changes:
        damaged[max(place % len(damaged), 4)] = value
    endure("a.avro", bytes(damaged))


_DAMAGE = """
import random, sys
from scorer.errors import DataFault
from scorer.readings.files import read_file
from scoring_contract.reading_files.file_kinds import FileKind, kind_of
from scoring_contract.hour import RunHour
blob, rnd, faults = sys.stdin.buffer.read(), random.Random(0), 0
for _ in range(int(sys.argv[1])):
    damaged = bytearray(blob)
    for _ in range(rnd.randint(1, 4)):
        damaged[rnd.randrange(len(blob))] = rnd.choice([0, 1, 127, 128, 255, rnd.randrange(256)])
    try:
        read_file("a.parquet", bytes(damaged), hour=RunHour.parse("2018-08-29T02"), owner=lambda *pair: "1_4")
    except DataFault:
        faults += 1
print(faults)
"""


@pytest.mark.parametrize("times", [500, pytest.param(20_000, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_damage_never_ends_the_process(compression: str, times: int) -> None:
    """Pyarrow aborts the process when asked for some details of a damaged file; we never ask."""
    done = in_a_process(_DAMAGE, str(times), stdin=a_parquet_file(compression))
    assert 0 < int(done) < times


@given(st.sampled_from(FILES), st.integers(4, 300), st.binary(min_size=1, max_size=8))
def test_a_forged_footer_is_endured(blob: bytes, back: int, forged: bytes) -> None:
    """The footer may claim anything about rows and sizes."""
    place = len(blob) - 8 - back
    endure("a.parquet", blob[:place] + forged + blob[place + len(forged) :])


@given(st.data())
def test_pieces_of_a_file_are_read_like_the_whole(data: st.DataObject) -> None:
    """It makes no difference where a large file is cut into chunks."""
    rows = [
        "2018-08-29T02:10:00Z,1,4,1",
        "2018-08-29T02:10:01Z,2,4,2",
        "x",
        ' "',
        "2018-08-29T03:10:00Z,1,4,1",
    ]
    lines = data.draw(st.lists(st.sampled_from(rows), max_size=12))
    blob = "\n".join(["TS,Device,Tag,Value", *lines]).encode()
    size = data.draw(st.integers(1, 80))
    whole, was = read("a.csv", blob), csv_rows.STRETCH
    csv_rows.STRETCH = size
    try:
        pieces = read("a.csv", blob)
    finally:
        csv_rows.STRETCH = was
    assert pieces.unowned == whole.unowned
    assert {name: (table.ts, table.issues) for name, table in pieces.tables.items()} == {
        name: (table.ts, table.issues) for name, table in whole.tables.items()
    }


@pytest.mark.parametrize("size", [40, 100, 1_000])
def test_arrays_longer_than_a_window_are_read_whole(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An array on one line is read through a window; only an object larger than that is lost."""
    monkeypatch.setattr(json_rows, "MOST_OBJECT_CHARS", size)
    row = '{"TS":"2018-08-29T02:10:00Z","Device":1,"Tag":4,"Value":1}'
    table = read("a.json", f"[{', '.join([row] * 30)}]".encode()).of("1_4")
    assert len(table) == (30 if size > len(row) else 0)
    assert bool(table.rejected) == (size < len(row))


_MEASURED = """
import sys, time
from pathlib import Path
from scorer.errors import DataFault
from scorer.readings.files import read_file
from scoring_contract.reading_files.file_kinds import FileKind, kind_of
from scoring_contract.hour import RunHour
kind, megabytes = sys.argv[1], int(sys.argv[2])
unit, name = {
    "long line": (b"7,", "a.csv"),
    "empty lines": (b"\\n", "a.csv"),
    "short lines": (b"7\\n", "a.csv"),
    "long text": (b"7", "a.json"),
    "lists": (b"[],", "a.json"),
    "list in a list": (b"[],", "a.json"),
    "open objects": (b'{"a":[\\n', "a.json"),
    "open objects in an array": (b'{"a":[\\n', "a.json"),
    "quotes": (b'"\\n', "a.csv"),
    "objects in objects": (b'{"x":[' + b'{"a":{"b":{}}},' * 500 + b'1]}\\n', "a.json"),
}[kind]
head = {"list in a list": b"[[", "open objects in an array": b"["}.get(kind, b"")
header = b"TS,Device,Tag,Value\\n" if name == "a.csv" else b""
blob = head + header + unit * ((megabytes << 20) // len(unit))
def peak():
    # getrusage would tell the peak of the process that started this one, if it was higher
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
before = peak()
started = time.process_time()
rows = read_file(name, blob, hour=RunHour.parse("2018-08-29T02"), owner=lambda *pair: None)
grown = (peak() - before) / 1024
print(grown, (time.process_time() - started) / megabytes)
"""


BATCH_MEBIBYTES = 40
"""What a batch of nested lists takes once it is parsed, however large the file."""


@pytest.mark.parametrize(
    ("kind", "megabytes"),
    [
        ("long line", 4),
        ("empty lines", 4),
        ("short lines", 2),
        ("quotes", 2),
        ("long text", 4),
        ("lists", 4),
        ("list in a list", 4),
        ("open objects", 2),
        ("open objects in an array", 2),
        ("objects in objects", 16),  # beyond what is parsed at once
    ],
)
def test_memory_and_time_grow_with_the_file_only(kind: str, megabytes: int) -> None:
    """The worst few mebibytes need at most eight times that in memory, and no minutes."""
    memory, seconds = map(float, in_a_process(_MEASURED, kind, str(megabytes)).split())
    assert memory < BATCH_MEBIBYTES + 8 * megabytes
    assert seconds < 15, "a mebibyte; what grows with the square takes minutes"
