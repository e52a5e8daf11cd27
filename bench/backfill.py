"""Backfills a day of real readings while live hours run: ``python -m bench.backfill --readings FILE.csv``.

The file's hours are repeated until they fill the last day. Two hours of the day are damaged, and a manual run
hides a third; the benchmark finds them, repairs them with the printed commands, and checks again. Meanwhile
live hours fall due, and their scheduling delay is compared with an idle Airflow. Exit code 1 if any check
fails.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from bench.harness.command import run_benchmark
from ingest.files.readings_csv import read_readings
from ingest.loader import lay_out
from local_stack.airflow.cluster import running_cluster
from local_stack.hour import DAG_ID
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container, prediction_blob, readings_prefix
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ingest.reading import Reading
    from local_stack.airflow.client import AirflowClient
    from local_stack.airflow.cluster import Cluster
    from local_stack.stack import Stack

RESULTS = Path(__file__).parent / "results" / "backfill.json"
DIGEST_DAG = "missing_hours"
HOURS, TRAINED = 24, 4
_DAMAGED, _DELETED, _HIDDEN = 5, 11, 17
"""Hours of the day with a fault, by kind of fault."""
_LIVE_RUNS = 5
_SENSORS_PER_TASK = 5
"""Packing saves time: a task instance takes seconds on a laptop, and a day has many."""
_LONGEST_SECONDS = 3600.0
_MOST_RATIO = 2.0


@dataclass(frozen=True, slots=True)
class LiveHours:
    """Delays of some live hours."""

    runs: int
    start_p95_seconds: float
    """Scheduling delay: due time to the start of the first task instance."""
    wait_p95_seconds: float
    """Due time of a task instance to its start, over all instances of all hours."""
    run_median_seconds: float
    """Due time to the verdict."""

    @classmethod
    def of(cls, runs: Iterable[LiveHour]) -> LiveHours:
        """Summarize some hours."""
        found = list(runs)
        return cls(
            runs=len(found),
            start_p95_seconds=p95(hour.start_seconds for hour in found),
            wait_p95_seconds=p95(wait for hour in found for wait in hour.wait_seconds),
            run_median_seconds=round(median(hour.run_seconds for hour in found), 1),
        )


@dataclass(frozen=True, slots=True)
class LiveHour:
    """Delays of one live hour."""

    start_seconds: float
    wait_seconds: tuple[float, ...]
    """Delay of each task instance."""
    run_seconds: float


@dataclass(frozen=True, slots=True)
class Caught:
    """The result of the backfill of a day."""

    hours: int
    sensors: int
    readings: int
    backfill_seconds: float
    reported: list[str]
    """Hours reported as incomplete after the backfill, numbered from the first of the day."""
    expected: list[str]
    commands: list[str]
    """First words of the printed commands that were run."""
    repair_seconds: float
    is_whole: bool
    """Whether the second check found all hours complete."""
    digests: list[str]
    """Subjects of all messages."""
    idle: LiveHours
    """Live hours while nothing else runs."""
    busy: LiveHours
    """Live hours that fall due during the backfill."""

    @property
    def faults(self) -> list[str]:
        """Return a sentence for each failed check."""
        checks = {
            f"reported {self.reported}, broken were {self.expected}": self.reported == self.expected,
            "the second look still found something": self.is_whole,
            f"messages: {self.digests}": len(self.digests) == len(_MESSAGES),
            f"a live hour starts after {self.busy.start_p95_seconds} s at p95 in mid-backfill": (
                self.busy.start_p95_seconds <= _MOST_RATIO * self.idle.start_p95_seconds
            ),
        }
        return [fault for fault, is_well in checks.items() if not is_well]


_MESSAGES = ("before the backfill", "when it has ended", "when its gaps are mended")
"""Moments at which exactly one message is expected."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user with a terminal and the web UI."""

    stack: Stack
    cluster: Cluster
    web: AirflowClient
    first: RunHour

    @property
    def environ(self) -> dict[str, str]:
        """Return the environment of Airflow's processes."""
        return {**self.cluster.airflow.environ(), "PYTHONPATH": os.pathsep.join(sys.path)}

    @property
    def until(self) -> RunHour:
        """First hour after the day."""
        return self.hour(HOURS)

    def hour(self, number: int) -> RunHour:
        """Return an hour of the day."""
        return RunHour(self.first.start + timedelta(hours=number))

    def missing(self) -> str:
        """Run the search for missing hours; return its output."""
        words = ["-m", "sensor_scoring.missing_hours", "--from", str(self.first), "--to", str(self.until)]
        done = subprocess.run(
            [sys.executable, *words], env=self.environ, stdout=subprocess.PIPE, text=True, check=False
        )
        return done.stdout

    def paste(self, printed: str) -> list[str]:
        """Run every printed command in a shell; return the commands."""
        commands = [line.strip() for line in printed.splitlines() if line.startswith("  airflow ")]
        for command in commands:
            subprocess.run(["/bin/sh", "-c", command], env=self.environ, check=True, capture_output=True)
        return commands

    def look(self) -> None:
        """Run the DAG that reports missing hours, and wait for it."""
        self.web.wait_for_run(DIGEST_DAG, self.web.trigger(DIGEST_DAG), seconds=_LONGEST_SECONDS)

    def digests(self) -> list[str]:
        """Return the subjects of all messages, oldest first."""
        runs = sorted(self.web.runs(DIGEST_DAG), key=lambda run: str(run["run_after"]))
        logs = (self.web.log(DIGEST_DAG, run["dag_run_id"], "look") for run in runs)
        lines = (line for log in logs for line in log.splitlines())
        return [line.partition("ALERT ")[2] for line in lines if "ALERT Sensor scoring: " in line]

    def live_hour(self) -> LiveHour:
        """Let a live hour fall due, and return its delays."""
        run = self.web.trigger(DAG_ID, hour=str(self.until))
        self.web.wait_for_run(DAG_ID, run, seconds=_LONGEST_SECONDS)
        facts = self.web.get(f"/dags/{DAG_ID}/dagRuns/{run}")
        found = self.web.get(f"/dags/{DAG_ID}/dagRuns/{run}/taskInstances", limit=100)["task_instances"]
        started = [entry for entry in found if entry["start_date"]]
        first = min(entry["start_date"] for entry in started)
        return LiveHour(
            start_seconds=seconds_between(facts["queued_at"], first),
            wait_seconds=tuple(
                seconds_between(entry["scheduled_when"], entry["start_date"]) for entry in started
            ),
            run_seconds=seconds_between(facts["queued_at"], facts["end_date"]),
        )

    def is_settled(self) -> bool:
        """Whether no run is active and no backfill is open."""
        backfills = self.web.get("/backfills", dag_id=DAG_ID)["backfills"]
        runs = self.web.runs(DAG_ID)
        return all(entry["completed_at"] for entry in backfills) and all(
            run["state"] in {"success", "failed"} for run in runs
        )


def main() -> int:
    """Backfill the day, print and save the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--readings", type=Path, required=True, help="CSV with the columns TS,Device,Tag,Value"
    )
    order = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backfill-") as folder, ExitStack() as parts:
        caught = caught_up(order.readings, Path(folder), parts)
    RESULTS.write_text(json.dumps(asdict(caught), indent=2) + "\n")
    print(json.dumps(asdict(caught), indent=2))
    for fault in caught.faults:
        print(f"FAULT: {fault}")
    return 1 if caught.faults else 0


def caught_up(file: Path, folder: Path, parts: ExitStack) -> Caught:
    """Run the whole benchmark on a separate stack."""
    stack = parts.enter_context(running_stack(Workspace(folder, folder / "results")))
    live = RunHour.containing(datetime.now(UTC)).previous
    first = RunHour(live.start - timedelta(hours=HOURS))
    trained = RunHour(first.start - timedelta(hours=TRAINED))
    laid = lay_out(
        repeated(file, trained, HOURS + TRAINED + 1), stack.storage.container(Container.DATA), source="day"
    )
    print(f"{laid.readings:,} readings of {len(laid.sensors)} sensors loaded", flush=True)
    print(stack.train(trained, first), flush=True)
    settings = {
        "SENSOR_SCORING_MISSING_SCHEDULE": "never",
        "SENSOR_SCORING_MISSING_LOOKBACK_HOURS": str(HOURS + 1),
        "SENSOR_SCORING_LATENESS_MINUTES": "0",
        "SENSOR_SCORING_SENSORS_PER_TASK": str(_SENSORS_PER_TASK),
    }
    cluster = parts.enter_context(running_cluster(stack, folder=folder / "cluster", settings=settings))
    person = Person(stack, cluster, parts.enter_context(closing(cluster.client())), first)
    for dag in (DAG_ID, DIGEST_DAG):
        until(partial(person.web.knows, dag))
        person.web.unpause(dag)
    until(lambda: any(run["state"] == "success" for run in person.web.runs(DAG_ID)))
    sensors = sorted(sensor_id_of(*pair) for pair in laid_pairs(file))
    return measured(person, sensors, readings=laid.readings)


def measured(person: Person, sensors: list[str], *, readings: int) -> Caught:
    """Damage hours, backfill the day, repair the damaged hours."""
    idle = LiveHours.of(person.live_hour() for _ in range(_LIVE_RUNS))
    print(f"idle: {idle}", flush=True)
    data = person.stack.storage.container(Container.DATA)
    damage = f"{readings_prefix(person.hour(_DAMAGED), sensors[0])}damaged.parquet"
    data.upload_blob(damage, b"PAR1 and no more")
    # A run by hand for an hour's start has the logical date of that hour, and scores the one before.
    hidden = {"logical_date": person.hour(_HIDDEN).start.isoformat(), "conf": {}}
    person.web.post(f"/dags/{DAG_ID}/dagRuns", hidden)
    until(person.is_settled)
    person.look()

    started = time.monotonic()
    dates = {"first": person.first.start.isoformat(), "last": person.hour(HOURS - 1).start.isoformat()}
    person.web.backfill(DAG_ID, **dates, max_active_runs=2, run_backwards=False, reprocess_behavior="none")
    hours = []
    for _ in range(_LIVE_RUNS):
        hours.append(person.live_hour())
        person.look()
    busy = LiveHours.of(hours)
    print(f"in mid-backfill: {busy}", flush=True)
    if person.is_settled():
        raise RuntimeError("the backfill ended too early to measure live hours during it")
    until(person.is_settled)
    backfill_seconds = time.monotonic() - started

    predictions = person.stack.storage.container(Container.PREDICTIONS)
    for sensor in sensors[:3]:
        predictions.delete_blob(prediction_blob(person.hour(_DELETED), sensor))
    printed = person.missing()
    person.look()
    print(printed, flush=True)
    data.delete_blob(damage)
    started = time.monotonic()
    commands = person.paste(printed)
    until(person.is_settled)
    repair_seconds = time.monotonic() - started
    again = person.missing()
    person.look()
    print(again, flush=True)
    return Caught(
        hours=HOURS,
        sensors=len(sensors),
        readings=readings,
        backfill_seconds=round(backfill_seconds, 1),
        reported=[line[:13] for line in printed.splitlines() if line[:2] == "20"],
        expected=[str(person.hour(number)) for number in (_DAMAGED, _DELETED, _HIDDEN)],
        commands=[" ".join(command.split()[:3]) for command in commands],
        repair_seconds=round(repair_seconds, 1),
        is_whole=again.startswith(f"All {HOURS} hours"),
        digests=person.digests(),
        idle=idle,
        busy=busy,
    )


def repeated(file: Path, first: RunHour, hours: int) -> Iterator[Reading]:
    """Repeat the hours of a file, without the last one, which may be incomplete."""
    by_hour: dict[RunHour, list[Reading]] = defaultdict(list)
    for reading in read_readings(file):
        by_hour[RunHour.containing(reading.moment)].append(reading)
    whole = sorted(by_hour)[:-1] or sorted(by_hour)
    for number, source in zip(range(hours), itertools.cycle(whole), strict=False):
        shift = first.start + timedelta(hours=number) - source.start
        yield from (replace(reading, moment=reading.moment + shift) for reading in by_hour[source])


def laid_pairs(file: Path) -> set[tuple[str, str]]:
    """Return device and tag of each sensor of a file."""
    return {(reading.device, reading.tag) for reading in read_readings(file)}


def seconds_between(first: str, second: str) -> float:
    """Return the seconds between two moments of the API."""
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()


def p95(waits: Iterable[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    return round(quantiles(waits, n=20, method="inclusive")[-1], 2)


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition is true.

    :raises TimeoutError: if it does not become true in time
    """
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("not true in time")
        time.sleep(0.5)


if __name__ == "__main__":
    run_benchmark(main)
