"""A simulated fleet sends events to an event hub, and survives kills on both sides."""

from __future__ import annotations

import json
import signal
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from ingest.__main__ import main
from ingest.devices.disturbances import Disturbances
from ingest.devices.event import body_of
from ingest.devices.fleet_source import FleetSource
from ingest.devices.schedule import in_order_of_arrival
from ingest.event_hub import CONNECTION_VARIABLE, URI_VARIABLE
from ingest.hour_files import label_row
from ingest.simulator import Fleet
from scoring_contract.hour import RunHour
from tests.event_hubs_emulator.emulator_process import EmulatorProcess
from tests.event_hubs_emulator.hub_clients import HUB
from tests.ingest.commands import a_command, stopped
from tests.ingest.devices.sender_process import (
    acknowledged,
    events_of,
    hub_environ,
    sent_by,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.devices.dispatch import Dispatch

UNTIL = RunHour.parse("2026-01-01T00")
SIMULATE = ("simulate", "--event-hub", "--until", str(UNTIL))
SHARES = ("--late-share", "0.02", "--twice-share", "0.02", "--disorder-share", "0.02")
LONG = (*SIMULATE, "--hours", "1000", *SHARES, "--keep-arrival")
"""More than any test lasts, in chunks of a simulated minute."""


def dispatches(hours: int) -> Iterator[Dispatch]:
    """Yield what the default fleet sends, with :data:`SHARES`."""
    source = FleetSource(Fleet(), UNTIL.start - hours * (UNTIL.end - UNTIL.start), hours)
    disturbances = Disturbances(late_share=0.02, twice_share=0.02, disorder_share=0.02)
    of = partial(disturbances.dispatches, since=source.begin)
    return in_order_of_arrival(source.readings(source.begin), of)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[EventHubsServer]:
    """Run a hub with two partitions."""
    with EventHubsServer(data=tmp_path / "hub", hubs=(HubSpec(HUB, 2),)) as emulator:
        yield emulator


def ids_of(hub: Any) -> list[str]:
    """Return the ids of all events of a hub."""
    return [str(event.message_id) for events in events_of(hub).values() for event in events]


def test_a_fleet_is_sent_as_events(hub: EventHubsServer, tmp_path: Path) -> None:
    """The hub has what the account says; a device stays in one partition, in the order of arrival."""
    key, labels = hub.settings.policy.key, tmp_path / "labels.csv"
    address = hub.endpoint.removeprefix("sb://")
    uri = f"azure-event-hub://{hub.settings.policy.name}:{quote(key, safe='')}@{address}/{HUB}"
    environ = {URI_VARIABLE: f"{uri}?UseDevelopmentEmulator=true"}
    account = sent_by(environ, *SIMULATE, "--hours", "1", *SHARES, "--labels", str(labels))
    expected = list(dispatches(1))
    assert account["acknowledged"] == account["sent"] == len(expected)
    assert account["twice"] == len(expected) - 15 * 240
    assert account["sent_again"] == account["withheld"] == 0
    by_device: dict[str, list[tuple[str, str]]] = {}
    for events in events_of(hub).values():
        here: dict[str, list[tuple[str, str]]] = {}
        for event in events:
            device = json.loads(event.body_as_str())["Device"]
            assert event.partition_key == device.encode()
            here.setdefault(device, []).append((str(event.message_id), event.body_as_str()))
        assert here.keys().isdisjoint(by_device)
        by_device |= here
    for device, got in by_device.items():
        assert got == [(one.id, body_of(one.reading)) for one in expected if one.reading.device == device]
    rows = [label_row(label) for label in Fleet().labels(UNTIL.previous, 1)]
    assert sorted(labels.read_text().splitlines()[1:]) == sorted(rows)
    assert account["anomalies"] == len(rows)


@pytest.mark.soak
@pytest.mark.behaviour("ingest-killed")
def test_a_killed_sender_goes_on(hub: EventHubsServer, tmp_path: Path) -> None:
    """No event is skipped, and none twice but those of the chunk in flight, which have the same ids."""
    state, labels = tmp_path / "state.json", tmp_path / "labels.csv"
    command = (*LONG, "--state", str(state), "--labels", str(labels))
    for count in (1000, 2000):
        with a_command(hub_environ(hub), *command) as sender:
            until(lambda: acknowledged(state) > count or sender.poll() is not None)  # noqa: B023 - at once
            sender.kill()
            assert sender.wait() == -signal.SIGKILL
    with a_command(hub_environ(hub), *command) as sender:
        until(lambda: acknowledged(state) > 3000 or sender.poll() is not None)
        account, _ = stopped(sender)
    got = Counter(ids_of(hub))
    expected = [one.id for one in islice(dispatches(1000), account["acknowledged"])]
    assert got.keys() == set(expected)
    assert account["sent"] == account["acknowledged"] + account["sent_again"]
    again = got.total() - len(expected)
    assert again <= account["sent_again"] <= 2 * 100, "15 sensors send some 60 readings a minute"


@pytest.mark.soak
@pytest.mark.behaviour("ingest-killed")
def test_a_killed_hub_is_waited_for(tmp_path: Path) -> None:
    """Killed in the middle of sending and started again, it has every event; few are there twice."""
    state = tmp_path / "state.json"
    with (
        EmulatorProcess(tmp_path / "hub") as first,
        a_command(hub_environ(first), *LONG, "--state", str(state)) as sender,
    ):
        until(lambda: acknowledged(state) > 1000 or sender.poll() is not None)
        first.kill()
        before = acknowledged(state)
        with EmulatorProcess(tmp_path / "hub", "--port", str(first.port)) as again:
            until(lambda: acknowledged(state) > before + 1000 or sender.poll() is not None)
            account, said = stopped(sender)
            got = Counter(ids_of(again))
    expected = {one.id for one in islice(dispatches(1000), account["acknowledged"])}
    assert got.keys() == expected
    assert max(got.values()) <= 2
    assert got.total() - len(expected) <= 100, "no more than a chunk was in flight"
    assert account["sent_again"] == 0, "the sender was not killed"
    assert "Traceback" not in said


def test_a_fleet_goes_on_from_now(hub: EventHubsServer, tmp_path: Path) -> None:
    """Without an end, readings are sent at their moments; stopped while it waits, it has sent them all."""
    state, begin = tmp_path / "state.json", datetime.now(UTC)
    command = ("simulate", "--event-hub", "--speed", "1", "--tags", "20", "--state", str(state))
    with a_command(hub_environ(hub), *command) as sender:
        until(lambda: acknowledged(state) >= 5 or sender.poll() is not None)
        account, _ = stopped(sender)
    events = [event for each in events_of(hub).values() for event in each]
    assert len(events) == account["sent"] == account["acknowledged"] == acknowledged(state)
    for event in events:
        moment = datetime.fromisoformat(json.loads(event.body_as_str())["TS"])
        assert event.enqueued_time is not None
        assert begin <= moment <= event.enqueued_time


@pytest.mark.soak
def test_a_stop_in_an_outage_says_what_is_not_acknowledged(tmp_path: Path) -> None:
    """The sender does not wait for ever; its account and its state tell what the hub has."""
    state = tmp_path / "state.json"
    with (
        EmulatorProcess(tmp_path / "hub") as hub,
        a_command(hub_environ(hub), *LONG, "--state", str(state)) as sender,
    ):
        until(lambda: acknowledged(state) > 500 or sender.poll() is not None)
        hub.kill()
        assert sender.stderr is not None
        assert sender.stderr.readline().startswith("the event hub cannot be reached, trying again: ")
        sender.send_signal(signal.SIGTERM)
        out, said = sender.communicate()
    account = json.loads(out)
    assert sender.returncode == 1
    assert said.startswith("the event hub cannot be reached: ")
    assert len(said.splitlines()) == 1
    assert account["sent"] > account["acknowledged"] == acknowledged(state)


def refused(environ: dict[str, str], *argv: str) -> tuple[int, str]:
    """Run a command that is refused; return its code and the last line that it says."""
    with a_command(environ, *argv) as sender:
        _, said = sender.communicate()
        assert "Traceback" not in said
        return sender.returncode, said.splitlines()[-1]


def test_a_hub_that_refuses_ends_it_with_a_sentence(hub: EventHubsServer) -> None:
    """A wrong key, and a hub that does not exist, are not tried for ever."""
    connection = hub.connection_string(HUB)
    for right, wrong, cause in (
        (
            hub.settings.policy.key,
            "d3Jvbmc=",
            "Description: InvalidSignature: The token has an invalid signature.",
        ),
        (f"EntityPath={HUB}", "EntityPath=nowhere", "could not be found."),
    ):
        code, said = refused({CONNECTION_VARIABLE: connection.replace(right, wrong)}, *SIMULATE)
        assert code == 1
        assert said.startswith("the event hub refuses events: ")
        assert cause in said


def test_a_state_of_another_fleet_is_refused(hub: EventHubsServer, tmp_path: Path) -> None:
    """Going on from it would skip readings that were never sent; the same fleet has nothing left to send."""
    command = (*SIMULATE, "--hours", "1", "--state", str(tmp_path / "state.json"))
    account = sent_by(hub_environ(hub), *command)
    assert sent_by(hub_environ(hub), *command) == account
    assert len(ids_of(hub)) == account["acknowledged"] == 3600
    code, said = refused(hub_environ(hub), *command, "--seed", "8")
    assert code == 1
    assert "was written with another fleet and another set of disturbances" in said


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        pytest.param([], "--until is needed", id="no-end"),
        pytest.param(["--speed", "60"], "--until is needed", id="no-end-at-speed"),
        pytest.param(["--speed", "1", "--hours", "2"], "--hours needs --until", id="hours-without-end"),
        pytest.param(
            ["--speed", "1", "--late", "9=5"], "the devices 1 to 3, and no '9'", id="no-such-device"
        ),
        pytest.param(["--speed", "0"], "0 is not above 0", id="no-speed"),
        pytest.param(["--late", "5"], "names no device", id="no-device"),
        pytest.param(["--late", "1=-5"], "-5 is not between 0 and 30 days", id="negative"),
        pytest.param(["--drift", "1=nan"], "nan is not between -1000 and 1000", id="no-drift"),
        pytest.param(
            ["--speed", "1", "--late", "1=5", "--late", "1=6"], "the device 1 twice", id="two-delays"
        ),
        pytest.param(["--late-share", "2"], "2 is not between 0 and 1", id="share"),
        pytest.param(["--silent", "1=now/later"], "'now' is not a moment", id="no-moment"),
        pytest.param(["--silent", "1=2026-01-01T01:00Z/2026-01-01T00:00Z"], "has no length", id="backwards"),
        pytest.param(["--packed"], "unrecognized arguments: --packed", id="option-of-blobs"),
    ],
)
def test_a_wrong_command_line_is_refused(
    argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and a sentence, before a connection is made."""
    environ = {CONNECTION_VARIABLE: "Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=c"}
    with pytest.raises(SystemExit) as left:
        main(["simulate", "--event-hub", *argv], environ)
    assert left.value.code == 2
    assert sentence in capsys.readouterr().err


def test_options_of_events_are_none_of_blobs(capsys: pytest.CaptureFixture[str]) -> None:
    """Without ``--event-hub``, a disturbance would be left out silently."""
    with pytest.raises(SystemExit) as left:
        main(["simulate", "--until", "2026-01-01T03", "--late-share", "0.1"], {})
    assert left.value.code == 2
    assert "unrecognized arguments: --late-share" in capsys.readouterr().err
