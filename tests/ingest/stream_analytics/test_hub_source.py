"""From an event hub to files of readings: the SDK sends, the local job aggregates, on Azurite."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub.amqp import AmqpMessageBodyType

from azure_event_hubs_emulator.clock import ManualClock
from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from ingest.event_hub import CONNECTION_VARIABLE, HOST_VARIABLE, NAME_VARIABLE, consumer_of
from ingest.files.readings_csv import read_readings
from ingest.stream_analytics.counts import ACCOUNT_FILE
from ingest.stream_analytics.errors import JobFailed
from ingest.stream_analytics.events.hub_source import HubSource
from scoring_contract.layout import sensor_of_readings
from scoring_contract.sensor_names import sensor_id_of
from tests.ingest.commands import a_command, stopped
from tests.support.waiting import until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from azure.eventhub import EventHubConsumerClient
    from azure.storage.blob import ContainerClient

HUB = "sensors"
DEVICES = ("1", "00:1B:44:11:3A:B7", "Pumpe-Ü")
NAMES = "".join(("Device,Tag,Pack,Sensor\n", *(f"{name},4,,{sensor_id_of(name, '4')}\n" for name in DEVICES)))


class Devices:
    """Devices that send two readings a minute to a hub, whose clock goes with them.

    :param clock: of the hub
    """

    def __init__(self, emulator: EventHubsServer, clock: ManualClock) -> None:
        self.emulator = emulator
        self.clock = clock
        self.start = clock.now()
        self.sent = 0

    def send(self, minutes: range) -> None:
        """Send what all devices measure in some minutes since the start: the minute, and two more."""
        with EventHubProducerClient.from_connection_string(self.emulator.connection_string(HUB)) as producer:
            for minute in minutes:
                for device in DEVICES:
                    batch = producer.create_batch(partition_key=device)
                    for second, value in ((10, minute), (40, minute + 2)):
                        moment = self.start + timedelta(minutes=minute, seconds=second)
                        reading = {"TS": moment.isoformat(), "Device": device, "Tag": "4", "Value": value}
                        batch.add(EventData(json.dumps(reading)))
                        self.sent += 1
                    producer.send_batch(batch)
                self.clock.turn(timedelta(minutes=1))


@pytest.fixture
def devices(tmp_path: Path) -> Iterator[Devices]:
    """Run a hub of two partitions."""
    clock = ManualClock()
    with EventHubsServer(data=tmp_path / "hub", hubs=(HubSpec(HUB, 2),), clock=clock) as emulator:
        yield Devices(emulator, clock)


@contextmanager
def a_job(
    folder: Path, data: ContainerClient, connection: str, *options: str
) -> Iterator[subprocess.Popen[str]]:
    """Run ``python -m ingest stream``."""
    environ = {
        "INGEST_DATA_URL": data.url,
        "INGEST_MODELS_URL": data.url,
        CONNECTION_VARIABLE: connection,
    }
    with a_command(environ, "stream", "--event-hub", *options, "--state", str(folder / "state")) as process:
        yield process


def averages(data: ContainerClient, devices: Devices, folder: Path) -> dict[tuple[str, int], set[float]]:
    """Return the readings by device and minute, and check that each lies in its sensor's folder."""
    found: dict[tuple[str, int], set[float]] = {}
    for name in data.list_blob_names(name_starts_with="readings/"):
        file = folder / "readings.csv"
        # A file of the job is made empty, and then grows.
        if not file.write_bytes(data.download_blob(name).readall()):
            continue
        for reading in read_readings(file):
            assert sensor_of_readings(name) == sensor_id_of(reading.device, reading.tag)
            minute = (reading.moment - devices.start) // timedelta(minutes=1)
            found.setdefault((reading.device, minute), set()).add(float(reading.value))
    return found


def expected(minutes: range) -> dict[tuple[str, int], set[float]]:
    """Return the averages of whole minutes."""
    return {(device, minute): {minute + 1.0} for device in DEVICES for minute in minutes}


def test_what_devices_send_becomes_readings_once(
    devices: Devices, data: ContainerClient, tmp_path: Path
) -> None:
    """Stopped and started again, the job goes on after its last event; every event is accounted for."""
    data.upload_blob("packs.csv", NAMES.encode())
    connection = devices.emulator.connection_string(HUB)
    devices.send(range(3))
    with a_job(tmp_path, data, connection) as job:
        until(lambda: averages(data, devices, tmp_path) == expected(range(2)) or job.poll() is not None)
        facts, _ = stopped(job)
    assert (facts["read"], facts["unaccounted"]) == (devices.sent, 0)
    devices.send(range(3, 5))
    with a_job(tmp_path, data, connection) as job:
        until(lambda: averages(data, devices, tmp_path) == expected(range(4)) or job.poll() is not None)
        facts, _ = stopped(job)
    assert averages(data, devices, tmp_path) == expected(range(4)), "the fifth minute may still grow"
    assert (facts["read"], facts["unaccounted"]) == (devices.sent, 0)


def test_a_job_ends_after_the_last_event(devices: Devices, data: ContainerClient, tmp_path: Path) -> None:
    """It has read all that the hub has, also when it goes on; its account lies in the state's folder."""
    data.upload_blob("packs.csv", NAMES.encode())
    connection = devices.emulator.connection_string(HUB)
    for minutes in (range(3), range(3, 4), range(0)):
        devices.send(minutes)
        with a_job(tmp_path, data, connection, "--until-end", "--clock", "events") as job:
            out, err = job.communicate()
        assert job.returncode == 0, err
        facts = json.loads(out)
        assert (facts["read"], facts["unaccounted"]) == (devices.sent, 0)
        assert json.loads((tmp_path / "state" / ACCOUNT_FILE).read_text()) == facts
    assert averages(data, devices, tmp_path) == expected(range(3))


@pytest.mark.behaviour("ingest-killed")
@pytest.mark.soak
def test_a_killed_job_loses_no_event_of_the_hub(
    devices: Devices, data: ContainerClient, tmp_path: Path
) -> None:
    """Killed while it writes, it reads again what its state does not have: no minute is missing or wrong."""
    data.upload_blob("packs.csv", NAMES.encode())
    connection = devices.emulator.connection_string(HUB)
    devices.send(range(30))
    for share in (10, 40):
        with a_job(tmp_path, data, connection) as job:
            until(lambda: len(averages(data, devices, tmp_path)) > share)  # noqa: B023 - waited for at once
            job.kill()
    devices.send(range(30, 31))
    with a_job(tmp_path, data, connection) as job:
        until(lambda: len(averages(data, devices, tmp_path)) >= len(expected(range(30))))
        facts, _ = stopped(job)
    assert averages(data, devices, tmp_path) == expected(range(30))
    assert facts["unaccounted"] == 0


def test_a_hub_that_refuses_ends_the_job(devices: Devices, data: ContainerClient, tmp_path: Path) -> None:
    """A wrong key is said in the service's words, and not tried for ever."""
    data.upload_blob("packs.csv", NAMES.encode())
    connection = devices.emulator.connection_string(HUB)
    key = connection.partition("SharedAccessKey=")[2].partition(";")[0]
    with a_job(tmp_path, data, connection.replace(key, "d3Jvbmc=")) as job:
        _, said = job.communicate()
    assert job.returncode == 1
    assert "the event hub cannot be read" in said


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        pytest.param({}, f"set {CONNECTION_VARIABLE}, or {HOST_VARIABLE} and {NAME_VARIABLE}", id="nothing"),
        pytest.param(
            {CONNECTION_VARIABLE: "Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=b"},
            NAME_VARIABLE,
            id="no-hub",
        ),
        pytest.param({HOST_VARIABLE: "x.servicebus.windows.net"}, NAME_VARIABLE, id="no-name"),
    ],
)
def test_a_hub_without_a_name_is_one_sentence(environ: dict[str, str], sentence: str) -> None:
    """It names the variable to set."""
    with pytest.raises(ValueError, match=sentence):
        consumer_of(environ, "$Default")


class BrokenClient:
    """A client whose receiving ends in an error, as the SDK's may for causes that no hub here has."""

    def get_partition_ids(self) -> list[str]:
        """List the partitions."""
        return ["0"]

    def get_partition_properties(self, _partition: str) -> dict[str, object]:
        """Tell of no event."""
        return {"beginning_sequence_number": 0}

    def receive_batch(self, on_event_batch: Callable[..., None], **_options: object) -> None:
        """Receive nothing twice, and fail."""
        for _ in range(2):
            on_event_batch(SimpleNamespace(partition_id="0"), [])
        raise RuntimeError("the handler is gone")

    def close(self) -> None:
        """Do nothing."""


def test_an_error_is_told_after_what_was_received_before_it() -> None:
    """Batches that wait are still taken, and the job does not end as if it had been stopped."""
    source = HubSource(cast("EventHubConsumerClient", BrokenClient()))
    batches = source.batches({})
    assert [next(batches).idle for _ in range(2)] == [frozenset({"0"})] * 2
    with pytest.raises(JobFailed, match="the handler is gone"):
        next(batches)


class DisorderlyClient(BrokenClient):
    """A client that delivers an event behind later ones, as the SDK's was seen to."""

    def receive_batch(self, on_event_batch: Callable[..., None], **_options: object) -> None:
        """Receive three batches, the second of which has what the first lacks."""
        for numbers in ((0, 2, 3), (4, 1, 5), (7,), ()):
            events = [received(number) for number in numbers]
            on_event_batch(SimpleNamespace(partition_id="0"), events)
        raise RuntimeError("the end")


def received(number: int) -> SimpleNamespace:
    """Return an event as the SDK hands it over."""
    return SimpleNamespace(
        body_type=AmqpMessageBodyType.DATA,
        body=[b"{}"],
        sequence_number=number,
        offset=str(number),
        enqueued_time=datetime(2026, 3, 4, 10, tzinfo=UTC),
    )


def test_an_event_that_is_delivered_behind_later_ones_is_taken_before_them() -> None:
    """Else it would pass for a repeated one. For what never comes it waits until the hub is silent."""
    source = HubSource(cast("EventHubConsumerClient", DisorderlyClient()))
    batches = source.batches({})
    taken = [[event.sequence for event in next(batches).events] for _ in range(4)]
    assert taken == [[0], [1, 2, 3, 4, 5], [], [7]]
    with pytest.raises(JobFailed, match="the end"):
        next(batches)


class SilentClient(BrokenClient):
    """A client whose partition is silent while the hub has another event, as in an outage."""

    def __init__(self) -> None:
        self.asked, self.closed = threading.Event(), threading.Event()
        self._is_silent = False

    def close(self) -> None:
        """Let receiving end."""
        self.closed.set()

    def get_partition_properties(self, partition: str) -> dict[str, object]:
        """Tell of the event; what the job asks before it listens is not asked for the end."""
        if self._is_silent:
            self.asked.set()
        arrived = datetime(2026, 3, 4, 10, tzinfo=UTC)
        return {
            "id": partition,
            "is_empty": False,
            "beginning_sequence_number": 0,
            "last_enqueued_sequence_number": 0,
            "last_enqueued_time_utc": arrived,
        }

    def receive_batch(self, on_event_batch: Callable[..., None], **_options: object) -> None:
        """Be silent until the end is asked for; then give the event, and be silent."""
        partition = SimpleNamespace(partition_id="0")
        self._is_silent = True
        on_event_batch(partition, [])
        self.asked.wait()
        facts = {"sequence_number": 0, "offset": "0", "enqueued_time": datetime(2026, 3, 4, 10, tzinfo=UTC)}
        event = SimpleNamespace(body_type=AmqpMessageBodyType.DATA, body=[b"{}"], **facts)
        on_event_batch(partition, [event])
        on_event_batch(partition, [])
        self.closed.wait()


def test_silence_is_not_the_end() -> None:
    """A partition that is silent may have events all the same: the hub is asked, and they are waited for."""
    source = HubSource(cast("EventHubConsumerClient", SilentClient()), ends=True)
    assert [len(batch.events) for batch in source.batches({})] == [0, 1, 0]
