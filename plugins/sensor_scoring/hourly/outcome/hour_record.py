"""The outcome of an hour, sensor by sensor, as the history keeps it: small, and a column for each fact. Pure.

Several runs can score an hour, and each knows the sensors that its plan found. Of each sensor the record
holds what the run with the newest plan says: runs end in any order, and a newer plan's predictions are those
that stay. A sensor that the newest run knows nothing of keeps what an earlier one said. The run's own facts,
such as colour and node-hours, are those of the newest.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from scoring_contract.errors import MessageError
from scoring_contract.json_message import Node
from scoring_contract.messages.manifest import hour_at, sensor_at
from scoring_contract.predictions import can_follow
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from scoring_contract.hour import RunHour
    from sensor_scoring.hourly.outcome.summary import Summary

FORMAT = 1
LETTERS = {Outcome.SCORED: "S", Outcome.FAILED: "F", Outcome.SILENT: "Q", Outcome.UNMODELLED: "U"}
"""A letter for each outcome; Q is a quiet, silent sensor."""

_OUTCOMES = {letter: outcome for outcome, letter in LETTERS.items()}
_MESSAGE = "hour record"
_COUNTS = ("readings", "anomalies", "rejected", "milliseconds")
_COMPRESSION = 4
"""zlib's default takes twice as long and finds nothing more in such columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """A run whose outcome is in a record."""

    run: str
    """Base of its Batch ids."""
    dag_run_id: str
    planned_at: str
    """Of its plan."""
    clears: int
    """How often something in the run had been cleared when it was summed up."""

    def rank(self, now: datetime) -> tuple[str, str, int]:
        """Return what tells the newer of two outcomes; a plan of the future, by a wrong clock, is oldest."""
        planned_at = self.planned_at if can_follow(self.planned_at, written=now) else ""
        return planned_at, self.run, self.clears

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "run": self.run,
            "dag_run_id": self.dag_run_id,
            "planned_at": self.planned_at,
            "clears": self.clears,
        }

    @classmethod
    def from_json(cls, node: Node) -> Self:
        """Read the wire form."""
        return cls(
            run=node["run"].text(),
            dag_run_id=node["dag_run_id"].text(),
            planned_at=str(node["planned_at"].value or ""),
            clears=int(node["clears"].value),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HourRecord:
    """Outcome of an hour."""

    hour: RunHour
    newest: RecordedRun
    """The run with the newest plan, of which everything is but what ``earlier`` names."""
    sensors: tuple[SensorOutcome, ...]
    """In the order of their ids."""
    colour: str = ""
    node_hours: float | None = None
    """None if unknown."""
    cost: float | None = None
    """None while no price is set."""
    earlier: Mapping[str, RecordedRun] = field(default_factory=dict)
    """Sensors of which the newest run says nothing, and the run that says what is here."""

    @classmethod
    def of(cls, summary: Summary) -> Self:
        """Return the record of an hour that one run has scored."""
        pool = summary.pool
        return cls(
            hour=summary.hour,
            newest=RecordedRun(
                run=summary.run,
                dag_run_id=summary.dag_run_id,
                planned_at=summary.planned_at,
                clears=summary.clears,
            ),
            sensors=summary.sensors,
            colour=summary.colour,
            node_hours=None if pool is None else round(pool.node_hours + pool.spot_node_hours, 4),
            cost=None if pool is None else pool.cost,
        )

    def merged_with(self, new: HourRecord, *, now: datetime) -> HourRecord:
        """Return the record with what another one of the same hour says of sensors that it knows better.

        :param new: wins where both have the same outcome of the same run
        :param now: timezone-aware
        """
        ranks = {run: run.rank(now) for run in (*self._runs(), *new._runs())}
        # What a run said before it planned again, or was cleared, is no longer its word.
        last = {run.run: run for run in sorted(ranks, key=ranks.__getitem__)}
        lines: dict[str, tuple[RecordedRun, SensorOutcome]] = {}
        for record in (self, new):
            for line in record.sensors:
                run = record.earlier.get(line.sensor, record.newest)
                held = lines.get(line.sensor)
                if last[run.run] == run and (held is None or ranks[run] >= ranks[held[0]]):
                    lines[line.sensor] = run, line
        leading = new if ranks[new.newest] >= ranks[self.newest] else self
        return HourRecord(
            hour=self.hour,
            newest=leading.newest,
            sensors=tuple(lines[sensor][1] for sensor in sorted(lines)),
            colour=leading.colour,
            node_hours=leading.node_hours,
            cost=leading.cost,
            earlier={sensor: run for sensor, (run, _) in lines.items() if run != leading.newest},
        )

    def _runs(self) -> set[RecordedRun]:
        return {self.newest, *self.earlier.values()}

    def body(self) -> dict[str, Any]:
        """Return the wire form, without the time at which it was written."""
        lines, runs = self.sensors, list(dict.fromkeys(self.earlier.values()))
        said = dict.fromkeys(line.reason for line in lines if line.reason)
        reasons = {reason: place for place, reason in enumerate(said)}
        return {
            "format": FORMAT,
            "hour": str(self.hour),
            **self.newest.to_json(),
            "colour": self.colour,
            "node_hours": self.node_hours,
            "cost": self.cost,
            "sensors": [line.sensor for line in lines],
            "outcome": "".join([LETTERS[line.outcome] for line in lines]),
            "readings": [line.readings for line in lines],
            "anomalies": [line.anomalies for line in lines],
            "rejected": [line.rejected for line in lines],
            "milliseconds": [round(line.seconds * 1000) for line in lines],
            "reasons": list(reasons),
            "reason": {str(at): reasons[line.reason] for at, line in enumerate(lines) if line.reason},
            "earlier_runs": [run.to_json() for run in runs],
            "earlier": {
                str(at): runs.index(self.earlier[line.sensor])
                for at, line in enumerate(lines if runs else ())
                if line.sensor in self.earlier
            },
        }

    def to_bytes(self, *, written_at: datetime) -> bytes:
        """Return the blob's bytes: JSON, compressed.

        :param written_at: timezone-aware UTC
        """
        body = {**self.body(), "written_at": written_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return gzip.compress(text.encode(), _COMPRESSION, mtime=0)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read a blob's bytes.

        :raises MessageError: naming the place that is wrong
        """
        try:
            root = Node(_MESSAGE, "", json.loads(gzip.decompress(stored)))
            return cls._at(root)
        except MessageError:
            raise
        # Whatever lies there: bytes that are not compressed, a text that is no JSON, an index of nothing.
        except (ValueError, LookupError, TypeError, RecursionError, OSError, EOFError, zlib.error) as error:
            raise MessageError(_MESSAGE, "", f"does not read: {error}") from error

    @classmethod
    def _at(cls, root: Node) -> Self:
        if root["format"].value != FORMAT:
            raise root["format"].wrong(f"is {root['format'].value!r}, this program reads {FORMAT}")
        sensors = tuple(_lines_at(root))
        runs = [RecordedRun.from_json(node) for node in root["earlier_runs"].elements()]
        return cls(
            hour=hour_at(root["hour"]),
            newest=RecordedRun.from_json(root),
            sensors=sensors,
            colour=str(root["colour"].value or ""),
            node_hours=_amount_at(root["node_hours"]),
            cost=_amount_at(root["cost"]),
            earlier={sensors[int(at)].sensor: runs[node.count()] for at, node in root["earlier"].items()},
        )


def _lines_at(root: Node) -> Iterator[SensorOutcome]:
    # Of columns of different lengths, strict=True makes an error: no sensor gets another's numbers.
    cells = zip(*(root[name].elements() for name in _COUNTS), strict=True)
    reasons = {int(at): str(root["reasons"].value[node.count()]) for at, node in root["reason"].items()}
    columns = zip(root["sensors"].elements(), root["outcome"].value, cells, strict=True)
    for at, (sensor, letter, (readings, anomalies, rejected, milliseconds)) in enumerate(columns):
        yield SensorOutcome(
            sensor=sensor_at(sensor),
            outcome=_OUTCOMES[letter],
            readings=readings.count(),
            anomalies=anomalies.count(),
            rejected=rejected.count(),
            seconds=milliseconds.count() / 1000,
            reason=reasons.get(at, ""),
        )


def _amount_at(node: Node) -> float | None:
    return None if node.is_absent else node.seconds()
