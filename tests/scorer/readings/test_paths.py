"""Regular columns are read in one pass, with the same result as value by value."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scorer.readings import numbers, timestamps
from scorer.readings.csv_rows import Layout
from scorer.readings.numbers import Numbers, read_numbers
from scorer.readings.timestamps import Timestamps, read_alike, read_timestamps, texts_of
from scoring_contract.reading_files.csv_dialect import CsvDialect
from scoring_contract.reading_files.timestamps import read_timestamp

FIELD = st.one_of(
    st.sampled_from(["2018-08-29T02:10:00Z", "2018-08-29 02:10:00.5", " 2018-08-29T02:10:00", "1", "4", "x"]),
    st.sampled_from(
        ["10.16", "-3", "1e+5", "nan", " 7", "7 ", "", '"4"', '"', "\r", "\t1", "\x00", "\u0661", "1_0"]
    ),
    st.sampled_from(["plant 1", "Pumpe-\u00dc", "a  b", "\u00a0a", "a\u2003", "\ufeff1", "\u2028", "00:1B"]),
    st.text(max_size=4),
)
LINE_END = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", "\n \n"])


def a_layout(width: int, places: tuple[int, ...]) -> Layout:
    """Describe a file with commas and a model of one feature."""
    return Layout(CsvDialect(",", tuple(map(str, range(width))), places))


@st.composite
def files(draw: st.DrawFn) -> tuple[Layout, bytes]:
    """Draw a file's body: mostly lines like the first, and a few of any kind."""
    width = draw(st.integers(4, 6))
    first = draw(st.lists(FIELD, min_size=width, max_size=width))
    odd = st.lists(FIELD, min_size=3, max_size=6)
    like_first = st.tuples(*(st.one_of(st.just(field), FIELD) for field in first)).map(list)
    rows = draw(st.lists(st.one_of(st.just(first), st.just(first), like_first, odd), max_size=6))
    text = "".join(",".join(row) + draw(LINE_END) for row in rows)
    places = draw(st.permutations(range(width)))[:4]
    return a_layout(width, tuple(places)), text.encode("utf-8", errors="replace")


@given(files())
def test_lines_split_at_once_are_the_lines_split_singly(file: tuple[Layout, bytes]) -> None:
    """If lines look regular, both ways find the same fields; only a time may keep spaces around it."""
    layout, part = file
    alike = layout.split_alike(part) if part else None
    if alike is None:
        return
    ts, *others = alike
    columns, bad = layout.split_lines(part)
    assert ([[text.strip() for text in ts], *others], bad) == (columns, 0)


@given(
    st.integers(1, 50),
    st.sampled_from(["", " \n", "\r\n"]),
    st.sampled_from(["1", "plant {} left", "Pumpe-\u00dc{}", "00:1B:{}", "ns=2;s=Pump.{}", "\U0001f321 {}"]),
)
def test_ordinary_lines_are_split_at_once(rows: int, end: str, device: str) -> None:
    """Files of devices, loaders and Stream Analytics take the fast way, whatever devices are called."""
    lines = [f"2018-08-29 02:{row:02}:00.000,{device.format(row)},4,{row / 7!r}" for row in range(rows)]
    part = (end if end == "\r\n" else "\n").join(lines)
    assert a_layout(4, (0, 1, 2, 3)).split_alike(part.encode()) is not None


CLOCK = st.builds(
    "{}{}{:02}:{:02}:{:02}{}{}".format,
    st.sampled_from(["2018-08-29", "2018-08-30", "2018-02-30", "0001-01-01", "9999-12-31", "2018-8-29"]),
    st.sampled_from("T T_"),
    st.sampled_from([2, 2, 2, 3, 24]),
    st.integers(0, 61),
    st.integers(0, 61),
    st.sampled_from(["", ".0", ".000", ".123456", ".1234567", ".9999999999", ".", ",5", ".12a"]),
    st.sampled_from(["", "Z", "z", "+00:00", "-00:00", "+0200", "-11:30", "+14:00", "+25:00", "+02"]),
)


def told(column: Timestamps) -> list[object]:
    """Return a column's values, with abbreviations expanded."""
    count = len(column.micros)
    masks = (column.readable, column.other_zone)
    written_out = [
        np.full(count, fill) if mask is None else mask
        for mask, fill in zip(masks, (True, False), strict=True)
    ]
    return [column.micros.tolist(), column.texts, *(mask.tolist() for mask in written_out)]


@given(st.lists(st.one_of(CLOCK, st.text(max_size=3)), max_size=3), st.integers(1, 3))
def test_moments_read_at_once_are_the_moments_read_singly(texts: list[str], times: int) -> None:
    """Forms, numbers of digits, zones and invalid dates: both ways agree."""
    for column in (texts * times, texts[:1] * times):
        assert told(read_timestamps(column)) == told(timestamps.read_one_by_one(column))


@given(st.integers(0, 3599), st.integers(0, 9_999_999), st.sampled_from([0, 3, 6, 7]), st.sampled_from("T "))
def test_moments_of_one_hour_are_read_at_once(second: int, below: int, digits: int, mark: str) -> None:
    """An hour's timestamps take the fast way, which reads them correctly."""
    fraction = f".{below:07}"[: digits + 1] if digits else ""
    text = f"2018-08-29{mark}02:{second // 60:02}:{second % 60:02}{fraction}Z"
    column = read_alike([text, text])
    assert column is not None
    alone = read_timestamp(text)
    assert alone is not None
    assert column.micros[0] == alone[0]


@given(st.lists(FIELD.map(str.strip), max_size=5))
def test_numbers_read_at_once_are_the_numbers_read_singly(texts: list[str]) -> None:
    """Whether a text is a number does not depend on its neighbours."""

    def told_numbers(column: Numbers) -> tuple[str, list[bool], list[str] | None]:
        readable = np.ones(len(texts), bool) if column.readable is None else column.readable
        return repr(column.values.tolist()), readable.tolist(), column.texts

    assert told_numbers(read_numbers(texts)) == told_numbers(numbers.read_one_by_one(texts))


@given(st.lists(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999), max_size=5))
def test_texts_of_moments_read_back_as_the_same_moments(micros: list[int]) -> None:
    """A time given as a number gets a text that all our readers read exactly."""
    texts = texts_of(np.array(micros, dtype=np.int64))
    assert [read_timestamp(text) for text in texts] == [(moment, False) for moment in micros]
