"""Readings as Parquet: types, row issues, and limits on the sizes in the footer."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scorer.errors import DataFault
from scorer.models.ocsvm import Predictions
from scorer.readings import parquet_file
from scorer.readings.files import FileRows, RowIssue, in_order, read_file
from scorer.scoring.predictions import render_predictions
from scoring_contract.hour import RunHour

ROOT = Path(__file__).parents[3]
HOUR = RunHour.parse("2018-08-29T02")
AT = 1_535_508_600  # 02:10:00


def file_of(columns: dict[str, object], **how) -> bytes:
    """Write a Parquet file."""
    blob = io.BytesIO()
    pq.write_table(pa.table(columns), blob, **how)
    return blob.getvalue()


def columns_of(**changed) -> dict[str, object]:
    """Make the columns of two valid rows, except for what is changed."""
    columns = {
        "TS": pa.array([AT * 1_000_000, AT * 1_000_000 + 500], pa.timestamp("us", "UTC")),
        "Device": ["1", "1"],
        "Tag": ["4", "4"],
        "Value": [10.16, -3.0],
    }
    return {name: column for name, column in {**columns, **changed}.items() if column is not None}


def read(blob: bytes, **how) -> FileRows:
    """Read a file of sensors named device_tag; device 9 is not ours."""
    owner = how.pop("owner", lambda device, tag: None if device == "9" else f"{device}_{tag}")
    return read_file("a.parquet", blob, hour=HOUR, owner=owner, **how)


TWO = [AT, AT + 1]


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        pytest.param(pa.array(TWO, pa.timestamp("s", "UTC")), (".000000Z", ".000000Z"), id="seconds"),
        pytest.param(pa.array([AT * 1000 + 5] * 2, pa.timestamp("ms")), (".005000Z",) * 2, id="ms, no zone"),
        pytest.param(
            pa.array([AT * 10**6 + 5] * 2, pa.timestamp("us", "Europe/Berlin")),
            (".000005Z",) * 2,
            id="us, zone",
        ),
        pytest.param(pa.array([AT * 10**9] * 2, pa.timestamp("ns")), (".000000Z",) * 2, id="ns, none used"),
        pytest.param(pa.array([AT * 10**9 + 7] * 2, pa.timestamp("ns")), (".000000007Z",) * 2, id="ns"),
        pytest.param(pa.array(["2018-08-29 02:10:00.5"] * 2), (".5",) * 2, id="text"),
        pytest.param(
            pa.array(["2018-08-29 02:10:00"] * 2, pa.large_string()).dictionary_encode(),
            ("",) * 2,
            id="coded text",
        ),
        pytest.param(pa.array([b"2018-08-29T02:10:00Z"] * 2), ("Z",) * 2, id="bytes"),
    ],
)
def test_moments_of_any_unit_are_read(column: pa.Array, texts: tuple[str, ...]) -> None:
    """Timestamps get an exact text; texts are kept."""
    table = read(file_of(columns_of(TS=column))).tables["1_4"]
    assert len(table) == 2
    assert [ts[19:] for ts in table.ts] == list(texts)
    assert {ts[:16] for ts in table.ts} <= {"2018-08-29T02:10", "2018-08-29 02:10"}


def test_old_timestamps_of_96_bits_are_read() -> None:
    """Spark and Impala wrote these for years."""
    timestamps = pa.array([datetime(2018, 8, 29, 2, 10, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC"))
    blob = file_of(columns_of(TS=timestamps), use_deprecated_int96_timestamps=True)
    assert read(blob).tables["1_4"].ts == ["2018-08-29T02:10:00.000000Z"] * 2


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(["1", " 1 "], id="texts"),
        pytest.param(pa.array(["1", "1"]).dictionary_encode(), id="coded texts"),
        pytest.param(pa.array([1, 1], pa.int8()), id="whole numbers"),
        pytest.param([1.0, 1.0], id="floats"),
        pytest.param(pa.array([1, 1], pa.uint64()).dictionary_encode(), id="coded numbers"),
    ],
)
def test_devices_may_be_texts_or_numbers(column: object) -> None:
    """Device 1, 1.0 and "1" are the same device."""
    assert read(file_of(columns_of(Device=column))).tables["1_4"].pairs == {("1", "4")}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        pytest.param(pa.array([1, -(2**53)], pa.int64()), [1.0, -(2.0**53)], id="whole numbers"),
        pytest.param(pa.array([0.1, 2], pa.float32()), [float(np.float32(0.1)), 2.0], id="float32"),
        pytest.param(pa.array(np.array([0.5, 2], np.float16)), [0.5, 2.0], id="float16"),
        pytest.param(pa.array([Decimal("1.25"), Decimal(3)]), [1.25, 3.0], id="decimals"),
        pytest.param(pa.array(["1.250", "3"]), [1.25, 3.0], id="texts"),
    ],
)
def test_values_of_any_numeric_type_are_read(column: pa.Array, values: list[float]) -> None:
    """They are scored as float64."""
    assert read(file_of(columns_of(Value=column))).tables["1_4"].values[:, 0].tolist() == values


@pytest.mark.parametrize(
    ("changed", "issues"),
    [
        pytest.param({"Value": [float("nan"), 1.0]}, {RowIssue.NOT_FINITE: 1}, id="nan"),
        pytest.param(
            {"Value": [None, float("inf")]}, {RowIssue.NOT_FINITE: 1, RowIssue.UNREADABLE: 1}, id="null, inf"
        ),
        pytest.param({"Value": [True, False]}, {RowIssue.UNREADABLE: 2}, id="truth values"),
        pytest.param({"Value": ["x", "1"]}, {RowIssue.UNREADABLE: 1}, id="a word"),
        pytest.param({"Value": pa.array([None, "1"])}, {RowIssue.UNREADABLE: 1}, id="null among texts"),
        pytest.param({"Value": [[1.0], [2.0]]}, {RowIssue.UNREADABLE: 2}, id="nested"),
        pytest.param({"Value": None}, {RowIssue.UNREADABLE: 2}, id="no such column"),
        pytest.param(
            {"TS": pa.array([None, AT], pa.timestamp("s"))}, {RowIssue.UNREADABLE: 1}, id="no moment"
        ),
        pytest.param(
            {"TS": pa.array([-(2**62), AT * 1000], pa.timestamp("ms"))},
            {RowIssue.OTHER_HOUR: 1},
            id="beyond all years",
        ),
        pytest.param({"TS": [True, False]}, {RowIssue.UNREADABLE: 2}, id="true is no moment"),
        pytest.param(
            {"TS": ["2018-08-29T04:10:00+02:00", "?"]},
            {RowIssue.OTHER_ZONE: 1, RowIssue.UNREADABLE: 1},
            id="texts",
        ),
        pytest.param({"Device": ["9", "1"]}, {RowIssue.OTHER_SENSOR: 1}, id="other device"),
        pytest.param({"Device": [None, "1"]}, {RowIssue.UNREADABLE: 1}, id="no device"),
        pytest.param({"Device": [None, 1]}, {RowIssue.UNREADABLE: 1}, id="no number of a device"),
        pytest.param({"Device": [True, True]}, {RowIssue.UNREADABLE: 2}, id="true is no name"),
        pytest.param({"Device": pa.array([b"\xff", b"1"])}, {RowIssue.OTHER_SENSOR: 1}, id="a broken byte"),
    ],
)
def test_rows_are_judged_as_in_other_formats(changed: dict[str, object], issues: dict[RowIssue, int]) -> None:
    """An invalid time, name or value is counted with its reason."""

    def owner(device: str, tag: str) -> str | None:
        return "1_4" if (device, tag) == ("1", "4") else None

    table = read(file_of(columns_of(**changed)), owner=owner).of("1_4")
    assert dict(table.issues) == issues
    assert len(table) + table.rejected.total() == 2


def packed(sensors: int, rows: int) -> tuple[bytes, bytes]:
    """Write readings of many sensors, sorted by time, as Parquet and as CSV."""
    rng = np.random.default_rng(0)
    lines = [
        (second, str(device), device % 3, value)
        for second in range(rows)
        for device, value in enumerate(rng.normal(size=sensors).tolist())
    ]
    seconds, devices, tags, values = zip(*lines, strict=True)
    ts = pa.array([AT + second for second in seconds], pa.timestamp("s"))
    names = pa.array(ts).cast(pa.timestamp("us")).cast(pa.string()).to_pylist()
    csv = "\n".join(
        f"{name}Z,{d},{t},{v!r}" for name, d, t, v in zip(names, devices, tags, values, strict=True)
    )
    blob = file_of(
        columns_of(TS=ts, Device=devices, Tag=tags, Value=values), row_group_size=sensors * rows // 3
    )
    return blob, f"TS,Device,Tag,Value\n{csv}\n".encode()


def test_parquet_and_csv_of_the_same_rows_are_the_same_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mixed sensors, decoded in many pieces, get their rows in order and the same predictions."""
    monkeypatch.setattr(parquet_file, "ROWS_AT_ONCE", 100)
    blob, text = packed(sensors=20, rows=60)
    parquet = read(blob, owner="{}_{}".format)
    csv = read_file("a.csv", text, hour=HOUR, owner="{}_{}".format)
    assert parquet.tables.keys() == csv.tables.keys()
    for sensor, table in parquet.tables.items():
        assert np.array_equal(table.values, csv.tables[sensor].values)
        assert np.array_equal(table.micros, csv.tables[sensor].micros)
        assert table.texts == csv.tables[sensor].texts
        assert table.pairs == csv.tables[sensor].pairs
        assert not table.issues


def test_many_names_are_looked_up_without_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Distinct devices and tags cost memory per row, not per combination."""
    count = 3_000
    names = [str(number) for number in range(count)]
    ts = pa.array([AT] * count, pa.timestamp("s"))
    monkeypatch.setattr(parquet_file, "ROWS_AT_ONCE", 2_000)
    blob = file_of({"TS": ts, "Device": names, "Tag": names[::-1], "Value": np.arange(count) * 1.0})
    rows = read(blob, owner="{}_{}".format)
    assert {sensor: table.texts for sensor, table in rows.tables.items()} == {
        f"{place}_{count - 1 - place}": [repr(place * 1.0)] for place in range(count)
    }


def test_files_of_different_formats_are_put_together() -> None:
    """Rows without texts get some."""
    csv = b"TS,Device,Tag,Value\n2018-08-29 02:09:00,1,4,1.50\n"
    tables = [read(file_of(columns_of())), read_file("a.csv", csv, hour=HOUR, owner=lambda *_: "1_4")]
    whole = in_order(rows.tables["1_4"] for rows in tables)
    assert whole.ts == ["2018-08-29 02:09:00", "2018-08-29T02:10:00.000000Z", "2018-08-29T02:10:00.000500Z"]
    assert whole.texts == ["1.50", "10.16", "-3.0"]


def test_parquet_may_not_claim_more_than_can_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows and unpacked bytes are limited by what the footer says, before anything is unpacked."""
    blob = file_of(columns_of())
    monkeypatch.setattr(parquet_file, "MOST_ROWS", 1)
    with pytest.raises(DataFault, match=r"a\.parquet has 2 rows"):
        read(blob)
    monkeypatch.undo()
    monkeypatch.setattr(parquet_file, "MOST_UNPACKED_BYTES", 100)
    with pytest.raises(DataFault, match="bytes when decompressed"):
        read(blob)


def test_a_small_file_of_many_rows_is_refused() -> None:
    """Seventeen million equal rows take kilobytes and are refused unread."""
    count = parquet_file.MOST_ROWS + 1
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), pa.array(["1"]))
    blob = file_of({"Device": column})
    assert len(blob) < 100_000
    with pytest.raises(DataFault, match="write several files"):
        read(blob)


@pytest.mark.parametrize(
    "blob", [b"PAR1", b"no Parquet", b"PAR1" + bytes(100) + b"PAR1"], ids=["short", "text", "zeros"]
)
def test_what_is_no_parquet_is_a_fault_of_the_data(blob: bytes) -> None:
    """The error names the file."""
    with pytest.raises(DataFault, match=r"^a\.parquet cannot be read as Parquet: "):
        read(blob)


def test_a_file_without_bytes_is_empty() -> None:
    """As in other formats, it has no rows."""
    assert read(b"").of("1_4").is_empty


def run(code: str, *, path: Path) -> str:
    """Run Python code in another process."""
    folders = os.pathsep.join(str(folder) for folder in (path, ROOT / "plugins", ROOT / "scoring_image"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.defpath, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        timeout=900,
        check=True,
    )
    return done.stdout


_READ = """
import sys
from scorer.errors import DataFault
from scorer.models.ocsvm import Predictions
from scorer.scoring.predictions import render_predictions
from scorer.readings.files import in_order, read_file
from scoring_contract.hour import RunHour
import numpy as np
def read(name, data):
    return read_file(name, data, hour=RunHour.parse("2018-08-29T02"), owner=lambda *pair: "1_4")
"""


def test_csv_and_json_do_without_pyarrow(tmp_path: Path) -> None:
    """A few readings need neither pyarrow nor pandas nor orjson, whose imports cost more than the rest."""
    code = f"""{_READ}
csv = read("a.csv", b"TS,Device,Tag,Value\\n2018-08-29T02:10:00Z,1,4,1\\n").of("1_4")
json = read("a.json", b'{{"TS":"2018-08-29T02:10:00Z","Device":1,"Tag":4,"Value":2}}').of("1_4")
nothing = in_order([])
for table in (in_order([csv, json]), nothing):
    render_predictions([("1", "4", table, Predictions(np.zeros(len(table))))])
print(sorted({{"orjson", "pyarrow", "pandas", "sklearn"}} & set(sys.modules)))
"""
    assert run(code, path=tmp_path) == "[]\n"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_parquet_is_read_and_predictions_are_written_without_pandas(form: str, tmp_path: Path) -> None:
    """Pyarrow's own conversion to numpy would import pandas: half a second per process."""
    columns = {**columns_of(), "TS": pa.array([AT * 1_000_000, None], pa.timestamp("us"))}
    names = [str(tmp_path / name) for name in ("a.parquet", "b.parquet")]
    for name, content in zip(names, (columns_of(), {**columns, "Tag": ["4", None]}), strict=True):
        Path(name).write_bytes(file_of(content))
    code = f"""{_READ}
from scoring_contract.predictions import PredictionFormat
table = in_order(read(name, open(name, "rb").read()).of("1_4") for name in {names})
render_predictions([("1", "4", table, Predictions(np.zeros(len(table))))], PredictionFormat("{form}"))
print(len(table), sorted({{"pandas", "numpy.ma"}} & set(sys.modules)))
"""
    assert run(code, path=tmp_path) == "3 []\n"


def test_without_pyarrow_parquet_is_a_fault_that_says_so(tmp_path: Path) -> None:
    """The lean image reads CSV and JSON lines only."""
    (tmp_path / "pyarrow.py").write_text("raise ModuleNotFoundError('no pyarrow')")
    code = f"{_READ}\ntry: read('a.parquet', b'PAR1')\nexcept DataFault as fault: print(fault)"
    assert "a.parquet is Parquet and pyarrow is not installed" in run(code, path=tmp_path)


def test_predictions_of_parquet_read_back_exactly() -> None:
    """Values and scores read back as the same float64, anomalies as 1."""
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=50), 10.0 ** rng.integers(-300, 300, 50), [0.0, -0.0, 5e-324]])
    scores = np.concatenate([rng.normal(size=len(values) - 3), [np.nan, np.inf, 1e-17]])
    ts = pa.array(np.arange(len(values)) * 1_000_000 + AT * 1_000_000, pa.timestamp("us"))
    blob = file_of({"TS": ts, "Device": ["1"] * len(values), "Tag": ["4"] * len(values), "Value": values})
    table = read(blob).tables["1_4"]
    header, *lines = render_predictions([('a "b"', "4", table, Predictions(scores))]).decode().splitlines()
    assert header == "TS,Device,Tag,Value,Prediction,Score"
    rows = [line.split(",") for line in lines]
    assert [row[:3] for row in rows] == [[moment, '"a ""b"""', "4"] for moment in table.ts]
    assert [float(row[3]) for row in rows] == values.tolist()
    assert [row[4] for row in rows] == [str(int(not score > 0)) for score in scores]
    assert np.array_equal([float(row[5]) for row in rows], scores, equal_nan=True)


def test_predictions_of_parquet_with_several_features_have_their_columns() -> None:
    """They replace the column Value."""
    table = read(file_of(columns_of(Heat=[1, 2])), features=("Value", "Heat")).tables["1_4"]
    assert render_predictions([("1", "4", table, Predictions(np.array([1.0, -1.0])))]).decode() == (
        "TS,Device,Tag,Value,Heat,Prediction,Score\n"
        "2018-08-29T02:10:00.000000Z,1,4,10.16,1.0,0,1.0\n"
        "2018-08-29T02:10:00.000500Z,1,4,-3.0,2.0,1,-1.0\n"
    )


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        pytest.param(
            pa.array([1_535_508_600, 1_535_508_600_000]), ["1535508600", "1535508600000"], id="whole"
        ),
        pytest.param(pa.array([1_535_508_600.0, None]), ["1535508600"], id="floats, as pandas makes of gaps"),
    ],
)
def test_counts_since_1970_are_moments(column: pa.Array, texts: list[str]) -> None:
    """A number as TS means what its digits mean as text."""
    target = io.BytesIO()
    rows = len(column)
    pq.write_table(
        pa.table({"ts": column, "device": [1] * rows, "TAG": [4] * rows, "value": [1.0] * rows}), target
    )
    table = read_file("a", target.getvalue(), hour=HOUR, owner=lambda *_: "1_4").of("1_4")
    assert table.micros.tolist() == [1_535_508_600_000_000] * len(texts)
    assert table.ts == texts


def test_missing_columns_are_named() -> None:
    """The error lists the missing columns and the existing ones."""
    target = io.BytesIO()
    pq.write_table(pa.table({"time": [1], "Device": [1]}), target)
    rows = read_file("a.parquet", target.getvalue(), hour=HOUR, owner=lambda *_: "1_4")
    assert rows.problem == "has no column TS or Tag or Value: its columns are time, Device"
