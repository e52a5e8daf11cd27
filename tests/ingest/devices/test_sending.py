"""The pace of sending, by a clock that is turned; the hub is real."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import pytest

from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from ingest.devices.dispatch import Dispatch
from ingest.devices.errors import StateRefused
from ingest.devices.hub_sender import HubSender
from ingest.devices.labels import LabelsFile
from ingest.devices.outage import Outage
from ingest.devices.pace import Pace
from ingest.devices.schedule import Chunks
from ingest.devices.sending import Sending
from ingest.devices.state import SendingState, StateFile
from ingest.event_hub import CONNECTION_VARIABLE, Producers, address_of
from ingest.progress_line import ProgressLine
from tests.ingest.devices.manual_clock import ManualClock
from tests.ingest.devices.readings import START, measured, second

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HUB = "sensors"


class Trial:
    """A sender to a hub, on a clock of its own.

    :param hub: a hub with one partition
    """

    def __init__(self, hub: EventHubsServer, *, speed: float | None, is_live: bool = False) -> None:
        self.hub = hub
        self.clock = ManualClock(self._waited)
        self.pace = Pace(self.clock, speed, is_live=is_live)
        self.moments: list[float] = []
        self.stop_at: float | None = None
        self.stop = asyncio.Event()
        self.state = SendingState(begun=START)

    async def send(self, dispatches: list[Dispatch], **options: Any) -> None:
        """Send, and note the clock's seconds after each chunk, once for each of its events."""
        producers = Producers(address_of({CONNECTION_VARIABLE: self.hub.connection_string(HUB)}))
        stream = io.StringIO()
        sender = HubSender(producers.new, stop=self.stop, outage=Outage(stream, ProgressLine(stream)))
        sending = Sending(
            sender, self.pace, StateFile(None, {}), self.state, LabelsFile(None), self.stop, self._sent
        )
        try:
            await sending.run(Chunks(iter(dispatches), **options))
        finally:
            await sender.close()

    def _waited(self) -> None:
        if self.stop_at is not None and self.clock.now() >= second(self.stop_at):
            self.stop.set()

    def _sent(self) -> None:
        new = self.state.account.acknowledged - len(self.moments)
        self.moments += [(self.clock.now() - START).total_seconds()] * new


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[EventHubsServer]:
    """Run a hub with one partition."""
    with EventHubsServer(data=tmp_path / "hub", hubs=(HubSpec(HUB, 1),)) as emulator:
        yield emulator


def every(seconds: float, count: int = 5) -> list[Dispatch]:
    """Return dispatches that arrive so many seconds after each other."""
    items = [measured(n, seconds * n) for n in range(count)]
    return [Dispatch(item.ready, item.number, item.reading) for item in items]


@pytest.mark.parametrize(
    ("speed", "moments"),
    [
        pytest.param(1, [0, 20, 40, 60, 80], id="real-time"),
        pytest.param(60, [0, 1 / 3, 2 / 3, 1, 4 / 3], id="sixty-times-faster"),
        pytest.param(None, [0] * 5, id="at-once"),
    ],
)
def test_each_reading_is_sent_at_its_moment(hub: EventHubsServer, speed, moments: list[float]) -> None:
    """The first one is now; the others follow in real time, or so many times faster."""
    trial = Trial(hub, speed=speed)
    asyncio.run(trial.send(every(20)))
    assert trial.moments == pytest.approx(moments, abs=0.002)


def test_a_live_fleet_catches_up(hub: EventHubsServer) -> None:
    """What was measured while the sender was away is sent at once, the rest at its moment."""
    trial = Trial(hub, speed=1, is_live=True)
    trial.clock.turn(50)
    asyncio.run(trial.send(every(20)))
    assert trial.moments == [50, 50, 50, 60, 80]


def test_a_stop_flushes_what_is_due(hub: EventHubsServer) -> None:
    """Stopped while it waits for the fourth reading, a sender has sent three; nothing is sent early."""
    trial = Trial(hub, speed=1)
    trial.stop_at = 50
    asyncio.run(trial.send([*every(20, 3), Dispatch(second(1000), 9, measured(9, 1000).reading)]))
    assert trial.moments == [0, 20, 40]
    assert trial.state.position == every(20)[2].position


def test_after_a_stop_no_more_than_a_chunk_is_sent(hub: EventHubsServer) -> None:
    """A sender that goes as fast as it can ends soon, and can go on later."""
    trial = Trial(hub, speed=None)
    trial.stop.set()
    asyncio.run(trial.send(every(20), most=2))
    assert trial.state.account.acknowledged == 2


def test_labels_behind_the_state_are_cut_off(tmp_path: Path) -> None:
    """A kill between labels and state writes no label twice; a file that lacks labels is refused."""
    labels = LabelsFile(tmp_path / "labels.csv")
    size = labels.resume(0)
    with (tmp_path / "labels.csv").open("a") as file:
        file.write("2026-01-01 00:00:01.000,1,4,spike\n")
    assert labels.resume(size) == size
    assert (tmp_path / "labels.csv").read_text() == "TS,Device,Tag,Anomaly\n"
    with pytest.raises(StateRefused, match="lacks labels"):
        labels.resume(size + 1)


def test_a_state_is_of_one_fleet_and_hub(tmp_path: Path) -> None:
    """Another one is refused in a sentence that says what differs; so is what is no state."""
    path = tmp_path / "state.json"
    facts = {"fleet": {"seed": 7}, "event hub": "here/sensors"}
    state = SendingState(begun=START, position=every(1)[3].position, in_flight=3, label_bytes=22)
    state.account.acknowledged = 4
    StateFile(path, facts).save(state)
    assert StateFile(path, facts).load(second(9)) == state
    with pytest.raises(StateRefused, match="with another fleet: choose another file, or remove it"):
        StateFile(path, {**facts, "fleet": {"seed": 8}}).load(second(9))
    for text in ("", "[]", "{}", '{"of": {}, "begun": "yesterday"}'):
        path.write_text(text)
        with pytest.raises(StateRefused, match="cannot be read"):
            StateFile(path, facts).load(second(9))
    with pytest.raises(StateRefused, match="cannot be written"):
        StateFile(tmp_path / "nowhere" / "state.json", facts).save(state)
