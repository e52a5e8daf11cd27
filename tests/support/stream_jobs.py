"""Runs jobs of the local Stream Analytics on events in memory; what they write is kept, not uploaded."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ingest.stream_analytics.assembly import planned
from ingest.stream_analytics.definition.job import read_job
from ingest.stream_analytics.event_ordering.timeline import Timelines
from ingest.stream_analytics.events.event_source import Batch, Event
from ingest.stream_analytics.execution import Execution
from ingest.stream_analytics.runner import Runner
from ingest.stream_analytics.state import StateFile
from ingest.stream_analytics.ticks import read_ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ingest.stream_analytics.definition.serialization import Row


def ticks(text: str) -> int:
    """Read a moment that a test wrote."""
    found = read_ticks(text)
    assert found is not None, text
    return found


def an_event(body: object, *, enqueued: str | int, sequence: int = 0, partition: str = "0") -> Event:
    """Make an event; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    arrival = ticks(enqueued) if isinstance(enqueued, str) else enqueued
    return Event(partition, sequence, str(sequence), arrival, content)


def a_job(
    *,
    late: int = 5,
    disorder: int = 0,
    policy: str = "Adjust",
    outputs: Sequence[str] = ("output",),
    references: Sequence[str] = (),
    serialization: Mapping[str, Any] | None = None,
    path: str = "out",
    stream: str = "input",
    rows: int = 1,
) -> str:
    """Write a job."""
    hub = {"type": "Microsoft.EventHub/EventHub", "properties": {"eventHubName": "hub"}}
    blob = {"type": "Microsoft.Storage/Blob", "properties": {"container": "data", "pathPattern": path}}
    table = {"type": "Microsoft.Storage/Blob", "properties": {"container": "models", "pathPattern": "r.csv"}}
    return json.dumps(
        {
            "compatibilityLevel": "1.2",
            "eventsOutOfOrderPolicy": policy,
            "eventsOutOfOrderMaxDelayInSeconds": disorder,
            "eventsLateArrivalMaxDelayInSeconds": late,
            "inputs": [
                _input(stream, "Stream", hub, "Json"),
                *(_input(name, "Reference", table, "Csv") for name in references),
            ],
            "outputs": [
                {
                    "name": name,
                    "properties": {
                        "datasource": blob,
                        "sizeWindow": rows,
                        "serialization": serialization or {"type": "Json"},
                    },
                }
                for name in outputs
            ],
        }
    )


def _input(name: str, kind: str, source: object, form: str) -> dict[str, object]:
    properties = {"type": kind, "datasource": source, "serialization": {"type": form}}
    return {"name": name, "properties": properties}


@dataclass
class Kept:
    """Keeps rows instead of uploading them."""

    rows: list[Row] = field(default_factory=list)

    def folders(self, rows: Sequence[Row]) -> tuple[dict[str, list[Row]], list[str]]:
        """Put all rows into one folder."""
        return {"": list(rows)}, []

    def write(self, folders: dict[str, list[Row]]) -> None:
        """Keep them."""
        for rows in folders.values():
            self.rows += rows


@dataclass
class Run:
    """A job under test."""

    runner: Runner
    kept: dict[str, Kept]

    def send(self, events: Iterable[Event], *, idle: Iterable[str] = ()) -> None:
        """Let the job take events, and check that none is lost."""
        self.runner.take(Batch([*events], frozenset(idle)))
        assert self.runner.counts.unaccounted(self.runner.waiting) == 0

    def rows(self, output: str = "output") -> list[dict[str, Any]]:
        """Return what the job has written, datetimes in ticks."""
        (plan,) = (plan for plan in self.runner.plan.outputs if plan.name == output)
        names = [name for name, _ in plan.columns]
        return [dict(zip([*names, "__ts"], row, strict=True)) for row in self.kept[output].rows]


def a_run(
    query: str,
    job: str,
    folder: Path,
    *,
    partitions: Sequence[str] = ("0",),
    references: Mapping[str, str] | None = None,
    clock: Any = lambda: 0.0,
    now: Any = lambda: 0,
    on_saved: Any = lambda _: None,
) -> Run:
    """Start a job, or go on with it if the folder has its state."""
    described = read_job(job)
    plan = planned(described, query)
    files = {name: (text.encode(), ",") for name, text in (references or {}).items()}
    kept = {output.name: Kept() for output in plan.outputs}
    runner = Runner(
        described,
        plan,
        Execution(plan, files),
        kept,
        Timelines(described.ordering, tuple(partitions), separate=plan.substreams is not None),
        StateFile(folder / "state.sqlite3", query + job),
        clock,
        now,
        on_saved,
    )
    return Run(runner, kept)
