"""The documented query, as far as SQLite can run it: without windows and timestamps."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from tests.sensor_name_cases import SensorName, sensor_names

PAGE = Path(__file__).parents[1] / "docs" / "stream-analytics.md"
START = "2026-11-27T10:59:00.0000000Z"
ONLY_THERE = {
    "DATEADD(second, -60, System.Timestamp())": f"'{START}'",
    " TIMESTAMP BY EventTime": "",
    ", TumblingWindow(second, 60)": "",
    "INTO readings\n": "",
    "nvarchar(max)": "text",
}


def query() -> str:
    """Read the query without what SQLite lacks."""
    (text,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for part, instead in ONLY_THERE.items():
        assert part in text, part
        text = text.replace(part, instead)
    return str(text)


@pytest.mark.parametrize("packed", ["1", 1], ids=["text in the file", "a number in the file"])
@pytest.mark.parametrize("sent", ["1", 1], ids=["sent as text", "sent as a number"])
def test_a_device_is_found_in_its_pack_whatever_its_type(sent: str | int, packed: str | int) -> None:
    """Like Stream Analytics, SQLite tells 1 from '1'; without casts, such a row would miss its pack."""
    with sqlite3.connect(":memory:") as database:
        database.create_function("CONCAT", -1, lambda *parts: "".join(map(str, parts)))
        database.create_function("SUBSTRING", 3, lambda text, start, length: text[start - 1 :][:length])
        database.execute("CREATE TABLE devices (EventTime, Device, Tag, Value)")
        database.execute("CREATE TABLE packs (Device, Tag, Pack, Sensor)")
        database.executemany("INSERT INTO devices VALUES ('', ?, ?, ?)", [(sent, 4, 10.0), (sent, 5, 3.0)])
        database.execute("INSERT INTO packs VALUES (?, '4', 'p-7', '1_4')", (packed,))
        rows = database.execute(query()).fetchall()
    assert sorted((tag, folder) for _, _, tag, _, folder in rows) == [
        ("4", "2026/11/27/10/_packs/p-7"),
        ("5", "2026/11/27/10/1_5"),
    ]


@pytest.mark.parametrize("case", sensor_names(), ids=lambda case: case.says)
def test_the_folder_is_that_of_the_sensor_id(case: SensorName) -> None:
    """The id comes from the reference data; without it, that of a plain name is made in the query."""
    with sqlite3.connect(":memory:") as database:
        database.create_function("CONCAT", -1, lambda *parts: "".join(map(str, parts)))
        database.create_function("SUBSTRING", 3, lambda text, start, length: text[start - 1 :][:length])
        database.execute("CREATE TABLE devices (EventTime, Device, Tag, Value)")
        database.execute("CREATE TABLE packs (Device, Tag, Pack, Sensor)")
        database.execute("INSERT INTO devices VALUES ('', ?, ?, 1.0)", (case.device, case.tag))
        if "~" in case.id:
            database.execute("INSERT INTO packs VALUES (?, ?, '', ?)", (case.device, case.tag, case.id))
        (row,) = database.execute(query()).fetchall()
    assert row[-1] == f"2026/11/27/10/{case.id}"
