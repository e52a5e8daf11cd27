"""The report of one Batch task, sensor by sensor. It is written last: its existence is the commit marker."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from scoring_contract import json_message
from scoring_contract.messages.manifest import hour_at, sensor_at
from scoring_contract.messages.trace_context import traceparent_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.hour import RunHour
    from scoring_contract.json_message import Node

_Member = TypeVar("_Member", bound=StrEnum)


class SensorState(StrEnum):
    """Result of scoring one sensor."""

    SCORED = "scored"
    SKIPPED = "skipped"
    """The hour has no readings of the sensor."""
    FAILED = "failed"


class Cause(StrEnum):
    """Why a sensor was not scored or trained."""

    ORDER = "order"
    """The manifest, command line or environment is wrong, and the orchestrator must change it."""
    MODEL = "model"
    """The model is missing, altered, of another version or of an untrusted type."""
    DATA = "data"
    """There are readings, but none of them can be used."""
    STORAGE = "storage"
    """Blob Storage refused or did not answer; a retry may succeed."""
    UNEXPECTED = "unexpected"
    """An internal error of the scorer; the traceback is in stderr."""

    @property
    def is_permanent(self) -> bool:
        """Whether a retry would fail again."""
        return self in {Cause.ORDER, Cause.MODEL, Cause.DATA}


@dataclass(frozen=True, slots=True)
class SensorReport:
    """Result for one sensor."""

    sensor: str
    state: SensorState
    readings: int = 0
    """Readings scored."""
    rejected: int = 0
    """Rows that were left out: unreadable, not finite, unscorable, or of another hour or sensor."""
    anomalies: int = 0
    seconds: float = 0.0
    """Wall time spent on this sensor."""
    model_sha256: str = ""
    cause: Cause | None = None
    reason: str = ""
    """One sentence for people, about a failed or skipped sensor or an irregularity of a scored one."""
    noticed: Mapping[str, int] = field(default_factory=dict)
    """Issues of its rows, left out or not, with the number of rows: ``{"out of order": 2}``."""

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "sensor": self.sensor,
            "state": self.state.value,
            "readings": self.readings,
            "rejected": self.rejected,
            "anomalies": self.anomalies,
            "seconds": round(self.seconds, 6),
            "model_sha256": self.model_sha256,
            "cause": self.cause.value if self.cause else None,
            "reason": self.reason,
            "noticed": dict(sorted(self.noticed.items())),
        }

    @classmethod
    def from_json(cls, node: Node) -> SensorReport:
        """Read the wire form."""
        return cls(
            sensor=sensor_at(node["sensor"]),
            state=_member(SensorState, node["state"]),
            readings=node["readings"].count(),
            rejected=node["rejected"].count(),
            anomalies=node["anomalies"].count(),
            seconds=node["seconds"].seconds(),
            model_sha256=node["model_sha256"].value or "",
            cause=None if node["cause"].is_absent else _member(Cause, node["cause"]),
            reason=node["reason"].value or "",
            noticed=counts_at(node["noticed"]),
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the work of one Batch task. Parts overlap where its threads work side by side."""

    name: str
    """``prepare``, ``fetch``, ``compute`` or ``publish``."""
    start: float
    """When it first began, in seconds after the process started."""
    end: float
    """When it last ended, likewise."""
    seconds: float
    """Wall time of its threads, added up: what all of them waited for and computed."""

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        times = {"start": self.start, "end": self.end, "seconds": self.seconds}
        return {"stage": self.name, **{name: round(value, 6) for name, value in times.items()}}

    @classmethod
    def from_json(cls, node: Node) -> Stage:
        """Read the wire form."""
        start, end = node["start"].seconds(), node["end"].seconds()
        if end < start:
            raise node["end"].wrong("is before the start")
        return cls(node["stage"].text(), start, end, node["seconds"].seconds())


@dataclass(frozen=True, slots=True)
class Report:
    """Result of one Batch task."""

    hour: RunHour
    run: str
    group: str
    manifest: str
    """Blob of the manifest in ``runs``."""
    planned_at: str
    """As in the manifest."""
    seconds: float
    """Wall time of the whole process up to the report."""
    sensors: tuple[SensorReport, ...]
    noticed: Mapping[str, int] = field(default_factory=dict)
    """Issues of rows in shared files that belong to no sensor of the manifest."""
    traceparent: str = ""
    """As in the manifest."""
    started_at: str = ""
    """When the process started, by the node's clock, in the form of ``planned_at``; empty if unknown."""
    stages: tuple[Stage, ...] = ()
    """How its time divides, in the order of the work; reports of earlier scorers have none."""

    @property
    def failed(self) -> tuple[SensorReport, ...]:
        """The sensors that failed."""
        return tuple(sensor for sensor in self.sensors if sensor.state is SensorState.FAILED)

    @property
    def settled(self) -> frozenset[str]:
        """Ids of the sensors that need no retry."""
        return frozenset(sensor.sensor for sensor in self.sensors if sensor.state is not SensorState.FAILED)

    def to_json(self) -> str:
        """Render the report."""
        return json_message.render(
            {
                "hour": str(self.hour),
                "run": self.run,
                "group": self.group,
                "manifest": self.manifest,
                "planned_at": self.planned_at,
                "traceparent": self.traceparent,
                "started_at": self.started_at,
                "seconds": round(self.seconds, 6),
                "stages": [stage.to_json() for stage in self.stages],
                "noticed": dict(sorted(self.noticed.items())),
                "sensors": [sensor.to_json() for sensor in self.sensors],
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Parse a report.

        :raises MessageError: naming the invalid member
        """
        root = json_message.parse_report("report", text)
        return cls(
            hour=hour_at(root["hour"]),
            run=root["run"].text(),
            group=root["group"].text(),
            manifest=root["manifest"].text(),
            planned_at=root["planned_at"].text(),
            seconds=root["seconds"].seconds(),
            noticed=counts_at(root["noticed"]),
            sensors=tuple(SensorReport.from_json(node) for node in root["sensors"].elements()),
            traceparent=traceparent_at(root["traceparent"]),
            started_at=str(root["started_at"].value or ""),
            stages=() if root["stages"].is_absent else _stages_at(root["stages"]),
        )


def _stages_at(node: Node) -> tuple[Stage, ...]:
    return tuple(Stage.from_json(stage) for stage in node.elements())


def counts_at(node: Node) -> dict[str, int]:
    """Parse counts by name in any message; empty if they are absent."""
    return {} if node.is_absent else {name: count.count() for name, count in node.items()}


def _member(enum: type[_Member], node: Node) -> _Member:
    try:
        return enum(node.text())
    except ValueError as error:
        raise node.wrong(f"is {node.value!r}, not one of {', '.join(enum)}") from error
