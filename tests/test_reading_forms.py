"""Scoring and loading accept the same forms of readings: both get each one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.errors import IngestError
from ingest.files.readings_csv import read_readings
from ingest.reading import Reading
from scorer.errors import DataFault
from scorer.readings.files import read_file
from scorer.scoring.work import SensorWork
from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import ModelRef, SensorOrder
from tests.support.reading_forms import DEVICE, MOMENT, TAG, VALUE, Form, forms, timestamps

if TYPE_CHECKING:
    from pathlib import Path

    from scorer.readings.table import ReadingTable

HOUR = RunHour.containing(MOMENT)
MICROS = int(MOMENT.timestamp()) * 1_000_000
EVERY_FORM = [pytest.param(form, id=form.what) for form in forms()]


def scored(name: str, data: bytes) -> ReadingTable:
    """Read a file as scoring does for a sensor that does not share it.

    :raises DataFault: with the words of the report if no row counts
    """
    rows = read_file(name, data, hour=HOUR, owner=lambda *pair: "1_4" if pair == (DEVICE, TAG) else None)
    order = SensorOrder("1_4", DEVICE, TAG, ModelRef("v1", "m", "00", "ocsvm-json/2"), (name,))
    work = SensorWork(
        order, table=rows.of("1_4"), problems=[f"{name} {rows.problem}"] if rows.problem else []
    )
    work.predict()
    return work.table


def loaded(folder: Path, name: str, data: bytes) -> tuple[list[Reading], int, str]:
    """Read a file as loading does.

    :return: its readings, how many lines were refused, and why the first one was
    """
    path = folder / name
    path.write_bytes(data)
    file = read_readings(path)
    readings = list(file)
    return readings, file.rejects.total, file.rejects.listed[0].reason if file.rejects.listed else ""


@pytest.mark.parametrize("form", EVERY_FORM)
def test_scoring_reads_a_form_or_says_what_it_is(form: Form) -> None:
    """It finds the one reading with its time, names and value, or says what the table states."""
    if form.scoring:
        with pytest.raises(DataFault) as caught:
            scored(form.name, form.data)
        assert form.scoring in str(caught.value)
        return
    table = scored(form.name, form.data)
    assert (table.micros.tolist(), table.values.tolist()) == ([MICROS], [[VALUE]])
    assert (table.texts, table.pairs) == (["10.16"], {(DEVICE, TAG)})
    assert table.rejected.total() == form.rejected


@pytest.mark.parametrize("form", EVERY_FORM)
def test_loading_reads_a_form_or_says_what_it_is(form: Form, tmp_path: Path) -> None:
    """It finds the same reading, or says what the table states."""
    if not form.loading:
        readings, rejected, _ = loaded(tmp_path, form.name, form.data)
        assert readings == [Reading(MOMENT, DEVICE, TAG, "10.16")]
        assert rejected == form.rejected
        return
    try:
        readings, _, reason = loaded(tmp_path, form.name, form.data)
    except IngestError as error:
        readings, reason = [], str(error)
    assert (readings, form.loading in reason) == ([], True), reason


@pytest.mark.parametrize("text", timestamps(are_refused=False))
@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_both_read_the_same_moments(text: str, name: str, tmp_path: Path) -> None:
    """A text is the same instant to both, in every format, alone and with others."""
    row = {"a.csv": f"{text},1,4,10.16", "a.json": f'{{"TS":"{text}","Device":1,"Tag":4,"Value":10.16}}'}[
        name
    ]
    header = "TS,Device,Tag,Value\n" if name == "a.csv" else ""
    data = f"{header}{row}\n{row}\n".encode()
    table = scored(name, data)
    assert (table.micros.tolist(), table.ts) == ([MICROS] * 2, [text] * 2)
    assert [reading.moment for reading in loaded(tmp_path, name, data)[0]] == [MOMENT] * 2


@pytest.mark.parametrize("text", timestamps(are_refused=True))
def test_both_refuse_the_same_texts(text: str, tmp_path: Path) -> None:
    """What one refuses as a timestamp, the other refuses too."""
    data = f"TS,Device,Tag,Value\n{text},1,4,10.16\n".encode()
    with pytest.raises(DataFault, match="1 unreadable"):
        scored("a.csv", data)
    assert "TS is not a timestamp" in loaded(tmp_path, "a.csv", data)[2]
