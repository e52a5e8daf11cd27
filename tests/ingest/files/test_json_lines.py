"""JSON in every layout: arrays on one line, objects over many lines, with damage between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ingest.files.readings_csv import read_readings
from ingest.files.rejects import MOST_REJECTS

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    {"TS": f"2018-08-29T02:{number // 60:02}:{number % 60:02}Z", "Device": "a}{", "Tag": "4", "Value": number}
    for number in range(3_000)
]
GOOD = [{**row, "Device": "1"} for row in ROWS]


def read(folder: Path, text: str) -> tuple[list[int], list[int]]:
    """Read a file.

    :return: the values of its readings, and the lines that were refused
    """
    path = folder / "readings.json"
    path.write_bytes(text.encode())
    file = read_readings(path)
    values = [int(reading.value) for reading in file]
    assert file.rejects.total == len(file.rejects.listed) or file.rejects.total > MOST_REJECTS
    return values, [reject.line for reject in file.rejects.listed]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(GOOD), id="an array on one line, as pandas writes it"),
        pytest.param(json.dumps(GOOD, separators=(",", ":")), id="the same without blanks"),
        pytest.param(json.dumps(GOOD, indent=2), id="an array over many lines"),
        pytest.param(json.dumps(GOOD, indent=2).replace("\n", "\r\n"), id="the same of Windows"),
        pytest.param("\n\n" + json.dumps(GOOD, indent=None).replace("}, {", "},\n{"), id="an object a line"),
        pytest.param("".join(map(json.dumps, GOOD)), id="objects with nothing between them"),
        pytest.param(
            "\ufeff" + "\n".join(json.dumps(row, indent=1) for row in GOOD), id="objects over lines"
        ),
    ],
)
def test_every_layout_is_read_whole(tmp_path: Path, text: str) -> None:
    """In a file of many chunks, no reading is lost or duplicated at a chunk's edge."""
    assert read(tmp_path, text) == (list(range(3_000)), [])


def test_braces_in_texts_are_no_objects(tmp_path: Path) -> None:
    """A brace inside a name neither begins nor ends an object."""
    text = json.dumps([*GOOD[:2], ROWS[2], *GOOD[3:5]], indent=1)
    assert read(tmp_path, text)[0] == [0, 1, 2, 3, 4]


def test_a_broken_object_costs_its_own_lines(tmp_path: Path) -> None:
    """An unterminated object is given up where the next complete one begins."""
    lines = [json.dumps(row) for row in GOOD[:4]]
    text = "\n".join([lines[0], '{"TS": "2018', '"Device": 1', lines[1], lines[2][:-9], lines[3]])
    assert read(tmp_path, text) == ([0, 1, 3], [2, 3, 5])


def test_an_object_without_an_end_fills_no_memory(tmp_path: Path) -> None:
    """The reader gives up after ten thousand bytes and continues after it."""
    text = '{"TS":\n' + '"x",\n' * 3_000 + json.dumps(GOOD[0]) + "\n"
    values, refused = read(tmp_path, text)
    assert (values, len(refused)) == ([0], MOST_REJECTS)
