"""Runs a job: takes events in, closes windows, writes what comes out, then saves the state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ingest.stream_analytics.errors import JobFailed
from ingest.stream_analytics.event_ordering.open_windows import OpenWindows, Placed
from ingest.stream_analytics.intake import Intake
from ingest.stream_analytics.ticks import TICKS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ingest.stream_analytics.counts import Counts
    from ingest.stream_analytics.definition.job import Job
    from ingest.stream_analytics.definition.serialization import Row
    from ingest.stream_analytics.event_ordering.open_windows import InWindow
    from ingest.stream_analytics.event_ordering.timeline import Timelines
    from ingest.stream_analytics.events.event_source import Batch, EventSource
    from ingest.stream_analytics.execution import Execution
    from ingest.stream_analytics.language.plan import Plan
    from ingest.stream_analytics.state import JobState, StateFile

_EVENTS_UNSAVED = 100_000
"""Events after which the state is saved although nothing was written."""
_SHARE_OF_SAVES = 0.1
"""Most of the time that saves may take: a state is saved whole, with all that waits in open windows. What is
written between two saves would be written again after a kill."""


class RowOutput(Protocol):
    """Where rows go; see :class:`~ingest.stream_analytics.blob_output.BlobOutput`."""

    def folders(self, rows: Sequence[Row]) -> tuple[dict[str, list[Row]], list[str]]:
        """Sort rows into folders."""

    def write(self, folders: dict[str, list[Row]]) -> None:
        """Write rows, all of them or an error."""


@dataclass(slots=True)
class _Pending:
    """Rows of an output that wait for more, to be written in one batch."""

    rows: list[Row] = field(default_factory=list)
    since: float = 0.0


@dataclass(slots=True)
class Runner:
    """A job that runs.

    :param clock: seconds, growing
    :param now: ticks, the time of day: the time of arrival of a partition that has had no event since the
        start
    :param on_saved: called after each save of the state, with the runner
    """

    job: Job
    plan: Plan
    execution: Execution
    outputs: Mapping[str, RowOutput]
    timelines: Timelines
    file: StateFile
    clock: Callable[[], float]
    now: Callable[[], int]
    on_saved: Callable[[Runner], None]
    state: JobState = field(init=False)
    _windows: dict[str, OpenWindows] = field(init=False)
    _pending: dict[str, _Pending] = field(init=False)
    _seen: dict[str, tuple[float, int]] = field(init=False, default_factory=dict)
    _saved: int = field(init=False, default=0)
    _is_ahead: bool = field(init=False, default=False)
    """Whether something was written since the last save."""
    _next_save: float = field(init=False, default=0.0)
    """When the next save is cheap enough, by the clock."""

    def __post_init__(self) -> None:
        self.state, waiting = self.file.load(self.timelines)
        self._windows = {output.name: OpenWindows(output.window) for output in self.plan.outputs}
        self._pending = {output.name: _Pending() for output in self.plan.outputs}
        self._saved = self.state.counts.read
        self._next_save = self.clock()
        for event in waiting:
            for windows in self._windows.values():
                windows.add(event, self.timelines.watermark(event.stream))

    @property
    def counts(self) -> Counts:
        """Where every event went."""
        return self.state.counts

    @property
    def account(self) -> dict[str, Any]:
        """Where every event went: the counts, and what waits in open windows; ``unaccounted`` is 0."""
        waiting = self.waiting
        return {
            **self.counts.to_dict(),
            "waiting": waiting,
            "unaccounted": self.counts.unaccounted(waiting),
        }

    @property
    def waiting(self) -> dict[str, int]:
        """Events whose first window is open, by output."""
        return {name: windows.waiting for name, windows in self._windows.items()}

    def run(self, source: EventSource) -> None:
        """Run until the source ends; what is in open windows then stays in the state.

        :raises JobFailed: if the job would stop in Azure too, or storage fails
        """
        for batch in source.batches(self.state.positions):
            self.take(batch)
        self._flush(at_once=True)
        self._save()

    def take(self, batch: Batch) -> None:
        """Take a batch in, and write what it completes.

        :raises JobFailed: if the job would stop in Azure too, or storage fails
        """
        intake = Intake(self.plan, self.timelines)
        now = self.clock()
        for event in batch.events:
            for placed in intake.take(event, self.state):
                self._add(placed)
            self._seen[event.partition] = (now, event.enqueued)
        for partition in batch.idle:
            self._wait(partition, now, batch.now)
        self._close()
        self._flush(at_once=False)
        is_long = self.counts.read - self._saved >= _EVENTS_UNSAVED
        if (self._is_ahead or is_long) and self.clock() >= self._next_save:
            # What has left its windows must be written before they are saved without it.
            self._flush(at_once=True)
            self._save()

    def close(self) -> None:
        """Close the database and the state's file."""
        self.execution.close()
        self.file.close()

    def _add(self, event: Placed) -> None:
        for windows in self._windows.values():
            windows.add(event)

    def _wait(self, partition: str, now: float, hub_time: int | None) -> None:
        """Let time progress without an event; by the clock, from the last event's time of arrival on."""
        if hub_time is not None:
            self.timelines.wait(partition, hub_time)
        elif partition in self._seen:
            then, arrival = self._seen[partition]
            self.timelines.wait(partition, arrival + int((now - then) * TICKS_PER_SECOND))
        else:
            self.timelines.wait(partition, self.now())

    def _close(self) -> None:
        for output in self.plan.outputs:
            windows = self._windows[output.name]
            closed: list[InWindow] = []
            for stream in list(windows.streams):
                watermark = self.timelines.watermark(stream)
                if watermark is not None:
                    closed += windows.close(stream, watermark)
            if closed:
                rows, reached = self.execution.run(output, closed)
                first = sum(item.first for item in closed)
                _count(self.counts.in_windows, output.name, reached)
                _count(self.counts.filtered, output.name, first - reached)
                pending = self._pending[output.name]
                pending.since = pending.since if pending.rows else self.clock()
                pending.rows += rows

    def _flush(self, *, at_once: bool) -> None:
        """Write what is pending once a batch is complete or has waited."""
        now = self.clock()
        settings = {output.name.lower(): output for output in self.job.outputs}
        due = [
            name
            for name, pending in self._pending.items()
            if pending.rows
            and (
                at_once
                or len(pending.rows) >= settings[name.lower()].rows
                or now - pending.since >= settings[name.lower()].wait.total_seconds()
            )
        ]
        if not due:
            return
        self.file.begin_writing(sum(len(pending.rows) for pending in self._pending.values()))
        for name, pending in self._pending.items():
            self._write(name, pending.rows)
            pending.rows = []
        self._is_ahead = True

    def _write(self, name: str, rows: list[Row]) -> None:
        folders, refused = self.outputs[name].folders(rows)
        if refused and not self.job.drops_output:
            raise JobFailed(
                f"{len(refused)} rows of {name} have no folder, and outputErrorPolicy is Stop: {refused[0]}"
            )
        self.outputs[name].write(folders)
        _count(self.counts.rows_refused, name, len(refused))
        _count(self.counts.rows_written, name, len(rows) - len(refused))

    def _save(self) -> None:
        began = self.clock()
        for stream in list(self.timelines.lines):
            if not any(stream in windows.streams for windows in self._windows.values()):
                self.timelines.forget(stream)
        unique = {id(event): event for windows in self._windows.values() for event in windows.events()}
        self.file.save(self.state, self.timelines, unique.values())
        self._saved, self._is_ahead = self.counts.read, False
        self.on_saved(self)
        now = self.clock()
        self._next_save = now + (now - began) * (1 / _SHARE_OF_SAVES - 1)


def _count(counts: dict[str, int], name: str, number: int) -> None:
    counts[name] = counts.get(name, 0) + number
