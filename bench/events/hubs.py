"""Measures events per second into the local Event Hubs, and into nothing: ``python -m bench.events.hubs``.

The client is the real one, in this process; the emulator is a process of its own, once with its store and
once with ``--keep-nothing``, which acknowledges and forgets. Both are there all the time and take turns, so
that a busy moment of the machine hits both.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from azure.eventhub import EventData, EventHubProducerClient

from bench.harness.command import run_benchmark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROOT = Path(__file__).parents[2]
HUB = "sensors"


@contextmanager
def emulator(data: Path, *options: str) -> Iterator[tuple[str, psutil.Process]]:
    """Run an emulator; give its connection string and its process."""
    command = [sys.executable, "-m", "azure_event_hubs_emulator", "--data", str(data), "--hub", f"{HUB}:4"]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT / "event_hubs_emulator")}
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, env=environment) as process:
        try:
            line = process.stdout.readline() if process.stdout else b""
            yield json.loads(line)["connectionString"], psutil.Process(process.pid)
        finally:
            process.terminate()


@dataclass
class Way:
    """A client, the emulator that it sends to, and what was measured on the way."""

    producer: EventHubProducerClient
    process: psutil.Process
    rates: list[float] = field(default_factory=list)
    """Events per second of each turn."""
    microseconds: list[float] = field(default_factory=list)
    """The emulator's processor time per event of each turn, which a busy machine hardly changes."""

    def take_turn(self, *, batches: int, body: str) -> None:
        """Send full batches, and note what it took."""
        began, worked, count = time.perf_counter(), self._worked(), 0
        for _ in range(batches):
            count += self.send_full_batch(body)
        self.rates.append(count / (time.perf_counter() - began))
        self.microseconds.append(1e6 * (self._worked() - worked) / count)

    def send_full_batch(self, body: str) -> int:
        """Send as many events as fit; return their number."""
        batch = self.producer.create_batch()
        try:
            while True:
                batch.add(EventData(body))
        except ValueError:  # it is full
            self.producer.send_batch(batch)
        return len(batch)

    def report(self) -> dict[str, object]:
        """Give medians, and the turns that they are of."""
        return {
            "eventsPerSecond": round(statistics.median(self.rates)),
            "emulatorMicrosecondsPerEvent": round(statistics.median(self.microseconds), 1),
            "turns": [round(rate) for rate in self.rates],
        }

    def _worked(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def way(data: Path, *options: str) -> Iterator[Way]:
    """Start an emulator and connect to it."""
    with emulator(data, *options) as (connection_string, process):
        producer = EventHubProducerClient.from_connection_string(connection_string, eventhub_name=HUB)
        with producer:
            yield Way(producer, process)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a line of JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--turns", type=int, default=5, help="turns of each (default 5)")
    parser.add_argument("--batches", type=int, default=2, help="batches of a turn, of 1 MB each (default 2)")
    parser.add_argument("--bytes", type=int, default=100, help="size of an event's body (default 100)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with way(data / "kept") as kept, way(data / "sink", "--keep-nothing") as sink:
            for side in (kept, sink):
                side.send_full_batch("warm")
            for _ in range(options.turns):
                for side in (kept, sink):
                    side.take_turn(batches=options.batches, body="x" * options.bytes)
    ratio = statistics.median(kept.rates) / statistics.median(sink.rates)
    report = {"kept": kept.report(), "sink": sink.report(), "ratio": round(ratio, 3)}
    print(json.dumps({**report, "bodyBytes": options.bytes}))


if __name__ == "__main__":
    run_benchmark(main)
