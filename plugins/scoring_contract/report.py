"""What one Batch task did, sensor by sensor. Written last: a report that exists is the commit marker."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from scoring_contract import json_message
from scoring_contract.manifest import hour_at, sensor_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.hour import RunHour
    from scoring_contract.json_message import Node

_Member = TypeVar("_Member", bound=StrEnum)


class SensorState(StrEnum):
    """How scoring one sensor ended."""

    SCORED = "scored"
    SKIPPED = "skipped"
    """The hour holds no reading of the sensor."""
    FAILED = "failed"


class Cause(StrEnum):
    """Why a sensor was not scored."""

    ORDER = "order"
    """The manifest or command line is wrong: the orchestrator must change."""
    MODEL = "model"
    """The model is missing, altered, of another version or of a type nobody trusts."""
    DATA = "data"
    """There are readings, and none of them can be read."""
    STORAGE = "storage"
    """Blob Storage refused or did not answer: worth another try."""
    UNEXPECTED = "unexpected"
    """A fault of the scorer itself; its traceback is in stderr."""

    @property
    def is_permanent(self) -> bool:
        """Whether another try would meet it again."""
        return self in {Cause.ORDER, Cause.MODEL, Cause.DATA}


@dataclass(frozen=True, slots=True)
class SensorReport:
    """Outcome for one sensor."""

    sensor: str
    state: SensorState
    readings: int = 0
    """Readings scored."""
    rejected: int = 0
    """Rows that were left out: unreadable, of another hour, or of another sensor."""
    anomalies: int = 0
    seconds: float = 0.0
    """Wall time spent on this sensor."""
    model_sha256: str = ""
    cause: Cause | None = None
    reason: str = ""
    """One sentence for people; set when failed or skipped, or when there is something to know
    about a success."""
    noticed: Mapping[str, int] = field(default_factory=dict)
    """What is remarkable about its rows, left out or not, and how many are: ``{"out of order": 2}``."""

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
class Report:
    """Outcome of one Batch task."""

    hour: RunHour
    run: str
    group: str
    manifest: str
    """Blob of the order in ``runs``."""
    planned_at: str
    """As in the order."""
    seconds: float
    """Wall time of the whole process up to the report."""
    sensors: tuple[SensorReport, ...]
    noticed: Mapping[str, int] = field(default_factory=dict)
    """Likewise about rows of shared files that can be given to no sensor of the order."""

    @property
    def failed(self) -> tuple[SensorReport, ...]:
        """The sensors that were not scored, though there may be readings."""
        return tuple(sensor for sensor in self.sensors if sensor.state is SensorState.FAILED)

    @property
    def settled(self) -> frozenset[str]:
        """The sensors that need no further try."""
        return frozenset(sensor.sensor for sensor in self.sensors if sensor.state is not SensorState.FAILED)

    def to_json(self) -> str:
        """Return the report's text."""
        return json_message.render(
            {
                "hour": str(self.hour),
                "run": self.run,
                "group": self.group,
                "manifest": self.manifest,
                "planned_at": self.planned_at,
                "seconds": round(self.seconds, 6),
                "noticed": dict(sorted(self.noticed.items())),
                "sensors": [sensor.to_json() for sensor in self.sensors],
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read a report.

        :raises MessageError: naming the place that is wrong
        """
        root = json_message.parse("report", text)
        return cls(
            hour=hour_at(root["hour"]),
            run=root["run"].text(),
            group=root["group"].text(),
            manifest=root["manifest"].text(),
            planned_at=root["planned_at"].text(),
            seconds=root["seconds"].seconds(),
            noticed=counts_at(root["noticed"]),
            sensors=tuple(SensorReport.from_json(node) for node in root["sensors"].elements()),
        )


def counts_at(node: Node) -> dict[str, int]:
    """Read counts by name of any message; there may be none."""
    return {} if node.is_absent else {name: count.count() for name, count in node.items()}


def _member(enum: type[_Member], node: Node) -> _Member:
    try:
        return enum(node.text())
    except ValueError as error:
        raise node.wrong(f"is {node.value!r}, not one of {', '.join(enum)}") from error
