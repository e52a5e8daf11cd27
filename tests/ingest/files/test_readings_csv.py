"""Reading CSV: accepted forms, rejected rows, and the reasons."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.errors import IngestError, ReadingsFileError
from ingest.files import lines
from ingest.files.readings_csv import ReadingsFile, read_readings
from ingest.files.rejects import MOST_REJECTS, Reject
from ingest.reading import Reading
from scoring_contract.hour import RunHour
from scoring_contract.sensor_names import sensor_id_of
from tests.support.sensor_name_cases import refused_names, sensor_names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sensor_name_cases import Refused, SensorName

HEADER = "TS,Device,Tag,Value\n"
MOMENT = datetime(2018, 8, 28, 23, 0, 5, tzinfo=UTC)


def a_file(folder: Path, content: str | bytes) -> Path:
    """Write a file with the given content."""
    path = folder / "readings.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes) -> tuple[list[Reading], list[Reject]]:
    """Read a whole file: readings and rejects."""
    file = read_readings(a_file(folder, content))
    return list(file), file.rejects.listed


def one_reason(folder: Path, row: str | bytes) -> str:
    """Return why a file's only row is rejected."""
    line = row if isinstance(row, bytes) else row.encode()
    readings, rejects = read(folder, HEADER.encode() + line + b"\n")
    assert readings == []
    (reject,) = rejects
    return reject.reason


def test_a_row_becomes_a_reading(tmp_path: Path) -> None:
    """A row of the reference data is read without loss."""
    assert read(tmp_path, f"{HEADER}2018-08-28 23:00:05.000,1,4,84.53\n") == (
        [Reading(MOMENT, "1", "4", "84.53")],
        [],
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("Value,Tag,Device,TS\n84.53,4,1,2018-08-28 23:00:05.000\n", id="other-order"),
        pytest.param("\ufeffTS,Device,Tag,Value\n2018-08-28 23:00:05.000,1,4,84.53\n", id="bom"),
        pytest.param("TS,Device,Tag,Value\r\n2018-08-28 23:00:05.000,1,4,84.53\r\n", id="crlf"),
        pytest.param("TS,Device,Tag,Value\n2018-08-28 23:00:05.000,1,4,84.53", id="no-last-line-end"),
        pytest.param('"TS","Device","Tag","Value"\n"2018-08-28 23:00:05","1","4","84.53"\n', id="quoted"),
        pytest.param("TS,Unit,Device,Tag,Value\n2018-08-28 23:00:05,bar,1,4,84.53\n", id="further-column"),
        pytest.param(" TS, Device, Tag, Value\n2018-08-28 23:00:05, 1, 4, 84.53\n", id="spaces"),
        pytest.param("TS,Device,Tag,Value\n\n2018-08-28 23:00:05,1,4,84.53\n\n", id="blank-lines"),
    ],
)
def test_spellings_of_a_file(tmp_path: Path, content: str) -> None:
    """Column order, line ends, byte order mark, quotes and blank lines make no difference."""
    assert read(tmp_path, content) == ([Reading(MOMENT, "1", "4", "84.53")], [])


@pytest.mark.parametrize(
    "text",
    [
        "2018-08-28 23:00:05",
        "2018-08-28 23:00:05.000",
        "2018-08-28T23:00:05",
        "2018-08-28T23:00:05.0000000Z",
        "2018-08-28T23:00:05z",
        "2018-08-29T01:00:05+02:00",
        "2018-08-28T18:30:05-0430",
        "2018-08-29 01:00:05+02",
    ],
)
def test_spellings_of_a_moment(tmp_path: Path, text: str) -> None:
    """Every ISO form gives the same UTC time; without an offset, UTC is assumed."""
    assert read(tmp_path, f"{HEADER}{text},1,4,84.53\n")[0][0].moment == MOMENT


@pytest.mark.parametrize(
    "value", ["10.10", "007", "-1.5E-3", "+2", ".5", "5.", "0.1000000000000000055511151231257827"]
)
def test_a_value_keeps_its_own_digits(tmp_path: Path, value: str) -> None:
    """Values never pass through a float."""
    assert read(tmp_path, f"{HEADER}2018-08-28 23:00:05,1,4,{value}\n")[0][0].value == value


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("2018-08-28 23:00:05,1,4", "3 fields instead of 4", id="short"),
        pytest.param("2018-08-28 23:00:05,1,4,1,2", "5 fields instead of 4", id="long"),
        pytest.param("yesterday,1,4,1", "TS is not a timestamp", id="no-moment"),
        pytest.param("2018-08-28,1,4,1", "TS is not a timestamp", id="date-only"),
        pytest.param("2018-W35-2T23:00,1,4,1", "TS is not a timestamp", id="week-date"),
        pytest.param("2018-02-30 23:00:05,1,4,1", "TS is not a timestamp", id="no-such-day"),
        pytest.param("0001-01-01 00:00:00+14:00,1,4,1", "TS is before the year 1970", id="before-time"),
        pytest.param("0999-01-01 00:00:00,1,4,1", "TS is before the year 1970", id="year-999"),
        pytest.param("9999-12-31 23:00:00,1,4,1", "or after the year 9998", id="no-next-hour"),
        pytest.param("2018-08-28 23:00:05,1,4,", "Value is not", id="no-value"),
        pytest.param("2018-08-28 23:00:05,1,4,nan", "Value is not", id="nan"),
        pytest.param("2018-08-28 23:00:05,1,4,-inf", "Value is not", id="inf"),
        pytest.param("2018-08-28 23:00:05,1,4,1e999", "Value is not", id="too-great"),
        pytest.param("2018-08-28 23:00:05,1,4,1_000", "Value is not", id="underscore"),
        pytest.param('2018-08-28 23:00:05,1,4,"1,5"', "Value is not", id="decimal-comma"),
        pytest.param("2018-08-28 23:00:05,1,4,٣", "Value is not", id="other-digits"),
        pytest.param("2018-08-28 23:00:05,,4,1", "Device is empty", id="no-device"),
        pytest.param("2018-08-28 23:00:05,1, ,1", "Tag is empty", id="no-tag"),
        pytest.param("2018-08-28 23:00:05,1\0,4,1", "Device contains a control character", id="nul"),
        pytest.param("2018-08-28 23:00:05,1,\ufffd,1", "Tag contains U+FFFD", id="lost-bytes"),
        pytest.param(f"2018-08-28 23:00:05,{'d' * 257},4,1", "Device has 257 characters", id="long-name"),
        pytest.param('2018-08-28 23:00:05,1,4,"1', "it is not CSV", id="open-quote"),
        pytest.param(b"2018-08-28 23:00:05,1,\xff,1", "it is not UTF-8: byte 23", id="not-utf-8"),
        pytest.param(f"2018-08-28 23:00:05,1,4,{'1' * 200_000}", "longer than 100,000 bytes", id="endless"),
    ],
)
def test_why_a_row_is_refused(tmp_path: Path, row: str | bytes, reason: str) -> None:
    """The reason says in a few words what is wrong."""
    assert reason in one_reason(tmp_path, row)


def test_a_bad_row_costs_only_itself(tmp_path: Path) -> None:
    """Rows around a stray quote are read, and line numbers match an editor's."""
    content = f'{HEADER}2018-08-28 23:00:05,1,4,1\n\n2018-08-28 23:00:05,1,4,"2\n2018-08-28 23:00:05,1,4,3\n'
    readings, (reject,) = read(tmp_path, content)
    assert [reading.value for reading in readings] == ["1", "3"]
    assert (reject.line, reject.text) == (4, '2018-08-28 23:00:05,1,4,"2')


def test_a_line_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    """Line numbers stay right after a line of which only a part is read."""
    content = f"{HEADER}{'x' * 35_000}\nbad\n2018-08-28 23:00:05,1,4,3\n"
    readings, rejects = read(tmp_path, content)
    assert len(readings) == 1
    assert [reject.line for reject in rejects] == [2, 3]


def test_the_text_of_a_reject_is_short_and_printable(tmp_path: Path) -> None:
    """Whatever the file contains, a terminal can print the reject."""
    _, (reject,) = read(tmp_path, HEADER.encode() + b"\x1b[31m\xff\0" + b"x" * 500 + b"\n")
    assert reject.text.startswith(r"\x1b[31m\xff\x00xxx")
    assert reject.text.endswith("…")
    assert len(reject.text) == 80


def test_rejects_are_counted_beyond_those_that_are_kept(tmp_path: Path) -> None:
    """A file with nothing but invalid rows does not fill the memory with rejects."""
    file = read_readings(a_file(tmp_path, HEADER + "bad\n" * (MOST_REJECTS + 5)))
    assert list(file) == []
    assert file.rejects.total == MOST_REJECTS + 5
    assert len(file.rejects.listed) == MOST_REJECTS


def test_each_reason_is_told_once_with_its_count_and_first_line(tmp_path: Path) -> None:
    """Details that vary from row to row, such as a byte's position, do not split a reason."""
    rows = b"x,1,4,1\nx,1,4,1\n1,\xff,4,1\n12,\xff,4,1\n13,\xff,4,1\n"
    file = read_readings(a_file(tmp_path, HEADER.encode() + rows))
    assert list(file) == []
    assert [str(reason) for reason in file.rejects.reasons] == [
        r"3 rows: it is not UTF-8: byte 3; first in line 4: 1,\xff,4,1",
        "2 rows: TS is not a timestamp like 2018-08-28 23:00:05.000; first in line 2: x,1,4,1",
    ]


def test_a_file_can_be_read_again(tmp_path: Path) -> None:
    """A second pass gives the same readings and counts no reject twice."""
    file = read_readings(a_file(tmp_path, f"{HEADER}bad\n2018-08-28 23:00:05,1,4,3\n"))
    assert list(file) == list(file)
    assert file.rejects.total == 1


def test_reading_is_lazy(tmp_path: Path) -> None:
    """The first readings come before the end of the file has been read."""
    file = read_readings(a_file(tmp_path, f"{HEADER}2018-08-28 23:00:05,1,4,3\nbad\n"))
    rows = iter(file)
    assert next(rows).value == "3"
    assert file.rejects.total == 0
    assert list(rows) == []
    assert file.rejects.total == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("1,2,3,4\n", "has no column TS", id="no-header"),
        pytest.param("TS,Device,Value\n", "has no column Tag", id="column-missing"),
        pytest.param("TS,Device,Tag,Value,Tag\n", "has more than one column Tag", id="column-twice"),
        pytest.param('"TS\n', "has no column TS", id="open-quote"),
        pytest.param("x" * 200_000, "has no readable header: it is longer", id="one-line"),
    ],
)
def test_a_file_without_a_good_header_is_refused(tmp_path: Path, content: str | bytes, problem: str) -> None:
    """A file that is not a CSV of readings gives one error, before any row is read."""
    with pytest.raises(ReadingsFileError, match=r"readings\.csv ") as caught:
        read_readings(a_file(tmp_path, content))
    assert problem in caught.value.problem


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A wrong path raises an error of ours that names it."""
    with pytest.raises(ReadingsFileError, match=r"nowhere\.csv cannot be read: No such file"):
        read_readings(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(("name", "problem"), [(".", "Is a directory"), ("a\0b", "embedded null byte")])
def test_a_path_that_is_no_file_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    """A folder, or an impossible path, raises an error of ours."""
    with pytest.raises(ReadingsFileError, match=problem):
        read_readings(tmp_path / name)


@pytest.mark.parametrize("case", sensor_names(), ids=lambda case: case.says)
def test_every_name_is_loaded_as_it_is(tmp_path: Path, case: SensorName) -> None:
    """Names of the table keep all their characters, whatever CSV needs quotes for."""
    reading = Reading(MOMENT, case.device, case.tag, "1")
    file = read_readings(a_file(tmp_path, f"{HEADER}{reading.to_row()}\n"))
    assert (list(file), file.rejects.total) == ([reading], 0)


@pytest.mark.parametrize("case", refused_names(), ids=lambda case: case.says)
def test_no_row_passes_with_what_is_no_name(tmp_path: Path, case: Refused) -> None:
    """The row is refused with the reason of the table; white space around a field is no part of a name."""
    line = json.dumps({"TS": "2018-08-28 23:00:05", "Device": "1", "Tag": case.name, "Value": 1})
    file = read_readings(a_file(tmp_path, f"{line}\n"))
    if case.problem == "begins or ends with white space":
        assert [reading.tag for reading in file] == [case.name.strip()]
    else:
        assert list(file) == []
        assert file.rejects.listed[0].reason.endswith(f"Tag {case.problem}")


_WORDS = st.sampled_from(
    [
        "TS",
        "Device",
        "Tag",
        "Value",
        "2018-08-28 23:00:05.000",
        "2018-08-28T23:00:05Z",
        "1",
        "a_b",
        "b",
        "1e5",
    ]
)
_NOISE = st.sampled_from(
    [",", "\n", "\r", "\r\n", '"', '""', "\0", "\ufeff", " ", "-", ":", "é", "٣", "\ud83d\ude00"]
)
_LIKE_A_FILE = st.lists(_WORDS | _NOISE | st.just(","), max_size=60).map("".join)


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@given(
    with_header=st.booleans(),
    content=st.binary(max_size=200) | _LIKE_A_FILE.map(_bytes_of) | st.text(max_size=100).map(_bytes_of),
)
@example(with_header=True, content=b"9999-12-31 23:59:59-00:01,1,1,1")
@example(with_header=True, content=b"2018-08-28 24:00:00,1,1,1")
def test_any_bytes_give_readings_rejects_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, *, with_header: bool, content: bytes
) -> None:
    """Each line of any file is a reading, a reject or blank; no foreign exception escapes."""
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes((HEADER.encode() if with_header else b"") + content)
    try:
        file = read_readings(path)
        readings = list(file)
    except IngestError:
        return
    for reading in readings:
        assert math.isfinite(float(reading.value))
        assert sensor_id_of(reading.device, reading.tag)
        assert reading.moment.utcoffset() == timedelta(0)
        hour = RunHour.containing(reading.moment)
        assert hour.start <= reading.moment < hour.next.start
    assert len(readings) + file.rejects.total <= len(path.read_bytes().splitlines())


@given(
    st.lists(
        st.builds(
            Reading,
            moment=st.timedeltas(timedelta(0), timedelta(days=365 * 8000)).map(lambda since: MOMENT + since),
            device=st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True),
            tag=st.text('A. ,;"|\u00dc', min_size=1, max_size=8).filter(lambda tag: tag == tag.strip()),
            value=st.floats(allow_nan=False, allow_infinity=False).map(repr),
        ),
        max_size=20,
    )
)
def test_rows_read_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, readings: list[Reading]
) -> None:
    """The reader reads what ``to_row`` writes."""
    path = tmp_path_factory.getbasetemp() / "round.csv"
    path.write_text(HEADER + "".join(f"{reading.to_row()}\n" for reading in readings))
    file = ReadingsFile(path)
    assert list(file) == readings
    assert file.rejects.total == 0


def test_memory_does_not_grow_with_a_line(tmp_path: Path) -> None:
    """An endless line is read in pieces, and only the first is kept."""
    path = a_file(tmp_path, HEADER.encode() + b"1" * 3_000_000)
    with path.open("rb") as stream:
        longest = max(len(line) for line in lines.lines_of(stream))
    assert longest <= lines.LONGEST_LINE + 1
