"""Readings as JSON: lines, arrays, and what JSON's types mean."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorer.readings.files import FileRows, RowIssue, read_file
from scorer.readings.json_rows import MOST_OBJECT_CHARS
from scoring_contract.hour import RunHour

HOUR = RunHour.parse("2018-08-29T02")
ROW = '{"TS":"2018-08-29T02:10:00Z","Device":"1","Tag":"4","Value":10.160}'


def read(text: str | bytes, name: str = "a.json", **how) -> FileRows:
    """Read a file in which only sensor 1_4 is ours."""
    blob = text if isinstance(text, bytes) else text.encode()
    return read_file(name, blob, hour=HOUR, owner=lambda *pair: "1_4" if pair == ("1", "4") else None, **how)


def row(**members: object) -> str:
    """Write a valid row, except for what is changed."""
    return json.dumps({**json.loads(ROW), **members})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{ROW}\n{ROW}\n", id="lines"),
        pytest.param(f"\ufeff{ROW}\r\n\r\n{ROW}", id="byte order mark, CRLF, empty line"),
        pytest.param(f"[{ROW},\n{ROW}]", id="array as Stream Analytics writes it"),
        pytest.param(f"[{ROW},\n{ROW}", id="array that is not yet closed"),
        pytest.param(f"[{ROW},{ROW}]\n", id="array on one line"),
        pytest.param(
            f"[\n{ROW.replace(',', ',' + chr(10))},\n{ROW}\n]\n", id="array with rows on many lines"
        ),
        pytest.param(f"[{ROW}]\n[{ROW}]\n", id="an array per line"),
        pytest.param(f"{ROW},\n{ROW},\n", id="commas behind lines"),
    ],
)
def test_lines_and_arrays_are_read_alike(text: str) -> None:
    """Rows are objects; brackets, commas and line ends around them make no difference."""
    for name in ("a.json", "a.jsonl", "b.NDJSON"):
        rows = read(text, name)
        assert (rows.tables["1_4"].texts, rows.unowned.total()) == (["10.160", "10.160"], 0)


@pytest.mark.parametrize(
    ("device", "tag"),
    [(1, 4), (1.0, 4.0), ("1", 4), (" 1 ", "4")],
    ids=["whole", "floats", "text and number", "blanks"],
)
def test_numbers_name_what_their_digits_name(device: object, tag: object) -> None:
    """Device 1, 1.0 and "1" are the same device."""
    assert read(row(Device=device, Tag=tag)).tables["1_4"].pairs == {("1", "4")}


@pytest.mark.parametrize(
    ("line", "issue"),
    [
        pytest.param(row(Value=True), RowIssue.UNREADABLE, id="true is no number"),
        pytest.param(row(Value=None), RowIssue.UNREADABLE, id="null"),
        pytest.param(row(Value=[1]), RowIssue.UNREADABLE, id="nested"),
        pytest.param(row(Value="ten"), RowIssue.UNREADABLE, id="a word"),
        pytest.param(row(Value=""), RowIssue.UNREADABLE, id="no text"),
        pytest.param(row(Value=float("nan")), RowIssue.NOT_FINITE, id="NaN"),
        pytest.param(row(Value=float("-inf")), RowIssue.NOT_FINITE, id="-Infinity"),
        pytest.param(ROW.replace("10.160", "1e999"), RowIssue.NOT_FINITE, id="beyond float64"),
        pytest.param(ROW.replace("10.160", "9" * 5000), RowIssue.NOT_FINITE, id="5,000 digits"),
        pytest.param(row(TS=15355086), RowIssue.UNREADABLE, id="a count of no unit as moment"),
        pytest.param(row(TS="2018-08-29T03:10:00Z"), RowIssue.OTHER_HOUR, id="other hour"),
        pytest.param(row(TS=None), RowIssue.UNREADABLE, id="no moment"),
        pytest.param(row(Device=2), RowIssue.OTHER_SENSOR, id="other device"),
        pytest.param(row(Device=1.5), RowIssue.OTHER_SENSOR, id="a broken number names another device"),
        pytest.param(row(Device=None), RowIssue.UNREADABLE, id="no device"),
        pytest.param(row(Tag=True), RowIssue.UNREADABLE, id="true is no name"),
        pytest.param(row(Tag=float("nan")), RowIssue.UNREADABLE, id="NaN is no name"),
        pytest.param("{}", RowIssue.UNREADABLE, id="no members"),
        pytest.param("7", RowIssue.UNREADABLE, id="no object"),
        pytest.param('{"TS":"2018-08-29T02:', RowIssue.UNREADABLE, id="cut off"),
        pytest.param(ROW.replace('"1"', '"1'), RowIssue.UNREADABLE, id="a quote is missing"),
        pytest.param(ROW.replace("10.160", "10,160"), RowIssue.UNREADABLE, id="decimal comma"),
        pytest.param(ROW.replace('"4"', '"4\x00"'), RowIssue.UNREADABLE, id="NUL byte"),
        pytest.param('{"a":' * 50_000, RowIssue.UNREADABLE, id="deep nesting"),
        pytest.param(
            "{" + " " * MOST_OBJECT_CHARS + ROW[1:], RowIssue.UNREADABLE, id="longer than any reading"
        ),
    ],
)
@pytest.mark.parametrize(
    "form", ["{row}\n{line}\n{row}\n", "[{row},\n{line},\n{row}]"], ids=["lines", "array"]
)
def test_other_rows_are_counted_with_their_reason(line: str, issue: RowIssue, form: str) -> None:
    """An invalid row is left out alone, in lines and in arrays."""
    table = read(form.format(row=ROW, line=line)).of("1_4")
    assert (len(table), dict(table.issues)) == (2, {issue: 1, RowIssue.REPEATED: 1})


def test_texts_that_are_numbers_are_numbers() -> None:
    """Stream Analytics writes nvarchar columns as text, which means what it means in CSV."""
    assert read(row(Value=" 10.160 ")).tables["1_4"].texts == ["10.160"]


def test_a_broken_byte_spoils_its_row_only() -> None:
    """As in CSV."""
    table = read(f"{ROW}\n".encode() + ROW.encode().replace(b'"4"', b'"\xff"') + b"\n" + ROW.encode()).of(
        "1_4"
    )
    assert (len(table), table.rejected.total()) == (2, 1)


@pytest.mark.parametrize("text", ["", "\n", "[]", "[\n]\n", "\ufeff"])
def test_a_file_without_rows_is_empty(text: str) -> None:
    """It has no rows and no rejects."""
    assert read(text).of("1_4").is_empty


def test_several_features_are_members() -> None:
    """A row counts only if it has them all."""
    rows = read(f"{row(Heat=1.50)}\n{ROW}\n", features=("Heat", "Value"))
    table = rows.tables["1_4"]
    assert (table.columns, dict(table.issues)) == ([["1.5"], ["10.16"]], {RowIssue.UNREADABLE: 1})


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5))
def test_values_are_read_exactly(values: list[float]) -> None:
    """The number that was written is the number that is scored, and its text is kept."""
    text = "\n".join(row(Value=value) for value in values)
    table = read(text).of("1_4")
    assert table.values[:, 0].tolist() == values
    assert table.texts == [json.dumps(value) for value in values]
