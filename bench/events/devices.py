"""Measures events per second of a simulated fleet: ``python -m bench.events.devices``.

What is measured is a whole start of ``python -m ingest simulate --event-hub`` in this process, simulation and
connecting included, into the local Event Hubs and into one that keeps nothing. The two emulators of
``bench.events.hubs`` take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.events.hubs import HUB, emulator
from bench.harness.command import run_benchmark
from ingest.devices.disturbances import Disturbances
from ingest.devices.fleet_source import FleetSource
from ingest.devices.job import Job, run_job
from ingest.devices.state import SendingState, StateFile
from ingest.event_hub import CONNECTION_VARIABLE, NAME_VARIABLE, address_of
from ingest.simulator import Fleet

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).parents[1] / "results" / "devices.json"
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_FLEETS = {15: (Fleet(devices=3, tags=5), 24), 1000: (Fleet(devices=200, tags=5), 1)}
"""By number of sensors: a fleet, and how many of its hours are a turn."""


def rate(connection_string: str, sensors: int, *, keep_arrival: bool) -> float:
    """Send a fleet's hours as fast as possible; return events per second."""
    fleet, hours = _FLEETS[sensors]
    source, nothing = FleetSource(fleet, _BEGIN, hours), Disturbances()
    state = SendingState(begun=_BEGIN)
    job = Job(
        address_of({CONNECTION_VARIABLE: connection_string, NAME_VARIABLE: HUB}),
        source.readings(_BEGIN),
        lambda measured: nothing.dispatches(measured, _BEGIN),
        StateFile(None, {}),
        state,
        speed=None,
        is_live=False,
        keep_arrival=keep_arrival,
        progress=lambda: (state.account.readings, source.total),
    )
    began = time.perf_counter()
    account, error = asyncio.run(run_job(job))
    if error:
        raise error
    return float(account["acknowledged"] / (time.perf_counter() - began))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write the figures, and print them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--turns", type=int, default=3, help="turns of each (default 3)")
    parser.add_argument("--keep-arrival", action="store_true", help="chunks of a simulated minute")
    options = parser.parse_args(arguments)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with emulator(data / "kept") as (kept, _), emulator(data / "sink", "--keep-nothing") as (sink, _):
            for sensors in _FLEETS:
                rates: dict[str, list[float]] = {"kept": [], "sink": []}
                for _ in range(options.turns):
                    for name, connection in (("kept", kept), ("sink", sink)):
                        rates[name].append(rate(connection, sensors, keep_arrival=options.keep_arrival))
                medians = {name: round(statistics.median(each)) for name, each in rates.items()}
                turns = {name: [round(one) for one in each] for name, each in rates.items()}
                found.append({"sensors": sensors, "events_per_second": medians, "turns": turns})
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    run_benchmark(main)
