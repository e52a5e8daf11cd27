"""Issues of rows that count (repeats, disorder, zones), and how rows find their sensors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorer.readings.files import FileRows, ReadingTable, RowIssue, in_order, read_file
from scoring_contract.hour import RunHour

HOUR = RunHour.parse("2018-08-29T02")


def read(*lines: str, header: str = "TS,Device,Tag,Value", **how) -> FileRows:
    """Read a CSV of sensors named device_tag; device 9 is not ours."""
    owner = how.pop("owner", lambda device, tag: None if device == "9" else f"{device}_{tag}")
    return read_file(
        "a.csv", "\n".join([header, *lines]).encode(), hour=how.pop("hour", HOUR), owner=owner, **how
    )


def at(second: int, value: object = 1, device: str = "1") -> str:
    """Write a row at a time."""
    return f"2018-08-29T02:00:{second:02}Z,{device},4,{value}"


def test_a_row_that_is_repeated_is_kept_and_counted() -> None:
    """It is a repeat if time and value are equal, however they are written."""
    table = read(at(1, "1.0"), at(1, "2"), at(1, "1"), at(2, "1")).tables["1_4"]
    assert (table.texts, dict(table.issues)) == (["1.0", "2", "1", "1"], {RowIssue.REPEATED: 1})


def test_a_file_that_is_delivered_twice_is_seen() -> None:
    """Repeats are counted across files, each once."""
    file = [at(1), at(1), at(2)]
    tables = [read(*file).tables["1_4"] for _ in range(2)]
    assert dict(in_order(tables).issues) == {RowIssue.REPEATED: 4}


def test_disorder_is_counted_within_a_file_and_sorted() -> None:
    """A row is out of order if an earlier row of its file has a later time; files may overlap."""
    first, second = read(at(5, 5), at(3, 3), at(4, 4), at(6, 6)), read(at(1, 1), at(7, 7))
    whole = in_order([first.tables["1_4"], second.tables["1_4"]])
    assert whole.texts == ["1", "3", "4", "5", "6", "7"]
    assert dict(whole.issues) == {RowIssue.OUT_OF_ORDER: 2}


def test_an_offset_is_converted_and_noticed() -> None:
    """Hours are in UTC; only an offset other than zero is counted."""
    table = read(
        "2018-08-29T04:00:00+02:00,1,4,1",
        "2018-08-29T02:00:01+00:00,1,4,2",
        "2018-08-29T05:00:01+02:00,1,4,3",
    ).tables["1_4"]
    assert (table.texts, dict(table.issues)) == (["1", "2"], {RowIssue.OTHER_ZONE: 1, RowIssue.OTHER_HOUR: 1})


@pytest.mark.parametrize(
    ("hour", "ts", "counts"),
    [
        pytest.param("2018-10-28T00", "2018-10-28T02:30:00+02:00", True, id="repeated hour, summer time"),
        pytest.param("2018-10-28T01", "2018-10-28T02:30:00+02:00", False, id="not the hour after it"),
        pytest.param("2018-10-28T01", "2018-10-28T02:30:00+01:00", True, id="repeated hour, winter time"),
        pytest.param("2018-10-28T00", "2018-10-28T02:30:00+01:00", False, id="not the hour before it"),
        pytest.param("2018-10-28T02", "2018-10-28T02:30:00", True, id="without an offset it is UTC"),
        pytest.param("2018-03-25T00", "2018-03-25T01:59:59+01:00", True, id="last moment of winter time"),
        pytest.param("2018-03-25T01", "2018-03-25T03:00:00+02:00", True, id="first moment of summer time"),
        pytest.param(
            "2018-03-25T01", "2018-03-25T02:30:00+01:00", True, id="local time that no clock showed"
        ),
        pytest.param("2018-03-25T02", "2018-03-25T02:30:00", True, id="which is an hour like others in UTC"),
    ],
)
def test_daylight_saving_is_never_ambiguous(hour: str, ts: str, *, counts: bool) -> None:
    """An offset fixes the instant, so a repeated or skipped local hour needs no rule."""
    rows = read(f"{ts},1,4,1", hour=RunHour.parse(hour))
    assert len(rows.tables["1_4"]) == counts


def test_rows_are_given_to_their_sensors() -> None:
    """Each sensor gets its rows and their issues; rows of unknown sensors are counted apart."""
    rows = read(at(1), at(2, device="2"), at(3), at(1, device="9"), at(4, "x"), "y", at(0, "inf", device="2"))
    assert {sensor: table.ts for sensor, table in rows.tables.items()} == {
        "1_4": ["2018-08-29T02:00:01Z", "2018-08-29T02:00:03Z"],
        "2_4": ["2018-08-29T02:00:02Z"],
    }
    assert dict(rows.tables["1_4"].issues) == {RowIssue.UNREADABLE: 1}
    assert dict(rows.tables["2_4"].issues) == {RowIssue.NOT_FINITE: 1}
    assert dict(rows.unowned) == {RowIssue.OTHER_SENSOR: 1, RowIssue.UNREADABLE: 1}


def test_a_sensor_whose_rows_all_fail_has_a_table_that_says_so() -> None:
    """No valid row is not the same as no row."""
    table = read(at(1, "nan")).of("1_4")
    assert (len(table), table.is_empty, table.why_rejected()) == (0, False, "1 without a finite value")


def test_several_features_are_read_side_by_side() -> None:
    """A row counts if all its features are finite numbers."""
    header = "Flow,TS,Device,Heat,Tag"
    lines = [
        "1,2018-08-29T02:00:01Z,1,20.50,4",
        "nan,2018-08-29T02:00:02Z,1,3,4",
        "1,2018-08-29T02:00:03Z,1,,4",
    ]
    table = read(*lines, header=header, features=("Heat", "Flow")).tables["1_4"]
    assert (table.features, table.values.tolist()) == (("Heat", "Flow"), [[20.5, 1.0]])
    assert (table.texts, table.columns) == (["20.50"], [["20.50"], ["1"]])
    assert dict(table.issues) == {RowIssue.NOT_FINITE: 1, RowIssue.UNREADABLE: 1}


def test_tables_of_different_features_are_not_joined() -> None:
    """A column must mean one thing."""
    with pytest.raises(ValueError, match="different features"):
        in_order([ReadingTable.empty(("Value",)), ReadingTable.empty(("Heat",))])


ROW = st.tuples(st.integers(0, 5), st.sampled_from(["1", "1.0", "2", "x", "inf"]), st.sampled_from("129"))


def plainly(rows: list[tuple[int, str, str]]) -> dict[str, tuple[list[str], dict[RowIssue, int]]]:
    """Read rows in the simplest way, one by one."""
    tables: dict[str, tuple[list[str], dict[RowIssue, int]]] = {}
    for device in "12":
        mine = [(second, value) for second, value, whose in rows if whose == device]
        kept = [(second, value) for second, value in mine if value not in {"x", "inf"}]
        numbers = [(second, float(value)) for second, value in kept]
        latest = list(itertools.accumulate((second for second, _ in kept), max))
        issues = {
            RowIssue.UNREADABLE: sum(value == "x" for _, value in mine),
            RowIssue.NOT_FINITE: sum(value == "inf" for _, value in mine),
            RowIssue.REPEATED: len(numbers) - len(set(numbers)),
            RowIssue.OUT_OF_ORDER: sum(second < top for (second, _), top in zip(kept, latest, strict=True)),
        }
        if mine:
            in_time = [value for _, value in sorted(kept, key=lambda row: row[0])]
            tables[f"{device}_4"] = in_time, {issue: count for issue, count in issues.items() if count}
    return tables


@given(st.lists(ROW, max_size=12))
def test_columns_say_what_a_plain_loop_says(rows: list[tuple[int, str, str]]) -> None:
    """Rows, order and every count equal those of a row-by-row reader, for any mixture of sensors."""
    found = read(*(at(second, value, device) for second, value, device in rows))
    tables = {sensor: in_order([table]) for sensor, table in found.tables.items()}
    assert {sensor: (table.texts, dict(table.issues)) for sensor, table in tables.items()} == plainly(rows)
    assert found.unowned[RowIssue.OTHER_SENSOR] == sum(device == "9" for *_, device in rows)
    assert all(np.array_equal(table.values[:, 0], list(map(float, table.texts))) for table in tables.values())
