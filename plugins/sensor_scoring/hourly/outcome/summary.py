"""The outcome of a run, sensor by sensor: what alert, verdict, the UI and people read. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from scoring_contract import json_message
from scoring_contract.messages.manifest import hour_at, sensor_at
from scoring_contract.messages.report import SensorState as ReportedState
from scoring_contract.messages.report import counts_at
from sensor_scoring.azure_batch.pool.usage import PoolUse
from sensor_scoring.hourly.outcome.reports import last_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring_contract.hour import RunHour
    from scoring_contract.json_message import Node
    from scoring_contract.messages.report import Report, SensorReport
    from sensor_scoring.hourly.gate import GateVerdict
    from sensor_scoring.hourly.planning.plan import Plan


class Outcome(StrEnum):
    """How a sensor fared in the hour."""

    SCORED = "scored"
    FAILED = "failed"
    SILENT = "silent"
    """It has a model and sent no reading."""
    UNMODELLED = "no model"
    """It sent readings and has no model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorOutcome:
    """One line of the summary."""

    sensor: str
    outcome: Outcome
    readings: int = 0
    rejected: int = 0
    anomalies: int = 0
    seconds: float = 0.0
    reason: str = ""
    """One sentence for people; set when failed, or when there is something to know."""
    noticed: Mapping[str, int] = field(default_factory=dict)
    """Issues of its rows, rejected or not, with counts."""

    @classmethod
    def from_json(cls, node: Node) -> Self:
        """Read the wire form."""
        return cls(
            sensor=sensor_at(node["sensor"]),
            outcome=Outcome(node["outcome"].text()),
            readings=node["readings"].count(),
            rejected=node["rejected"].count(),
            anomalies=node["anomalies"].count(),
            seconds=node["seconds"].seconds(),
            reason=node["reason"].value or "",
            noticed=counts_at(node["noticed"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The outcome of one run."""

    hour: RunHour
    run: str
    dag_run_id: str
    sensors: tuple[SensorOutcome, ...]
    planned_at: str = ""
    """Of the run's plan: tells which of two runs of an hour is newer; empty in summaries of version 0.1.0."""
    colour: str = ""
    """``green``, ``amber`` or ``red``, as the settings of the run judge it; see ``verdict.py``."""
    failed_steps: Mapping[str, str] = field(default_factory=dict)
    """Steps of the DAG before scoring that failed, and why; the reason may be empty."""
    clears: int = 0
    """How often something in the run had been cleared when this was made."""
    stray: tuple[str, ...] = ()
    """Sensors with predictions that the plan does not expect."""
    unknown_packs: tuple[str, ...] = ()
    """Packs with readings to which no sensor of the registry belongs."""
    unclaimed: int = 0
    """Blobs among the hour's readings that lie in the folder of no sensor and no pack, and are not scored."""
    unclaimed_named: tuple[str, ...] = ()
    """Two of them."""
    pool_trouble: tuple[str, ...] = ()
    """Problems of the Batch pool, a sentence each; asked only when sensors failed or the run was
    late."""
    pool: PoolUse | None = None
    """Node-hours that the run used; None if unknown."""

    def having(self, outcome: Outcome) -> tuple[SensorOutcome, ...]:
        """Return the lines of one outcome."""
        return tuple(sensor for sensor in self.sensors if sensor.outcome is outcome)

    def counts(self) -> dict[str, int]:
        """Count the outcomes; every outcome has its entry."""
        counted = Counter(sensor.outcome for sensor in self.sensors)
        return {outcome.value: counted[outcome] for outcome in Outcome}

    def totals(self) -> dict[str, float]:
        """Add up readings, rejected rows, anomalies and seconds."""
        return {
            "readings": sum(sensor.readings for sensor in self.sensors),
            "rejected": sum(sensor.rejected for sensor in self.sensors),
            "anomalies": sum(sensor.anomalies for sensor in self.sensors),
            "seconds": round(sum(sensor.seconds for sensor in self.sensors), 3),
        }

    @property
    def is_silent(self) -> bool:
        """Whether sensors exist and not one of them sent anything."""
        silent = self.having(Outcome.SILENT)
        return bool(silent) and len(silent) == len(self.sensors)

    @property
    def is_unmodelled(self) -> bool:
        """Whether sensors sent readings and none of them has a model."""
        sent_with_model = self.having(Outcome.SCORED) or self.having(Outcome.FAILED)
        return not sent_with_model and bool(self.having(Outcome.UNMODELLED) or self.unknown_packs)

    @property
    def unsaid(self) -> str:
        """The reason given for a sensor without any report."""
        return _unsaid(self.failed_steps)

    @property
    def failed_share(self) -> float:
        """Failed sensors over those that had readings and a model; 0 if there were none."""
        failed, scored = len(self.having(Outcome.FAILED)), len(self.having(Outcome.SCORED))
        return failed / (failed + scored) if failed else 0.0

    def _node_seconds(self) -> float:
        """Return seconds of nodes to a second of scoring: what the run used is split over its sensors so."""
        whole = sum(sensor.seconds for sensor in self.sensors)
        return self.pool.seconds / whole if self.pool and whole else 0.0

    def to_json(self) -> str:
        """Return the summary's text."""
        node_seconds = self._node_seconds()
        return json_message.render(
            {
                "hour": str(self.hour),
                "run": self.run,
                "dag_run_id": self.dag_run_id,
                "planned_at": self.planned_at,
                "colour": self.colour,
                "counts": self.counts(),
                "totals": self.totals(),
                "failed_steps": dict(self.failed_steps),
                "clears": self.clears,
                "stray": list(self.stray),
                "unknown_packs": list(self.unknown_packs),
                "unclaimed": self.unclaimed,
                "unclaimed_named": list(self.unclaimed_named),
                "pool_trouble": list(self.pool_trouble),
                "pool": self.pool.to_json() if self.pool else None,
                "sensors": [_line(sensor, node_seconds) for sensor in self.sensors],
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a summary.

        :raises MessageError: naming the place that is wrong
        """
        root = json_message.parse("summary", text)
        return cls(
            hour=hour_at(root["hour"]),
            run=root["run"].text(),
            dag_run_id=root["dag_run_id"].text(),
            sensors=tuple(SensorOutcome.from_json(node) for node in root["sensors"].elements()),
            planned_at=str(root["planned_at"].value or ""),
            colour=str(root["colour"].value or ""),
            failed_steps=_steps_at(root["failed_steps"]),
            # One that does not say was made before it was asked: it is older than any clear.
            clears=-1 if root["clears"].is_absent else root["clears"].count(),
            stray=tuple(node.text() for node in root["stray"].elements()),
            unknown_packs=tuple(node.text() for node in root["unknown_packs"].elements()),
            unclaimed=int(root["unclaimed"].value or 0),
            unclaimed_named=tuple(str(name) for name in root["unclaimed_named"].value or ()),
            pool_trouble=tuple(str(trouble) for trouble in root["pool_trouble"].value or ()),
            pool=None if root["pool"].is_absent else PoolUse.from_json(root["pool"]),
        )


def summarise(
    plan: Plan,
    reports: Iterable[Report],
    verdict: GateVerdict,
    failures: Mapping[str, str],
    *,
    dag_run_id: str,
    failed_steps: Mapping[str, str] | None = None,
    pool: PoolUse | None = None,
) -> Summary:
    """Put together what is known of a run.

    A sensor counts as scored only if a report says so *and* its prediction passed the gate.

    :param reports: of the plan's Batch tasks, oldest first; the last word on a sensor counts
    :param failures: group to the reason its task instance failed with
    """
    reported = last_words(reports, planned_at=plan.planned_at)
    wrong = {
        sensor: f"its prediction is {words}"
        for words, sensors in (
            ("missing", verdict.missing),
            ("empty", verdict.empty),
            ("stale", verdict.stale),
            ("in two blobs; delete the outdated one", verdict.doubled),
        )
        for sensor in sensors
    }
    steps = dict(failed_steps or {})
    unsaid = _unsaid(steps)
    planned = [
        _outcome(sensor, reported.get(sensor), failures.get(group, unsaid), wrong.get(sensor, ""))
        for group, sensors in plan.groups.items()
        for sensor in sensors
    ]
    others = [
        *(SensorOutcome(sensor=sensor, outcome=Outcome.SILENT) for sensor in plan.silent),
        *(SensorOutcome(sensor=sensor, outcome=Outcome.UNMODELLED) for sensor in plan.unmodelled),
    ]
    return Summary(
        hour=plan.hour,
        run=plan.run,
        dag_run_id=dag_run_id,
        sensors=tuple(sorted([*planned, *others], key=lambda line: line.sensor)),
        planned_at=plan.planned_at,
        failed_steps=steps,
        stray=verdict.stray,
        unknown_packs=plan.unknown_packs,
        unclaimed=plan.unclaimed,
        unclaimed_named=plan.unclaimed_named,
        pool=pool,
    )


def _steps_at(node: Node) -> dict[str, str]:
    if isinstance(node.value, list):  # as summaries of earlier days have it
        return {step.text(): "" for step in node.elements()}
    return {step: str(reason.value or "") for step, reason in node.items()}


def _unsaid(steps: Mapping[str, str]) -> str:
    return f"{' and '.join(steps)} failed" if steps else "it was not scored, and no report says why"


def _outcome(sensor: str, report: SensorReport | None, failure: str, wrong: str) -> SensorOutcome:
    if report is None:
        return SensorOutcome(sensor=sensor, outcome=Outcome.FAILED, reason=failure)
    outcome, reason = _judged(report, failure, wrong)
    return SensorOutcome(
        sensor=sensor,
        outcome=outcome,
        readings=report.readings,
        rejected=report.rejected,
        anomalies=report.anomalies,
        seconds=report.seconds,
        reason=reason,
        noticed=report.noticed,
    )


def _judged(report: SensorReport, failure: str, wrong: str) -> tuple[Outcome, str]:
    if report.state is ReportedState.FAILED:
        return Outcome.FAILED, report.reason or failure
    if report.state is ReportedState.SKIPPED:
        return Outcome.SILENT, report.reason
    return (Outcome.FAILED, wrong) if wrong else (Outcome.SCORED, report.reason)


def _line(sensor: SensorOutcome, node_seconds: float) -> dict[str, Any]:
    # Written out: dataclasses.asdict, which copies deeply, takes half of the time of a summary's text.
    return {
        "sensor": sensor.sensor,
        "outcome": sensor.outcome.value,
        "readings": sensor.readings,
        "rejected": sensor.rejected,
        "anomalies": sensor.anomalies,
        "seconds": round(sensor.seconds, 6),
        "reason": sensor.reason,
        "noticed": dict(sensor.noticed),
        "node_seconds": round(sensor.seconds * node_seconds, 3),
    }
