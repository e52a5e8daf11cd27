"""Options that make targets refuse before anything is started."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from local_stack.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NO_HOUR = "is not an hour of the form 2018-08-29T02 (UTC)"
_MISSING = ("missing", "--from", "2018-08-29T00", "--to")


@pytest.fixture(autouse=True)
def _handlers_of_before() -> Iterator[None]:
    """Put the handlers of signals back that a command replaces."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def readings(tmp_path: Path) -> str:
    """Make a file that is there."""
    file = tmp_path / "readings.csv"
    file.write_text("TS,Device,Tag,Value\n")
    return str(file)


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        pytest.param(
            ("run", "--readings", "{readings}", "--hour", "2018-08-29T25"),
            "HOUR=2018-08-29T25 has an hour outside 00 to 23; try HOUR=2018-08-29T23",
            id="hour-25",
        ),
        pytest.param(
            ("run", "--readings", "{readings}", "--hour", "yesterday"),
            f"HOUR=yesterday {_NO_HOUR}",
            id="no-hour",
        ),
        pytest.param(
            ("run", "--readings", "/no/such.csv", "--hour", "2018-08-29T02"),
            "READINGS=/no/such.csv does not exist",
            id="no-file",
        ),
        pytest.param(
            ("run", "--readings", "/no/*.csv", "--hour", "2018-08-29T02"),
            "READINGS=/no/*.csv matches no file",
            id="no-match",
        ),
        pytest.param(
            ("run", "--readings", "{readings}", "--hour", "2018-08-29T02", "--timestamp-format", "%d"),
            "TIMESTAMP_FORMAT: '%d' does not tell day and hour; one that does is '%d.%m.%Y %H:%M:%S'",
            id="no-format",
        ),
        pytest.param(
            ("run", "--readings", "{readings}", "--hour", "2018-08-29T02", "--ingest"),
            "INGEST sends the simulated fleet's events; READINGS are loaded without it",
            id="readings-and-events",
        ),
        pytest.param(
            ("run", "--readings", "{readings}", "--hour", "2018-08-29T02", "--devices", "2"),
            "DEVICES and TAGS are of the simulated fleet; READINGS have sensors of their own",
            id="readings-and-devices",
        ),
        pytest.param(("run", "--devices", "0"), "DEVICES=0 is not a number above zero", id="no-device"),
        pytest.param(("run", "--tags", "many"), "TAGS=many is not a number above zero", id="no-number"),
        pytest.param(("up", "--fast"), "unrecognized arguments: --fast", id="no-option"),
        pytest.param(("up", "--demo", "no"), "DEMO=no is neither 0 nor 1", id="no-switch"),
        pytest.param(
            ("start",),
            "'start' is not one of run, up, down, serve, models, missing, doctor, airflow, load, train",
            id="no-command",
        ),
        pytest.param(
            ("run", "--readings", "{readings}"),
            "READINGS needs an HOUR to score, for example HOUR=2018-08-29T02",
            id="hour-is-missing",
        ),
        pytest.param(
            (*_MISSING, "2018-08-30"),
            "TO=2018-08-30 names a day, not an hour; try TO=2018-08-30T00",
            id="missing-a-day",
        ),
        pytest.param(
            (*_MISSING, "2018-08-29T00"),
            "TO=2018-08-29T00 is not after FROM=2018-08-29T00; TO is the first hour after the range; "
            "try TO=2018-08-29T01",
            id="missing-no-range",
        ),
    ],
)
def test_a_wrong_option_is_one_line(
    argv: tuple[str, ...], line: str, readings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the variable as it is typed after ``make``, and what to type instead."""
    assert main([word.replace("{readings}", readings) for word in argv]) == 2
    assert capsys.readouterr() == ("", f"error: {line}\n")
