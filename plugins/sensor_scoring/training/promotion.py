"""Who becomes current after a training run, sensor by sensor, and why. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from scoring_contract import json_message
from scoring_contract.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring_contract.messages.registry import Registry, TrainedSensor
    from scoring_contract.messages.training_report import TrainingReport, TrainingResult
    from sensor_scoring.training.gate import TrainingGate
    from sensor_scoring.training.plan import TrainingPlan


class Decision(StrEnum):
    """Outcome of a sensor."""

    PROMOTED = "promoted"
    """Its new model is the current one."""
    KEPT = "kept"
    """Nothing is new: training gave the current model again."""
    SILENT = "silent"
    """It has a model, and there was nothing to train on."""
    REFUSED = "refused"
    """There is a new model, and the gate is against it. The registry has it, but it is not current."""
    UNTRAINED = "untrained"
    """No model comes out of its readings, now or at another try."""
    FAILED = "failed"
    """It was not trained for a cause that may pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorDecision:
    """One line of the summary."""

    sensor: str
    decision: Decision
    reason: str = ""
    result: TrainingResult | None = None
    """Its entry in the report."""

    @property
    def new(self) -> TrainedSensor | None:
        """The new model, if the registry is to have it."""
        is_new = self.decision in {Decision.PROMOTED, Decision.REFUSED}
        return self.result.trained if self.result and is_new else None


@dataclass(frozen=True, slots=True)
class Promotion:
    """All decisions of a run."""

    plan: TrainingPlan
    gate: TrainingGate
    decisions: tuple[SensorDecision, ...]

    @classmethod
    def decided(
        cls,
        plan: TrainingPlan,
        reports: Iterable[TrainingReport],
        registry: Registry,
        gate: TrainingGate,
        failures: Mapping[str, str],
    ) -> Self:
        """Decide about every sensor of a plan.

        :param reports: of the plan's Batch tasks, oldest first; the last word on a sensor counts
        :param registry: as it is now
        :param failures: group to the reason its task instance failed with
        """
        reported = {
            result.sensor: result
            for report in reports
            if report.planned_at == plan.planned_at
            for result in report.sensors
        }
        lines = [
            _decision(sensor, reported.get(sensor), registry, gate, failures.get(group, ""))
            for group, sensors in plan.groups.items()
            for sensor in sensors
        ]
        lines += [
            SensorDecision(sensor=sensor, decision=Decision.SILENT, reason="no readings to train on")
            for sensor in plan.silent
        ]
        return cls(plan, gate, tuple(sorted(lines, key=lambda line: line.sensor)))

    def having(self, decision: Decision) -> tuple[SensorDecision, ...]:
        """Return the lines of one decision."""
        return tuple(line for line in self.decisions if line.decision is decision)

    def counts(self) -> dict[str, int]:
        """Count the decisions; each has its entry."""
        counted = Counter(line.decision for line in self.decisions)
        return {decision.value: counted[decision] for decision in Decision}

    def applied(self, registry: Registry) -> Registry:
        """Return the registry with the new models, those promoted current.

        A refused model is there for a person to promote; a sensor's first model, refused, is not: there
        would be nothing to score with but it.
        """
        news = [line.new for line in self.decisions if line.new and _may_enter(line, registry)]
        promoted = {line.sensor: line.new.version for line in self.having(Decision.PROMOTED) if line.new}
        return registry.adding(news).promoting(promoted)

    def to_json(self, *, dag_run_id: str) -> str:
        """Return the text of the run's summary."""
        return json_message.render(
            {
                "run": self.plan.run,
                "dag_run_id": dag_run_id,
                "hours": self.plan.hours.to_json(),
                "gate": asdict(self.gate),
                "counts": self.counts(),
                "sensors": [_line(decision) for decision in self.decisions],
            }
        )


def _decision(
    sensor: str, result: TrainingResult | None, registry: Registry, gate: TrainingGate, failure: str
) -> SensorDecision:
    if result is None:
        reason = failure or "no report mentions it"
        return SensorDecision(sensor=sensor, decision=Decision.FAILED, reason=reason)
    decision, reason = _judged(result, registry, gate)
    return SensorDecision(sensor=sensor, decision=decision, reason=reason, result=result)


def _judged(result: TrainingResult, registry: Registry, gate: TrainingGate) -> tuple[Decision, str]:
    if result.trained is None or result.evaluation is None:
        return Decision.FAILED if result.is_failed else Decision.UNTRAINED, result.reason
    entry = registry.sensors.get(result.sensor)
    current = entry.current if entry else ""
    if result.trained.version == current == result.compared_with:
        return Decision.KEPT, _with_note("training reproduced the current model and rewrote its file", result)
    if result.trained.version == current:  # an earlier try of this step has written it
        return Decision.PROMOTED, result.reason
    objections = list(gate.objections(result.evaluation))
    if result.compared_with != current:
        # Somebody has promoted, rolled back or trained meanwhile: the comparison is with a model of the past.
        objections.append(
            f"it was compared with {result.compared_with or 'nothing'}, and {current or 'nothing'} is current"
        )
    try:
        registry.check_pair(result.sensor, result.trained.device, result.trained.tag)
        if entry:
            entry.adding(result.trained.model)
    except RegistryError as error:
        return Decision.UNTRAINED, str(error)
    if objections:
        return Decision.REFUSED, _with_note("; ".join(objections), result)
    return Decision.PROMOTED, result.reason


def _with_note(reason: str, result: TrainingResult) -> str:
    """Return a reason with what the scorer noted, such as labels that it could not read."""
    return "; ".join(filter(None, (reason, result.reason)))


def _may_enter(line: SensorDecision, registry: Registry) -> bool:
    return line.decision is Decision.PROMOTED or line.sensor in registry.sensors


def _line(line: SensorDecision) -> dict[str, Any]:
    body: dict[str, Any] = {
        "sensor": line.sensor,
        "decision": line.decision.value,
        "reason": line.reason,
    }
    result = line.result
    if result is None or result.trained is None or result.evaluation is None:
        return body
    evaluation = result.evaluation
    labels = evaluation.labels
    return body | {
        "version": result.trained.version,
        "compared_with": result.compared_with,
        "trained_on": result.trained.model.rows,
        "readings": evaluation.readings,
        "anomaly_share": round(evaluation.anomaly_share, 6),
        "drift": evaluation.comparison.drift if evaluation.comparison else None,
        "changed_share": _rounded(evaluation.changed_share),
        "precision": _rounded(labels.precision) if labels else None,
        "recall": _rounded(labels.recall) if labels else None,
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)
