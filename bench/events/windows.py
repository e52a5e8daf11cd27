"""Measures the Stream Analytics job alone: ``python -m bench.events.windows --sensors 5000 --minutes 60``.

The job of the repository averages events that a generator makes beside it in the same process: a reading a
second of each sensor, in batches as the Event Hubs client hands them over. Rows go to Azurite. It is what the
job could do if receiving cost nothing.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.events.chain import write_packs
from bench.harness.command import run_benchmark
from ingest.simulator import Fleet
from ingest.stream_analytics.assembly import assemble
from ingest.stream_analytics.command import JOB, QUERY
from ingest.stream_analytics.events.event_source import Batch, Event
from ingest.stream_analytics.ticks import text_of, ticks_of
from local_stack.services.azurite import running_azurite
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from azure.storage.blob import ContainerClient

    from ingest.stream_analytics.events.event_source import Position
    from ingest.stream_analytics.runner import Runner
    from local_stack.services.azurite import BlobStorage

RESULTS = Path(__file__).parents[1] / "results" / "windows.json"
_BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
_TAGS = 5
_PER_PACK = 50
_PARTITIONS = 4
_BATCH = 300
"""Events that the Event Hubs client hands over at once."""


@dataclass(slots=True)
class Seconds:
    """Readings of a fleet, second by second; a device keeps to its partition.

    :param seconds: how many of them
    """

    fleet: Fleet
    seconds: int
    resident: list[float] = field(default_factory=list)
    """Memory of the process after each second, in MB."""

    @property
    def partitions(self) -> Sequence[str]:
        """Return the ids of the partitions."""
        return tuple(map(str, range(_PARTITIONS)))

    def batches(self, _after: Mapping[str, Position]) -> Iterator[Batch]:
        """Yield all events, from the first on: the job is new."""
        process = psutil.Process()
        ends = [
            (str(device % _PARTITIONS), f'","Device":"{device + 1}","Tag":"{tag + 1}","Value":')
            for device in range(self.fleet.devices)
            for tag in range(self.fleet.tags)
        ]
        for second in range(self.seconds):
            ticks = ticks_of(_BEGIN + timedelta(seconds=second))
            begin = f'{{"TS":"{text_of(ticks)}'
            events = [
                Event(
                    partition,
                    second * len(ends) + number,
                    "",
                    ticks,
                    f"{begin}{names}{20 + (second + number) % 7}}}".encode(),
                )
                for number, (partition, names) in enumerate(ends)
            ]
            for first in range(0, len(events), _BATCH):
                yield Batch(events[first : first + _BATCH])
            self.resident.append(process.memory_info().rss / 1e6)

    def thirds(self) -> list[int]:
        """Return the peak of the memory in each third of the time, in MB."""
        third = -(-len(self.resident) // 3)
        return [round(max(self.resident[first : first + third])) for first in range(0, 3 * third, third)]


@dataclass(frozen=True, slots=True)
class Measured:
    """What the job did.

    :param cpu: seconds of CPU of the process, the generator's included
    :param generator: seconds of CPU that making the same events takes alone
    """

    sensors: int
    minutes: int
    events: int
    windows: int
    unaccounted: int
    seconds: float
    cpu: float
    generator: float
    memory_mb: list[int]


def measure(storage: BlobStorage, folder: Path, fleet: Fleet, minutes: int) -> Measured:
    """Run the job on some minutes of a fleet."""
    source = Seconds(fleet, minutes * 60)
    with (
        storage.container(Container.DATA) as data,
        storage.container(Container.MODELS) as models,
        closing(_job(source, {"data": data, "models": models}, folder / "state.sqlite3")) as job,
    ):
        began, worked = time.perf_counter(), time.process_time()
        job.run(source)
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        account = job.account
    begun = time.process_time()
    for _ in Seconds(fleet, minutes * 60).batches({}):
        pass
    return Measured(
        sensors=fleet.devices * fleet.tags,
        minutes=minutes,
        events=account["read"],
        windows=sum(account["rows_written"].values()),
        unaccounted=account["unaccounted"],
        seconds=round(seconds, 1),
        cpu=round(cpu, 1),
        generator=round(time.process_time() - begun, 1),
        memory_mb=source.thirds(),
    )


def _job(source: Seconds, containers: Mapping[str, ContainerClient], state: Path) -> Runner:
    return assemble(
        QUERY.read_text(), JOB.read_text(), partitions=source.partitions, containers=containers, state=state
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write the figures, and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=5000, help=f"a multiple of {_TAGS} (default 5,000)")
    parser.add_argument("--minutes", type=int, default=60)
    order = parser.parse_args(arguments)
    fleet = Fleet(devices=order.sensors // _TAGS, tags=_TAGS)
    with tempfile.TemporaryDirectory(prefix="windows-") as name:
        folder = Path(name)
        with running_azurite(folder / "blobs", log=folder / "azurite.log") as storage:
            write_packs(storage, fleet, _PER_PACK)
            measured = measure(storage, folder, fleet, order.minutes)
    RESULTS.write_text(json.dumps(asdict(measured), indent=2) + "\n")
    print(json.dumps(asdict(measured), indent=2))


if __name__ == "__main__":
    run_benchmark(main)
