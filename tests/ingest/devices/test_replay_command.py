"""Files of readings are replayed as events."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from ingest.__main__ import main
from ingest.event_hub import CONNECTION_VARIABLE
from scoring_contract.reading_files.timestamps import text_of
from tests.event_hubs_emulator.hub_clients import HUB
from tests.ingest.devices.readings import second
from tests.ingest.devices.sender_process import acknowledged, events_of, hub_environ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[EventHubsServer]:
    """Run a hub with one partition."""
    with EventHubsServer(data=tmp_path / "hub", hubs=(HubSpec(HUB, 1),)) as emulator:
        yield emulator


def file_of(path: Path, *rows: tuple[float, str]) -> Path:
    """Write a file of readings of one sensor, at so many seconds after the start."""
    lines = [f"{text_of(second(at))},plant 1,temp,{value}" for at, value in rows]
    path.write_text("\n".join(("TS,Device,Tag,Value", *lines, "")))
    return path


def rows_in(hub: EventHubsServer) -> list[tuple[str, str]]:
    """Return moment and value of all events, as they were written."""
    texts = [event.body_as_str() for events in events_of(hub).values() for event in events]
    rows = [json.loads(text, parse_float=str, parse_int=str) for text in texts]
    assert all((row["Device"], row["Tag"]) == ("plant 1", "temp") for row in rows)
    return [(row["TS"], row["Value"]) for row in rows]


def test_a_file_is_replayed_with_its_digits(
    hub: EventHubsServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Columns are read as by the loader, a late row is sent when it comes, and bad ones are named."""
    path, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    path.write_text(
        "when;value\n1.1.2026 01:00:00;10,10\n1.1.2026 01:20:00;11\n1.1.2026 01:05:01;12,5\n"
        "broken;1\n1.1.2026 01:20:00;11\n"
    )
    columns = ["--columns", "TS=when,Device='plant 1',Tag='temp',Value=value"]
    form = ["--timezone", "Europe/Berlin", "--timestamp-format", "%d.%m.%Y %H:%M:%S"]
    assert main(["replay", str(path), *columns, *form, "--rejects", str(rejects)], hub_environ(hub)) == 0
    told = capsys.readouterr()
    account = json.loads(told.out)
    assert (account["acknowledged"], account["rejected"], account["twice"]) == (4, 1, 0)
    assert (account["first"], account["last"]) == (text_of(second(0)), text_of(second(1200)))
    assert told.err.startswith("1 rows refused\n  1 row: TS is not of the form")
    assert len(rejects.read_text().splitlines()) == 2
    moments = [text_of(second(at)) for at in (0, 1200, 301, 1200)]
    assert rows_in(hub) == list(zip(moments, ("10.10", "11", "12.5", "11"), strict=True))
    ids = {event.message_id for events in events_of(hub).values() for event in events}
    assert len(ids) == 4, "a row that a file holds twice is no repetition"


def test_a_file_out_of_order_is_refused_where_it_is(
    hub: EventHubsServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File and line are named; what stands before them was sent, and the account says so."""
    one = file_of(tmp_path / "1.csv", (0, "1"), (1000, "2"))
    other = file_of(tmp_path / "2.csv", (101, "3"), (99, "4"), (2000, "5"))
    assert main(["replay", str(one), str(other)], hub_environ(hub)) == 1
    told = capsys.readouterr()
    assert told.err == (
        f"{other}, line 3 is not in the order of time: 2026-01-01 00:01:39 comes after 2026-01-01 00:16:40; "
        "sort the rows\n"
    )
    assert json.loads(told.out)["acknowledged"] == 3
    assert [value for _, value in rows_in(hub)] == ["1", "2", "3"]


def test_a_replay_goes_on_with_the_shift_that_it_had(
    hub: EventHubsServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With ``--from-now`` the first row is now; a second start of the same command sends nothing again."""
    path, state = file_of(tmp_path / "a.csv", (0, "1"), (30, "2")), tmp_path / "state.json"
    before = datetime.now(UTC)
    command = ["replay", str(path), "--from-now", "--state", str(state)]
    assert main(command, hub_environ(hub)) == 0
    assert main(command, hub_environ(hub)) == 0
    first, last = (datetime.fromisoformat(moment) for moment, _ in rows_in(hub))
    assert before - timedelta(seconds=1) <= first <= datetime.now(UTC)
    assert last - first == timedelta(seconds=30)
    assert acknowledged(state) == 2
    capsys.readouterr()
    file_of(path, (0, "1"), (31, "2"))
    assert main(command, hub_environ(hub)) == 1
    assert "with another content of the files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [([], "has no valid reading"), ([(0, "x")], "Value is not a finite number; first in line 2")],
)
def test_a_file_without_readings_is_refused(
    tmp_path: Path, rows: list[tuple[float, str]], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a mistake, and the reason is said before a connection is made."""
    environ = {CONNECTION_VARIABLE: "Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=c"}
    assert main(["replay", str(file_of(tmp_path / "a.csv", *rows))], environ) == 1
    assert sentence in capsys.readouterr().err
