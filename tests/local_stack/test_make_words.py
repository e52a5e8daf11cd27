"""Errors of make targets: one line, with the variables as they were typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.typed import typed

if TYPE_CHECKING:
    from pathlib import Path

_RUN = "make run READINGS=readings.csv"
_REACH = "they range from 2018-08-29T01 to 2018-08-29T05; try HOUR=2018-08-29T05"
_MISSING = "make missing FROM=2018-08-29T00"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a file of readings: hours 1, 2 and 5; and one of a fleet in which a sensor has few."""
    folder = tmp_path_factory.mktemp("typed")
    rows = [
        f"2018-08-29 {hour:02}:{minute:02}:00.000,1,1,{20 + minute % 7 / 10}"
        for hour in (1, 2, 5)
        for minute in range(60)
    ]
    (folder / "readings.csv").write_text("\n".join(("TS,Device,Tag,Value", *rows, "")))
    two = ["2018-08-29 01:00:00.000,1,3,20", "2018-08-29 02:00:00.000,1,3,20"]
    (folder / "fleet.csv").write_text("\n".join(("TS,Device,Tag,Value", *of_two_sensors(rows), *two, "")))
    return folder


def of_two_sensors(rows: list[str]) -> list[str]:
    """Return the rows, and the same of another tag."""
    return [*rows, *(row.replace(",1,1,", ",1,2,") for row in rows)]


@pytest.mark.timeout(1800)
@pytest.mark.behaviour("training-bad-member")
@pytest.mark.nightly
def test_a_sensor_with_too_few_readings_stops_no_other(folder: Path) -> None:
    """The others are scored; the error names it and what it needs, and the exit code is not 0."""
    done = typed(f"make run READINGS={folder}/fleet.csv HOUR=2018-08-29T02", folder)
    assert "1_3: only 1 readings; 30 required" in done.stderr
    assert "2 sensors trained, 1 refused" in done.stdout
    lines = done.stdout.splitlines()
    (place,) = (line.index("state") for line in lines if line.startswith("sensor  readings"))
    states = {line[:3]: line[place:] for line in lines if line[:2] == "1_"}
    assert states == {"1_1": "scored", "1_2": "scored", "1_3": "no model"}, done.stdout
    assert "make: *** [Makefile" in done.stderr
    assert "Error 1" in done.stderr


@pytest.mark.parametrize(
    ("command", "code", "line"),
    [
        pytest.param(
            f"{_RUN} HOUR=2018-08-29",
            2,
            "HOUR=2018-08-29 names a day, not an hour; try HOUR=2018-08-29T00",
            id="a-day",
        ),
        pytest.param(
            f'{_RUN} HOUR="2018-08-29 02:30"',
            2,
            "HOUR=2018-08-29 02:30 is inside an hour, not at its start; try HOUR=2018-08-29T02",
            id="half-past",
        ),
        pytest.param(
            "make run HOUR=2018-08-29T02",
            2,
            "HOUR needs READINGS; the simulated fleet has an hour of its own",
            id="readings-are-missing",
        ),
        pytest.param(
            f"{_RUN} HOUR=2018-08-29T04",
            2,
            f"no readings in 2018-08-29T04; {_REACH}",
            id="a-gap",
        ),
        pytest.param(
            "make missing",
            2,
            "FROM and TO are required, for example FROM=2018-08-29T00 TO=2018-08-30T00",
            id="missing-nothing-given",
        ),
        pytest.param(
            f'{_MISSING} TO="2018-08-29 02:00"',
            2,
            "no stack is up: run make up first",
            id="missing-no-stack",
        ),
        pytest.param("make doctor", 2, "no stack is up: run make up first", id="doctor-no-stack"),
        pytest.param(
            'make airflow DO="dags list"', 1, "no stack is up: run make up first", id="airflow-no-stack"
        ),
        pytest.param(
            'make models DO="list"',
            1,
            "no stack is up, and there is no data of one: run make up first",
            id="models-no-stack",
        ),
    ],
)
def test_what_cannot_be_is_one_line(folder: Path, command: str, code: int, line: str) -> None:
    """One line says what is wrong and what to type, without usage text or traceback.

    A case for each way to the line: ``test_main.py`` and ``test_hour_choice.py`` hold the other sentences.
    """
    done = typed(command, folder)
    said, _, of_make = done.stderr.partition("make: ***")
    assert said == f"error: {line}\n", done.stdout + done.stderr
    assert re.search(r"Error (\d+)", of_make).group(1) == str(code)  # type: ignore[union-attr]


def test_a_log_has_errors_where_they_happened(folder: Path) -> None:
    """With both outputs in one file, the stages come first and the error that ended the run last."""
    short = (folder / "readings.csv").read_text().splitlines()[:61]
    (folder / "short.csv").write_text("\n".join((*short, "no row,,,", "")))
    said = typed(f"make run READINGS={folder}/short.csv HOUR=2018-08-29T01 2>&1", folder).stdout
    beginnings = ["Starting", "Loading", "  rejected line 62", "Training", "error", "make"]
    lines = [line for line in said.splitlines() if not line.startswith(("set-up", "make[1]"))]
    assert [line for line, begins in zip(lines, beginnings, strict=True) if not line.startswith(begins)] == []


@pytest.mark.parametrize("command", ["make up", f"{_RUN} HOUR=2018-08-29T02"])
def test_a_wrong_setting_stops_the_start(folder: Path, command: str) -> None:
    """The error names it and nothing starts; otherwise it would break the DAGs later."""
    done = typed(command, folder, SENSOR_SCORING_MAX_NODES="many")
    said, _, of_make = done.stderr.partition("make: ***")
    assert said.startswith("error: ")
    assert "SENSOR_SCORING_MAX_NODES" in said
    assert len(said.splitlines()) == 1
    assert "Error 1" in of_make
    assert "Starting" not in done.stdout
