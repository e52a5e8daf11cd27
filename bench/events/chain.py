"""Sends events the whole way while its parts are killed, and looks for each of them at the other end.

``python -m bench.events.chain --devices 200 --tags 5 --hours 3`` runs devices, event hub and Stream
Analytics job as processes of their own, on Azurite. In the middle, each of them is killed with SIGKILL and
started again. Then the hub is read by another client, and the files of readings are compared with its
events.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.harness.audit import Audit, Key, averages
from bench.harness.command import run_benchmark
from bench.harness.memory import Memory
from ingest.simulator import READINGS_PER_HOUR, Fleet
from ingest.stream_analytics.counts import ACCOUNT_FILE
from local_stack.fleet.event_chain import EventAccount
from local_stack.fleet.live_ingest import DISTURBANCES, environ_of, ingest_command
from local_stack.services.azurite import running_azurite
from local_stack.services.event_hub import running_event_hub
from local_stack.services.ports import free_port
from local_stack.services.processes import StackError, started
from scoring_contract.layout import Container
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local_stack.services.azurite import BlobStorage
    from local_stack.services.processes import Server

RESULTS = Path(__file__).parents[1] / "results" / "ingest.json"
_UNTIL = "2026-01-05T12"
_KILLS = (("Event Hubs", 0.25), ("ingest stream", 0.5), ("ingest simulate", 0.75))
"""Which part is killed once which share of the events is acknowledged."""


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
    :param wrong: averages that are not those of all events of their minute, beyond the dropped events
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
    differing = sum(
        not audit.minutes[key].has_mean(value) for key, values in found.items() for value in values
    )
    return Way(
        in_hub=len(audit.ids),
        again=audit.events - len(audit.ids),
        averaged=account.averaged,
        open=account.open,
        dropped={reason: count for reason, count in account.dropped.items() if count},
        minutes=len(found),
        written_again=rows - len(found),
        missing=sum(key not in found for key in audit.closed()),
        wrong=max(differing - sum(account.dropped.values()), 0),
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
    run_benchmark(main)
