"""The report of one Batch task that trains: its models and their evaluation. Written last: the commit marker.

A report changes nothing: the orchestrator decides from the reports of all groups which models become current.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoring_contract import json_message
from scoring_contract.messages.manifest import sensor_at
from scoring_contract.messages.registry import TrainedSensor
from scoring_contract.messages.report import Cause

if TYPE_CHECKING:
    from scoring_contract.json_message import Node


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """Comparison of a model's predictions with labels, over the readings of labelled hours."""

    anomalies: int
    """Readings labelled as anomalies."""
    flagged: int
    """Readings predicted to be anomalies."""
    found: int
    """Readings that are both: true positives."""

    @property
    def recall(self) -> float | None:
        """Share of the labelled anomalies that the model finds; None if there are none."""
        return self.found / self.anomalies if self.anomalies else None

    @property
    def precision(self) -> float | None:
        """Share of the predicted anomalies that are labelled; None if there are none."""
        return self.found / self.flagged if self.flagged else None

    def to_json(self) -> dict[str, int]:
        """Return the wire form."""
        return {"anomalies": self.anomalies, "flagged": self.flagged, "found": self.found}

    @classmethod
    def from_json(cls, node: Node) -> LabelCheck:
        """Read the wire form."""
        return cls(node["anomalies"].count(), node["flagged"].count(), node["found"].count())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of a new model with the current one, over the same readings."""

    version: str
    """Version of the current model."""
    drift: float
    """Distance of their score distributions, 0 to 1; ``scorer.training.evaluation`` defines it."""
    changed: int
    """Readings that they label differently."""

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {"version": self.version, "drift": round(self.drift, 6), "changed": self.changed}

    @classmethod
    def from_json(cls, node: Node) -> Comparison:
        """Read the wire form."""
        return cls(node["version"].text(), node["drift"].seconds(), node["changed"].count())


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Evaluation of a new model on readings that it was not trained on."""

    readings: int
    anomalies: int
    comparison: Comparison | None = None
    """None without a current model, or if it cannot be loaded or compared."""
    labels: LabelCheck | None = None
    """None if no hour has labels."""

    @property
    def anomaly_share(self) -> float:
        """Anomaly rate of its predictions, 0 to 1; 0 without readings."""
        return self.anomalies / self.readings if self.readings else 0.0

    @property
    def changed_share(self) -> float | None:
        """Share of the readings that both models label differently; None without a comparison."""
        if self.comparison is None:
            return None
        return self.comparison.changed / self.readings if self.readings else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "readings": self.readings,
            "anomalies": self.anomalies,
            "comparison": self.comparison.to_json() if self.comparison else None,
            "labels": self.labels.to_json() if self.labels else None,
        }

    @classmethod
    def from_json(cls, node: Node) -> Evaluation:
        """Read the wire form."""
        comparison, labels = node["comparison"], node["labels"]
        return cls(
            readings=node["readings"].count(),
            anomalies=node["anomalies"].count(),
            comparison=None if comparison.is_absent else Comparison.from_json(comparison),
            labels=None if labels.is_absent else LabelCheck.from_json(labels),
        )


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """Result for one sensor: a model and its evaluation, or a cause and a reason."""

    sensor: str
    trained: TrainedSensor | None = None
    evaluation: Evaluation | None = None
    compared_with: str = ""
    """Version that was current at planning time; empty if there was none."""
    cause: Cause | None = None
    """Why there is no model."""
    reason: str = ""
    """One sentence for people, about a missing model or an irregularity."""

    @property
    def is_failed(self) -> bool:
        """Whether training failed for a passing cause, such as storage, so that a retry may succeed."""
        return self.cause is not None and not self.cause.is_permanent

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "sensor": self.sensor,
            "trained": self.trained.to_json() if self.trained else None,
            "evaluation": self.evaluation.to_json() if self.evaluation else None,
            "compared_with": self.compared_with,
            "cause": self.cause.value if self.cause else None,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, node: Node) -> TrainingResult:
        """Read the wire form."""
        trained, evaluation = node["trained"], node["evaluation"]
        return cls(
            sensor=sensor_at(node["sensor"]),
            trained=None if trained.is_absent else TrainedSensor.from_json(trained),
            evaluation=None if evaluation.is_absent else Evaluation.from_json(evaluation),
            compared_with=node["compared_with"].value or "",
            cause=_cause_at(node["cause"]),
            reason=node["reason"].value or "",
        )


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Result of one Batch task."""

    run: str
    group: str
    planned_at: str
    """As in the order."""
    seconds: float
    """Wall time of the whole process up to the report."""
    sensors: tuple[TrainingResult, ...]

    def to_json(self) -> str:
        """Render the report."""
        return json_message.render(
            {
                "run": self.run,
                "group": self.group,
                "planned_at": self.planned_at,
                "seconds": round(self.seconds, 6),
                "sensors": [sensor.to_json() for sensor in self.sensors],
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> TrainingReport:
        """Parse a report.

        :raises MessageError: naming the invalid member
        """
        root = json_message.parse_report("training report", text)
        return cls(
            run=root["run"].text(),
            group=root["group"].text(),
            planned_at=root["planned_at"].text(),
            seconds=root["seconds"].seconds(),
            sensors=tuple(TrainingResult.from_json(node) for node in root["sensors"].elements()),
        )


def _cause_at(node: Node) -> Cause | None:
    if node.is_absent:
        return None
    try:
        return Cause(node.text())
    except ValueError as error:
        raise node.wrong(f"is {node.value!r}, not one of {', '.join(Cause)}") from error
