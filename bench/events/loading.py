"""Measures the loader on a long file: ``python -m bench.events.loading --rows 10000000``.

The file is as a plant's historian exports it: every sensor once a second, local time, semicolons and decimal
commas. ``python -m ingest load`` writes it to Azurite, where all rows are counted again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench.harness.command import run_benchmark
from bench.harness.memory import Memory
from ingest.containers import URL_VARIABLE
from local_stack.services.azurite import running_azurite
from local_stack.services.processes import Server, StackError
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_stack.services.azurite import BlobStorage

RESULTS = Path(__file__).parents[1] / "results" / "loading.json"
_BEGIN = datetime(2026, 1, 5, 9)  # noqa: DTZ001  the file has local times
_TAGS = 5
_VALID = timedelta(days=1)
_UNREADABLE_EVERY = 9_973
"""A prime, so that unreadable rows are of all sensors."""
_FORM = (
    *("--columns", "TS=Zeit,Device=Maschine,Tag=Signal,Value=Wert"),
    *("--timezone", "Europe/Berlin"),
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the loader did.

    :param refused: rows in the file of rejects
    :param in_blobs: rows that the blobs have
    :param cpu: seconds of CPU of the loader
    :param memory_mb: its peak in each third of the time
    """

    rows: int
    sensors: int
    file_mb: int
    refused: int
    in_blobs: int
    blobs: int
    seconds: float
    cpu: float
    memory_mb: list[float]

    @property
    def is_whole(self) -> bool:
        """Whether each row is in a blob or among the rejects."""
        return self.in_blobs + self.refused == self.rows


def write_rows(file: Path, rows: int, sensors: int) -> None:
    """Write the file; one row in some thousands has no number."""
    with file.open("w", encoding="utf-8") as lines:
        lines.write("Zeit;Maschine;Signal;Wert\n")
        for second in range(rows // sensors):
            moment = f"{_BEGIN + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}"
            for sensor in range(sensors):
                number = second * sensors + sensor
                value = f"2{number % 7},{number % 100:02}" if number % _UNREADABLE_EVERY else "defekt"
                lines.write(f"{moment};{sensor // _TAGS + 1};{sensor % _TAGS + 1};{value}\n")


def load(file: Path, storage: BlobStorage, rejects: Path) -> tuple[float, float, list[float]]:
    """Load the file; return seconds, seconds of CPU, and peaks of memory in MB.

    :raises StackError: if the loader fails
    """
    command = [sys.executable, "-m", "ingest", "load", str(file), "--rejects", str(rejects), *_FORM]
    began, used = time.monotonic(), _cpu_of_ended()
    environ = {**os.environ, URL_VARIABLE: storage.signed_url(Container.DATA, "rcwdl", valid=_VALID)}
    with (
        Memory() as memory,
        Server("ingest load", command, log=file.with_name("load.log"), environ=environ) as loader,
    ):
        if code := loader.process.wait():
            raise StackError(f"the loader ended with code {code}:\n{loader.tail()}")
        seconds = time.monotonic() - began
    return seconds, _cpu_of_ended() - used, memory.thirds()["ingest load"]


def rows_in(storage: BlobStorage) -> tuple[int, int]:
    """Count the rows of all readings, and their blobs."""
    rows = blobs = 0
    with storage.container(Container.DATA) as data:
        for blob in data.list_blobs():
            if blob.name.endswith(".csv"):
                rows += data.download_blob(blob.name).readall().count(b"\n") - 1
                blobs += 1
    return rows, blobs


def _cpu_of_ended() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the figures, and print them.

    :return: 0 if no row was lost
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--sensors", type=int, default=1000)
    order = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="loading-") as name:
        folder = Path(name)
        file, rejects = folder / "export.csv", folder / "rejects.csv"
        write_rows(file, order.rows, order.sensors)
        with running_azurite(folder / "blobs", log=folder / "azurite.log") as storage:
            seconds, cpu, memory = load(file, storage, rejects)
            in_blobs, blobs = rows_in(storage)
        loaded = Loaded(
            rows=order.rows // order.sensors * order.sensors,
            sensors=order.sensors,
            file_mb=round(file.stat().st_size / 1e6),
            refused=rejects.read_text().count("\n") - 1,
            in_blobs=in_blobs,
            blobs=blobs,
            seconds=round(seconds, 1),
            cpu=round(cpu, 1),
            memory_mb=memory,
        )
    RESULTS.write_text(json.dumps(asdict(loaded), indent=2) + "\n")
    print(json.dumps(asdict(loaded), indent=2))
    return 0 if loaded.is_whole else 1


if __name__ == "__main__":
    run_benchmark(main)
