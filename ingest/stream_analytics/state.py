"""The state of a job on disk: what was read, what waits in open windows, and the counts; replaced as a whole.

It is saved after the output is written. A kill between the two writes some windows again, and never loses
one: the service promises no more than that.
https://learn.microsoft.com/stream-analytics-query/event-delivery-guarantees-azure-stream-analytics
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from ingest.stream_analytics.counts import Counts
from ingest.stream_analytics.errors import JobFailed
from ingest.stream_analytics.event_ordering.open_windows import Placed
from ingest.stream_analytics.event_ordering.timeline import Timeline, Timelines
from ingest.stream_analytics.events.event_source import Position

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS job (one INTEGER PRIMARY KEY CHECK (one = 1), text TEXT NOT NULL, state TEXT);
CREATE TABLE IF NOT EXISTS events (stream TEXT NOT NULL, time INTEGER NOT NULL, vals TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS writing (rows INTEGER NOT NULL);
"""


@dataclass(slots=True)
class JobState:
    """What a job goes on from.

    :param positions: last event that was taken, by partition
    """

    positions: dict[str, Position] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)


class StateFile:
    """A file with the state of one job.

    :param path: made if it is missing
    :param identity: text of the query and of the job, without which the state has no meaning
    :raises JobFailed: if the file is another job's, or in use
    """

    def __init__(self, path: Path, identity: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None, timeout=1)
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_TABLES)
            self._database.execute("INSERT OR IGNORE INTO job VALUES (1, ?, NULL)", (identity,))
            (text,) = self._database.execute("SELECT text FROM job").fetchone()
        except sqlite3.Error as error:
            self._database.close()
            raise JobFailed(f"the state {path} cannot be used: {error}; does the job run already?") from error
        if text != identity:
            self._database.close()
            raise JobFailed(
                f"the state {path} is of another query or job: choose another folder, or remove it"
            )

    def load(self, timelines: Timelines) -> tuple[JobState, list[Placed]]:
        """Read the state, and set the timelines.

        :return: the state, and the events that wait in open windows
        """
        (text,) = self._database.execute("SELECT state FROM job").fetchone()
        interrupted = self._database.execute("SELECT sum(rows) FROM writing").fetchone()[0] or 0
        if text is None:
            return JobState(counts=Counts(rows_perhaps_again=interrupted)), []
        found = json.loads(text)
        timelines.lines = {name: Timeline(**line) for name, line in found["lines"].items()}
        timelines.floors = found["floors"]
        positions = {name: Position(**position) for name, position in found["positions"].items()}
        counts = Counts(**found["counts"])
        counts.rows_perhaps_again += interrupted
        events = self._database.execute("SELECT stream, time, vals FROM events ORDER BY rowid")
        waiting = [Placed(stream, time, tuple(json.loads(values))) for stream, time, values in events]
        return JobState(positions, counts), waiting

    def begin_writing(self, rows: int) -> None:
        """Note that so many rows are about to be written."""
        self._database.execute("INSERT INTO writing VALUES (?)", (rows,))

    def save(self, state: JobState, timelines: Timelines, waiting: Iterable[Placed]) -> None:
        """Replace the state: everything before it is written."""
        text = json.dumps(
            {
                "positions": {name: asdict(position) for name, position in state.positions.items()},
                "lines": {name: asdict(line) for name, line in timelines.lines.items()},
                "floors": timelines.floors,
                "counts": state.counts.to_dict(),
            }
        )
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("UPDATE job SET state = ?", (text,))
        self._database.execute("DELETE FROM events")
        rows = ((event.stream, event.time, json.dumps(event.values)) for event in waiting)
        self._database.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
        self._database.execute("DELETE FROM writing")
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._database.close()
