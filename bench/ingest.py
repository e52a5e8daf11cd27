"""Sends events the whole way while its parts are killed, and looks for each of them at the other end.

``python -m bench.ingest --devices 200 --tags 5 --hours 3`` runs devices, event hub and Stream Analytics job
as processes of their own, on Azurite. In the middle, each of them is killed with SIGKILL and started again.
Then the hub is read by another client, and the files of readings are compared with its events.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

from ingest.event_hub import consumer_of
from ingest.simulator import READINGS_PER_HOUR, Fleet
from ingest.stream_analytics.counts import ACCOUNT_FILE
from local_stack.event_chain import EventAccount
from local_stack.kept_hours import READINGS_FOLDER
from local_stack.live_ingest import DISTURBANCES, environ_of, ingest_command
from local_stack.services.azurite import running_azurite
from local_stack.services.event_hub import running_event_hub
from local_stack.services.ports import free_port
from local_stack.services.processes import StackError, started
from scoring_contract.layout import Container
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from azure.eventhub import EventData, PartitionContext

    from local_stack.services.azurite import BlobStorage
    from local_stack.services.processes import Server

RESULTS = Path(__file__).parent / "results" / "ingest.json"
_UNTIL = "2026-01-05T12"
_MINUTE = len("2026-01-05T12:00")
_TOLERANCE = timedelta(seconds=30)
"""The job's out-of-order tolerance."""
Key = tuple[str, str, str]
"""Device, tag and minute."""
_KILLS = (("Event Hubs", 0.25), ("ingest stream", 0.5), ("ingest simulate", 0.75))
"""Which part is killed once which share of the events is acknowledged."""


@dataclass(slots=True)
class Minute:
    """Values of a sensor's minute that the hub has."""

    lowest: float = float("inf")
    highest: float = float("-inf")

    def add(self, value: float) -> None:
        """Take a value in."""
        self.lowest, self.highest = min(self.lowest, value), max(self.highest, value)

    def spans(self, value: float) -> bool:
        """Whether a value can be their average, but for rounding."""
        margin = 1e-9 * max(abs(self.lowest), abs(self.highest))
        return self.lowest - margin <= value <= self.highest + margin


@dataclass(frozen=True, slots=True)
class Way:
    """The figures of one fleet's way.

    :param per_pack: sensors that share files; 0: none do
    :param acknowledged: events that the devices were told the hub has
    :param in_hub: different events in the hub; at least those
    :param again: events that are in the hub a second time, after a kill
    :param averaged: events in the readings that were written
    :param open: events of minutes that are not over
    :param dropped: events that the policies dropped, by reason
    :param minutes: different averages in the files
    :param written_again: averages that are there twice, after a kill
    :param missing: minutes that are over, and have no average
    :param wrong: averages outside their minute's values
    :param unaccounted: events that are none of these
    """

    sensors: int
    per_pack: int
    hours: int
    seconds: float
    acknowledged: int
    in_hub: int
    again: int
    averaged: int
    open: int
    dropped: dict[str, int]
    minutes: int
    written_again: int
    missing: int
    wrong: int
    unaccounted: int
    killed: list[str]
    memory_mb: dict[str, list[float]]
    """Peak of each part in each third of the time."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was lost, and nothing is wrong."""
        lost = max(self.acknowledged - self.in_hub, 0)
        return not (lost or self.missing or self.wrong or self.unaccounted)


@dataclass(slots=True)
class Audit:
    """What another client finds in the hub."""

    events: int = 0
    ids: set[str] = field(default_factory=set)
    minutes: dict[Key, Minute] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    """Latest moment of each device."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Audit:
        """Receive every event of the hub."""
        found, lock = cls(), threading.Lock()
        with consumer_of(environ, "$Default") as client:
            ends = [client.get_partition_properties(name) for name in client.get_partition_ids()]
            waited = {str(end["id"]): threading.Event() for end in ends if not end["is_empty"]}
            last = {str(end["id"]): int(end["last_enqueued_sequence_number"]) for end in ends}

            def take(partition: PartitionContext, events: list[EventData]) -> None:
                with lock:
                    for event in events:
                        found.add(event)
                if events and (events[-1].sequence_number or 0) >= last[partition.partition_id]:
                    waited[partition.partition_id].set()

            receivers = [
                threading.Thread(
                    target=client.receive_batch,
                    args=(take,),
                    kwargs={"partition_id": name, "starting_position": "-1", "prefetch": 3000},
                )
                for name in waited
            ]
            for receiver in receivers:
                receiver.start()
            for end in waited.values():
                end.wait()
        for receiver in receivers:
            receiver.join()
        return found

    def add(self, event: EventData) -> None:
        """Take an event in."""
        body = json.loads(event.body_as_str())
        device, moment = body["Device"], body["TS"]
        self.events += 1
        self.ids.add(str(event.message_id))
        self.minutes.setdefault((device, body["Tag"], moment[:_MINUTE]), Minute()).add(float(body["Value"]))
        self.last[device] = max(self.last.get(device, ""), moment)

    def closed(self) -> Iterator[Key]:
        """Yield the minutes that are over: the device's latest event is beyond the tolerance."""
        limits = {
            device: datetime.fromisoformat(moment) - _TOLERANCE - timedelta(minutes=1)
            for device, moment in self.last.items()
        }
        for key in self.minutes:
            if datetime.fromisoformat(f"{key[2]}:00+00:00") < limits[key[0]]:
                yield key


def averages(storage: BlobStorage) -> tuple[dict[Key, set[float]], int]:
    """Read the files of readings.

    :return: the different averages of each minute, and the number of rows
    """
    found: dict[Key, set[float]] = {}
    count = 0
    with storage.container(Container.DATA) as data:
        for name in data.list_blob_names(name_starts_with=READINGS_FOLDER):
            text = data.download_blob(name).readall().decode()
            for row in csv.DictReader(io.StringIO(text)):
                key = row["Device"], row["Tag"], row["TS"][:_MINUTE]
                found.setdefault(key, set()).add(float(row["Value"]))
                count += 1
    return found, count


def travel(folder: Path, fleet: Fleet, *, hours: int, per_pack: int) -> Way:
    """Send a fleet's events, kill each part once, and compare both ends."""
    state, job = folder / "devices.json", folder / "job"
    size = ("--devices", str(fleet.devices), "--tags", str(fleet.tags))
    sending = (*size, "--hours", str(hours), "--until", _UNTIL, "--keep-arrival", "--state", str(state))
    reading = ("--clock", "events", "--state", str(job))
    sensors = fleet.devices * fleet.tags
    with (
        running_azurite(folder / "blobs", log=folder / "azurite.log") as storage,
        running_event_hub(folder / "hub", log=folder / "hub.log", port=free_port(), is_replay=True) as hub,
    ):
        write_packs(storage, fleet, per_pack)
        environ = environ_of(hub, storage)
        began = time.monotonic()
        with Memory() as memory:
            with (
                ingest_command("stream", environ, folder, *reading),
                ingest_command("simulate", environ, folder, *sending, *DISTURBANCES) as devices,
            ):
                expected = sensors * READINGS_PER_HOUR * hours
                killed = kill_in_turn(lambda: _acknowledged(state) / expected, devices)
            with ingest_command("stream", environ, folder, *reading, "--until-end") as rest:
                rest.process.wait()
        seconds = time.monotonic() - began
        return compare(
            Audit.of(environ),
            averages(storage),
            json.loads((job / ACCOUNT_FILE).read_text()),
            sensors=sensors,
            per_pack=per_pack,
            hours=hours,
            seconds=round(seconds, 1),
            acknowledged=_acknowledged(state),
            killed=killed,
            memory_mb=memory.thirds(),
        )


def write_packs(storage: BlobStorage, fleet: Fleet, per_pack: int) -> None:
    """Write the job's reference data."""
    lines = ["device,tag,pack,sensor"]
    for number in range(fleet.devices * fleet.tags if per_pack else 0):
        device, tag = str(number // fleet.tags + 1), str(number % fleet.tags + 1)
        lines.append(f"{device},{tag},pack{number // per_pack},{sensor_id_of(device, tag)}")
    with storage.container(Container.MODELS) as models:
        models.upload_blob("packs.csv", "\n".join((*lines, "")).encode())


class Memory:
    """Samples the memory of the parts while a block runs."""

    def __init__(self) -> None:
        self._samples: dict[str, list[tuple[float, float]]] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def thirds(self) -> dict[str, list[float]]:
        """Return each part's peak in each third of the time, in MB."""
        moments = [moment for samples in self._samples.values() for moment, _ in samples]
        begin, third = min(moments), (max(moments) - min(moments)) / 3
        peaks = {name: [0.0, 0.0, 0.0] for name in self._samples}
        for name, samples in self._samples.items():
            for moment, size in samples:
                index = min(int((moment - begin) / third), 2)
                peaks[name][index] = max(peaks[name][index], size)
        return peaks

    def _look(self) -> None:
        while not self._done.wait(0.5):
            for server in started():
                with suppress(psutil.NoSuchProcess):
                    size = round(psutil.Process(server.process.pid).memory_info().rss / 1e6, 1)
                    self._samples.setdefault(server.name, []).append((time.monotonic(), size))


def kill_in_turn(share: Callable[[], float], sending: Server) -> list[str]:
    """Kill each part once, at its share, and start it again; wait until the devices have ended.

    :param share: tells which share of the events is acknowledged
    :return: names of the parts that were killed
    :raises StackError: if the devices fail
    """
    killed: list[str] = []
    for name, due in _KILLS:
        while share() < due and sending.process.poll() is None:
            time.sleep(0.1)
        if sending.process.poll() is None:
            part = next(server for server in started() if server.name == name)
            part.process.kill()
            part.process.wait()
            part.start_again()
            killed.append(name)
    if code := sending.process.wait():
        raise StackError(f"the devices ended with code {code}:\n{sending.tail()}")
    return killed


def compare(audit: Audit, files: tuple[dict[Key, set[float]], int], job: dict[str, Any], **facts: Any) -> Way:
    """Compare what the hub has with what was written."""
    found, rows = files
    account = EventAccount.of({"acknowledged": audit.events, "twice": 0}, job)
    return Way(
        in_hub=len(audit.ids),
        again=audit.events - len(audit.ids),
        averaged=account.averaged,
        open=account.open,
        dropped={reason: count for reason, count in account.dropped.items() if count},
        minutes=len(found),
        written_again=rows - len(found),
        missing=sum(key not in found for key in audit.closed()),
        wrong=sum(not audit.minutes[key].spans(value) for key, values in found.items() for value in values),
        unaccounted=account.lost,
        **facts,
    )


def _acknowledged(state: Path) -> int:
    try:
        return int(json.loads(state.read_text())["account"]["acknowledged"])
    except FileNotFoundError:
        return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the figures, and print them.

    :return: 0 if nothing was lost, and nothing is wrong
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=3)
    parser.add_argument("--tags", type=int, default=5)
    parser.add_argument("--hours", type=int, default=3)
    parser.add_argument("--per-pack", type=int, default=0, help="sensors that share files; 0: none do")
    order = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        fleet = Fleet(devices=order.devices, tags=order.tags)
        way = travel(Path(folder), fleet, hours=order.hours, per_pack=order.per_pack)
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    ways = {(one["sensors"], one["per_pack"]): one for one in [*known, asdict(way)]}
    RESULTS.write_text(json.dumps([ways[fleet] for fleet in sorted(ways)], indent=2) + "\n")
    print(json.dumps(asdict(way), indent=2))
    return 0 if way.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
