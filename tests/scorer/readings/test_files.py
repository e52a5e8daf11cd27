"""Rows of CSV files: those that count, and the issues of the others."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorer.errors import DataFault
from scorer.readings.files import FileRows, ReadingTable, RowIssue, in_order, read_file
from scoring_contract.hour import RunHour
from scoring_contract.reading_files.file_kinds import FileKind, Foreign, kind_of

HOUR = RunHour.parse("2018-08-29T02")
HEADER = "TS,Device,Tag,Value"


def rows_of(text: str | bytes, name: str = "a.csv") -> FileRows:
    """Read a file in which only sensor 1_4 is ours."""
    blob = text if isinstance(text, bytes) else text.encode()
    return read_file(name, blob, hour=HOUR, owner=lambda *pair: "1_4" if pair == ("1", "4") else None)


def read(text: str | bytes) -> ReadingTable:
    """Read a file as sensor 1_4's."""
    return rows_of(text).of("1_4")


def row(ts: str = "2018-08-29T02:10:00Z", device: str = "1", tag: str = "4", value: str = "10.16") -> str:
    """Write a valid row, except for what is changed."""
    return f"{ts},{device},{tag},{value}"


def timestamps(table: ReadingTable) -> list[datetime]:
    """Return the times of a table's rows."""
    return [datetime.fromtimestamp(micros / 1e6, UTC) for micros in table.micros.tolist()]


@pytest.mark.parametrize(
    "ts",
    [
        pytest.param("2018-08-29 02:10:00.000", id="blank, no zone"),
        pytest.param("2018-08-29T02:10:00", id="T, no zone"),
        pytest.param("2018-08-29T02:10:00Z", id="zulu"),
        pytest.param("2018-08-29T02:10:00.0000000Z", id="seven digits, as Stream Analytics writes them"),
        pytest.param("2018-08-29T04:10:00+02:00", id="offset"),
        pytest.param("2018-08-28T21:40:00.5-0430", id="offset without a colon"),
        pytest.param("2018-08-29T02:00:00Z", id="first moment of the hour"),
        pytest.param("2018-08-29T02:59:59.999999Z", id="last moment of the hour"),
    ],
)
def test_times_are_accepted_and_kept_as_written(ts: str) -> None:
    """A row's time may have any of these forms, and its text is kept."""
    table = read(f"{HEADER}\n{row(ts)}\n")
    assert table.ts == [ts]
    assert not table.rejected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(row(ts="yesterday"), RowIssue.UNREADABLE, id="no time"),
        pytest.param(row(ts="2018-08-29"), RowIssue.UNREADABLE, id="date only"),
        pytest.param(row(ts="2018-13-29T02:10:00Z"), RowIssue.UNREADABLE, id="month 13"),
        pytest.param(row(ts="20180829T021000Z"), RowIssue.UNREADABLE, id="basic form"),
        pytest.param(row(ts="2018-08-29T03:00:00Z"), RowIssue.OTHER_HOUR, id="first moment after the hour"),
        pytest.param(row(ts="2018-08-29T01:59:59.999Z"), RowIssue.OTHER_HOUR, id="just before the hour"),
        pytest.param(row(ts="2018-08-29T02:10:00+02:00"), RowIssue.OTHER_HOUR, id="another hour in UTC"),
        pytest.param(row(device="2"), RowIssue.OTHER_SENSOR, id="other device"),
        pytest.param(row(tag="5"), RowIssue.OTHER_SENSOR, id="other tag"),
        pytest.param(row(value="nan"), RowIssue.NOT_FINITE, id="nan"),
        pytest.param(row(value="-inf"), RowIssue.NOT_FINITE, id="infinite"),
        pytest.param(row(value="1e999"), RowIssue.NOT_FINITE, id="beyond float64"),
        pytest.param(row(value=""), RowIssue.UNREADABLE, id="no value"),
        pytest.param(row(value="ten"), RowIssue.UNREADABLE, id="a word"),
        pytest.param(row(value="1_000"), RowIssue.UNREADABLE, id="python's underscore"),
        pytest.param(row(value="\u0661\u0660"), RowIssue.UNREADABLE, id="digits of another script"),
        pytest.param(row(value="10,16"), RowIssue.UNREADABLE, id="decimal comma makes a fifth field"),
        pytest.param("2018-08-29T02:10:00Z,1,4", RowIssue.UNREADABLE, id="too few fields"),
    ],
)
def test_other_rows_are_counted_with_their_reason(line: str, reason: RowIssue) -> None:
    """An invalid row is left out alone, and its reason is counted."""
    table = read(f"{HEADER}\n{row()}\n{line}\n")
    assert len(table) == 1
    assert dict(table.rejected) == {reason: 1}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"\ufeff{HEADER}\r\n{row()}\r\n", id="byte order mark and CRLF"),
        pytest.param(
            "Value,Tag,Device,TS\n10.16,4,1,2018-08-29T02:10:00Z", id="other order, no final newline"
        ),
        pytest.param(f"{HEADER},PartitionId\n{row()},7\n", id="further column"),
        pytest.param(f"{HEADER}\n\n{row()}\n\n", id="empty lines"),
        pytest.param('"TS","Device","Tag","Value"\n"2018-08-29T02:10:00Z","1","4","10.16"\n', id="quoted"),
        pytest.param(f"{HEADER}\n2018-08-29T02:10:00Z , 1 , 4 , 10.16\n", id="blanks round the fields"),
    ],
)
def test_files_of_different_hands_read_alike(text: str) -> None:
    """Column order, byte order mark, line ends and quotes make no difference."""
    table = read(text)
    assert (table.pairs, table.texts, table.values.tolist()) == ({("1", "4")}, ["10.16"], [[10.16]])


def test_bytes_that_are_no_text_spoil_their_row_only() -> None:
    """An invalid byte makes one row unreadable, not the file."""
    table = read(f"{HEADER}\n{row()}\n".encode() + b"2018-08-29T02:11:00Z,1,4,\xff9\n" + row().encode())
    assert (len(table), dict(table.rejected)) == (2, {RowIssue.UNREADABLE: 1})


def test_a_stray_quote_does_not_swallow_the_following_rows() -> None:
    """An unclosed quote ends with its line."""
    table = read(f'{HEADER}\n"{row()}\n{row()}\n{row()}\n')
    assert (len(table), table.rejected.total()) == (2, 1)


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", HEADER, f"{HEADER}\r\n"])
def test_a_file_without_rows_is_empty(text: str) -> None:
    """Without bytes, with blank lines or a header only, it has no rows and no rejects."""
    assert read(text).is_empty


def test_without_a_header_every_line_is_rejected() -> None:
    """Columns are found by name; without names, guessing would be wrong."""
    table = read(f"{row()}\n{row()}\n")
    assert (len(table), dict(table.rejected)) == (0, {RowIssue.UNREADABLE: 2})


def test_files_are_put_together_by_time() -> None:
    """Readings are sorted by time across files; ties and repeats keep their order."""
    first = read("\n".join([HEADER, row("2018-08-29T02:20:00Z", value="3"), row(value="1"), row(value="1")]))
    second = read("\n".join([HEADER, row(value="2"), row("2018-08-29 04:05:00+02:00", value="0"), row("x")]))
    whole = in_order([first, second])
    assert whole.texts == ["0", "1", "1", "2", "3"]
    assert whole.rejected.total() == 1


def test_reasons_are_told_most_frequent_first() -> None:
    """People see at a glance what is wrong with the rows."""
    table = read("\n".join([HEADER, row("x"), row(tag="5"), row(device="2")]))
    assert table.why_rejected() == "2 of another sensor, 1 unreadable"


@given(st.binary(max_size=400))
def test_any_bytes_can_be_read(blob: bytes) -> None:
    """Reading only fails for bytes that claim to be gzip, Parquet or Avro and are not."""
    try:
        table = read(blob)
    except DataFault:
        assert not isinstance(kind_of(blob), Foreign)
        assert kind_of(blob) is not FileKind.TEXT
        return
    assert all(HOUR.contains(moment) for moment in timestamps(table))


FIELD = st.one_of(
    st.sampled_from(["2018-08-29T02:10:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31 23:59:59-1200"]),
    st.sampled_from(["1", "4", "10.16", "nan", '"', '"4"', "1e400", "0x1p4", "", "\u2028", "\x00"]),
    st.text(alphabet=st.characters(exclude_characters="\n,"), max_size=8),
)


@given(st.lists(st.lists(FIELD, min_size=3, max_size=5), max_size=6))
def test_every_line_is_either_kept_or_counted(rows: list[list[str]]) -> None:
    """No row vanishes: each line that is not blank is a reading or a reject."""
    lines = [",".join(fields) for fields in rows]
    table = read("\n".join([HEADER, *lines]).encode("utf-8", errors="surrogatepass"))
    written = re.split("\r\n|\n|\r", "\n".join(lines))
    assert len(table) + table.rejected.total() == len([line for line in written if line.strip(" \t\ufeff")])
    assert np.isfinite(table.values).all()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_values_are_read_exactly(value: float) -> None:
    """The number that ``repr`` wrote is the number that is scored."""
    read_value = read(f"{HEADER}\n{row(value=repr(value))}").values.item()
    assert math.copysign(1, read_value) == math.copysign(1, value)
    assert read_value == value
