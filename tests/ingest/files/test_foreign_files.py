"""Files with other people's columns, numbers and clocks, as ``python -m ingest load`` reads them."""

from __future__ import annotations

import argparse
import gzip
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import FormError, ReadingsFileError
from ingest.files.form_options import add_form_options, form_of
from ingest.files.readings_files import ReadingsFiles, files_of

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.files.reading_form import ReadingForm

NAB = "timestamp,value\n2014-04-01 00:04:00,91.958\n"
SKAB = (
    "datetime;Accelerometer1RMS;Temperature;anomaly\n"
    "2020-03-09 10:14:33;0.027429;79.3366;0.0\n2020-03-09 10:14:34;;79.5158;0.0\n"
)
KAGGLE = ",timestamp,sensor_00,sensor_01,machine_status\n0,2018-04-01 00:00:00,2.46,47.09,NORMAL\n"
INFLUX = "name,time,host,usage\ncpu,1538548685000000000,pump-7,55.9\n"
THINGSBOARD = '{"ts": 1535508600250, "temperature": 21.5, "humidity": null}\n'
EXCEL = "Zeitpunkt;Maschine;Meßwert;Wert\n28.10.2018 01:30:00;Pumpe-Ü;Druck;1013,25\n"


def read(folder: Path, text: str | bytes, *words: str, name: str = "a.csv") -> tuple[list[str], list[str]]:
    """Read a file as the words on the command line say.

    :return: its readings as rows, and the reasons of its rejects, with their lines
    """
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    files = ReadingsFiles([path], options(*words))
    rows = [reading.to_row() for reading in files]
    return rows, [f"{reject.place}: {reject.reason}" for reject in files.rejects.listed]


def options(*words: str) -> ReadingForm:
    """Parse options of the command line."""
    parser = argparse.ArgumentParser()
    add_form_options(parser)
    return form_of(parser.parse_args(words))


@pytest.mark.parametrize(
    ("text", "words", "rows"),
    [
        pytest.param(
            NAB,
            ["--columns", "TS=timestamp,Device='{file}',Value=value"],
            ["2014-04-01 00:04:00.000,a,value,91.958"],
            id="NAB: a file for each device, no tag",
        ),
        pytest.param(
            SKAB,
            ["--columns", "TS=datetime,Device='valve 1',Value=Accelerometer1RMS,Value=Temperature"],
            [
                "2020-03-09 10:14:33.000,valve 1,Accelerometer1RMS,0.027429",
                "2020-03-09 10:14:33.000,valve 1,Temperature,79.3366",
                "2020-03-09 10:14:34.000,valve 1,Temperature,79.5158",
            ],
            id="SKAB: wide, semicolons, an empty cell",
        ),
        pytest.param(
            INFLUX,
            ["--columns", "TS=time,Device=host,Tag=name,Value=usage"],
            ["2018-10-03 06:38:05.000,pump-7,cpu,55.9"],
            id="InfluxDB: nanoseconds",
        ),
        pytest.param(
            THINGSBOARD,
            ["--wide", "--columns", "TS=ts,Device='gateway'"],
            ["2018-08-29 02:10:00.250,gateway,temperature,21.5"],
            id="ThingsBoard: wide JSON, milliseconds, null",
        ),
        pytest.param(
            EXCEL,
            [
                *("--columns", "TS=Zeitpunkt,Device=Maschine,Tag=Meßwert,Value=Wert", "--decimal", ","),
                *("--timestamp-format", "%d.%m.%Y %H:%M:%S", "--timezone", "Europe/Berlin"),
            ],
            ["2018-10-27 23:30:00.000,Pumpe-Ü,Druck,1013.25"],
            id="German Excel: days first, decimal comma, local time",
        ),
        pytest.param(
            'when,"a, b"\n2018-08-29 02:10:00,5\n',
            ["--columns", "TS=when,Device='it''s 1',Value=\"a, b\""],
            ['2018-08-29 02:10:00.000,it\'s 1,"a, b",5'],
            id="names and texts with commas and quotes",
        ),
        pytest.param(
            "Time;D;Tag;V\n5;1;4;1,5\n",
            ["--columns", "ts=time,device=d,value=v", "--epoch", "s"],
            ["1970-01-01 00:00:05.000,1,4,1.5"],
            id="any case, seconds of few digits, a column Tag of the file",
        ),
        pytest.param(
            "TS^Device^Tag^Value\n1535508600^1^4^7\n",
            ["--delimiter", "^"],
            ["2018-08-29 02:10:00.000,1,4,7"],
            id="another delimiter",
        ),
    ],
)
def test_layouts_of_other_people_are_read(tmp_path: Path, text, words, rows) -> None:
    """Each reading comes out with its instant, names and number; nothing is refused."""
    assert read(tmp_path, text, *words) == (rows, [])


def test_a_column_of_words_in_a_wide_file_is_refused_by_name(tmp_path: Path) -> None:
    """Its cells are refused, those beside them are loaded, and a column without a name is no tag."""
    rows, reasons = read(tmp_path, KAGGLE, "--wide", "--columns", "TS=timestamp,Device='pump'")
    assert [row.split(",")[2] for row in rows] == ["sensor_00", "sensor_01"]
    assert reasons == ["line 2: Value of column machine_status is not a finite number"]


def test_empty_cells_are_counted(tmp_path: Path) -> None:
    """A sensor without a reading at a time is nothing to refuse, and still nothing vanishes."""
    path = tmp_path / "a.csv"
    path.write_text(SKAB)
    files = ReadingsFiles([path], options("--wide", "--columns", "TS=datetime,Device='v'"))
    assert (len(list(files)), files.blank_cells, files.rejects.total) == (5, 1, 0)


def test_a_point_is_refused_where_a_comma_is_meant(tmp_path: Path) -> None:
    """1.234 in a file with decimal commas is more than a thousand, or a mistake: never 1.234."""
    text = "TS;Device;Tag;Value\n2018-08-29 02:10:00;1;4;1.234\n2018-08-29 02:11:00;1;4;1.234,5\n"
    assert read(tmp_path, text, "--decimal", ",") == (
        [],
        [f"line {line}: Value is not a finite number" for line in (2, 3)],
    )


BERLIN = "TS,Device,Tag,Value\n{},1,4,1\n"


@pytest.mark.parametrize(
    ("local", "words", "instant"),
    [
        ("2018-07-01 12:00:00", [], "2018-07-01 10:00:00.000"),
        ("2018-12-01 12:00:00", [], "2018-12-01 11:00:00.000"),
        ("2018-10-28 02:30:00", ["--ambiguous", "earlier"], "2018-10-28 00:30:00.000"),
        ("2018-10-28 02:30:00", ["--ambiguous", "later"], "2018-10-28 01:30:00.000"),
        ("2018-10-28 02:30:00+02:00", [], "2018-10-28 00:30:00.000"),
        ("2018-10-28 02:30:00Z", [], "2018-10-28 02:30:00.000"),
        ("1540690200", [], "2018-10-28 01:30:00.000"),
        ("2018-10-28 01:59:59", [], "2018-10-27 23:59:59.000"),
        ("2018-10-28 03:00:00", [], "2018-10-28 02:00:00.000"),
        ("2018-03-25 03:00:00", [], "2018-03-25 01:00:00.000"),
    ],
)
def test_the_time_of_a_clock_is_an_instant(tmp_path: Path, local, words, instant) -> None:
    """Offsets and counts fix the instant; other texts are the clock's, also around its changes."""
    rows, reasons = read(tmp_path, BERLIN.format(local), "--timezone", "Europe/Berlin", *words)
    assert (rows, reasons) == ([f"{instant},1,4,1"], [])


@pytest.mark.parametrize(
    ("local", "words", "reason"),
    [
        (
            "2018-10-28 02:30:00",
            [],
            (
                "TS is a time that Europe/Berlin has twice: 2018-10-28 02:30:00; "
                "--ambiguous earlier or later says which one is meant"
            ),
        ),
        (
            "2018-03-25 02:30:00",
            ["--ambiguous", "later"],
            "TS is a time that Europe/Berlin skips: 2018-03-25 02:30:00",
        ),
    ],
)
def test_what_a_clock_shows_twice_or_never_is_refused(tmp_path: Path, local, words, reason) -> None:
    """Nothing is guessed: the row is refused with its line, and the reason says what to do."""
    rows, reasons = read(tmp_path, BERLIN.format(local), "--timezone", "Europe/Berlin", *words)
    assert (rows, reasons) == ([], [f"line 2: {reason}"])


def test_parquet_without_a_zone_is_of_the_clock(tmp_path: Path) -> None:
    """Its timestamps are local where the time zone is given, and only the wanted columns are read."""
    path = tmp_path / "a.parquet"
    moment = datetime(2018, 7, 1, 12)  # noqa: DTZ001  Parquet has such timestamps
    pq.write_table(pa.table({"t": [moment], "temp": [1.5], "other": [[1]]}), path)
    form = options("--columns", "TS=t,Device='1',Value=temp", "--timezone", "Europe/Berlin")
    assert [reading.moment for reading in ReadingsFiles([path], form)] == [
        datetime(2018, 7, 1, 10, tzinfo=UTC)
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--columns", "Temp=x"], "Temp is none of TS, Device, Tag, Value"),
        (["--columns", "TS"], "'TS' is not like TS=timestamp,Device='pump 1',Value=temp"),
        (["--columns", "Device='a"], "is not like"),
        (["--columns", "TS=a,TS=b"], "names TS 2 times"),
        (["--columns", "Value='7'"], "Value must be a column, without single quotes"),
        (["--columns", "Device=' a'"], "Device begins or ends with white space"),
        (["--columns", "Value=a,Value=b,Tag=t"], "leave Tag out of --columns"),
        (["--wide", "--columns", "Value=a"], "--wide takes every other column as a tag"),
        (["--delimiter", "::"], "'::' is neither one sign"),
        (["--decimal", ";"], "';' is neither . nor ,"),
        (["--timezone", "Europa/Berlin"], "'Europa/Berlin' is no time zone"),
        (["--ambiguous", "later"], "--ambiguous needs --timezone"),
        (["--timezone", "UTC", "--ambiguous", "both"], "'both' is none of refuse, earlier, later"),
        (["--epoch", "h"], "'h' is none of s, ms, us, ns"),
        (["--epoch", "s", "--timezone", "UTC"], "leave out --timezone"),
        (["--timestamp-format", "%d.%m.%Y"], "does not tell day and hour"),
        (["--timestamp-format", "%d.%m.%Y %I:%M"], "does not tell day and hour"),
        (["--timestamp-format", "%Q"], "is no format of strptime"),
    ],
)
def test_wrong_options_give_a_sentence(words, sentence) -> None:
    """It says which option is wrong, and how it is right."""
    with pytest.raises(FormError) as caught:
        options(*words)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    """The sentence names the column that the options promise, and the header."""
    with pytest.raises(ReadingsFileError, match=r"has no column temp: .* but is 'timestamp,value'"):
        read(tmp_path, NAB, "--columns", "TS=timestamp,Device='1',Value=temp")
    with pytest.raises(ReadingsFileError, match="or name its columns with --columns"):
        read(tmp_path, NAB)
    with pytest.raises(ReadingsFileError, match="has more than one column a: their readings would mix"):
        read(tmp_path, "TS,a,a\n", "--wide", "--columns", "Device='1'")


def test_files_are_named_one_by_one_by_folder_or_by_pattern(tmp_path: Path) -> None:
    """Each is read once; what is hidden is left out; rejects tell their file."""
    (tmp_path / "b" / ".git").mkdir(parents=True)
    for name in ("a.csv", "b/c.csv", "b/.git/x.csv"):
        (tmp_path / name).write_text("TS,Device,Tag,Value\n2018-08-29 02:10:00,1,4,1\nbad\n")
    (tmp_path / "b" / "d.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    names = ["a.csv", "b/c.csv", "b/d.csv.gz"]
    assert files_of([str(tmp_path / "a.csv"), str(tmp_path)]) == [tmp_path / name for name in names]
    assert files_of([str(tmp_path / "**" / "*.gz")]) == [tmp_path / "b/d.csv.gz"]
    seen: list[str] = []
    files = ReadingsFiles(files_of([str(tmp_path)]), on_reject=lambda reject: seen.append(reject.place))
    assert len(list(files)) == 3
    assert seen == [f"line 3 of {tmp_path / name}" for name in names]
    assert files.bytes_read <= files.size
    with pytest.raises(ReadingsFileError, match="matches no file"):
        files_of([str(tmp_path / "*.parquet")])
    with pytest.raises(ReadingsFileError, match="has no files"):
        files_of([str(_empty(tmp_path))])


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"
