"""What registry and training summaries know of a sensor's model; the rest stays unknown. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoring_contract import json_message
from scoring_contract.errors import MessageError
from sensor_scoring.training.promotion import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from scoring_contract.messages.registry import SensorEntry, TrainedModel

_COMPARED = ("readings", "anomaly_share", "drift", "changed_share", "precision", "recall")


@dataclass(frozen=True, slots=True)
class PastDecision:
    """What a training run decided about a sensor.

    :param at: when its summary was written
    :param compared: measures of the new model, and the version that it was compared with
    """

    version: str
    decision: Decision
    reason: str
    at: datetime
    dag_run_id: str
    compared: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastVersion:
    """A version of a sensor's model.

    :param decided: the first decision that published it; None if no training run's summary tells of it
    """

    model: TrainedModel
    is_current: bool
    decided: PastDecision | None = None

    @property
    def published_at(self) -> datetime | None:
        """When it came into the registry; None if that is unknown."""
        is_first = self.decided is not None and self.decided.decision is not Decision.KEPT
        return self.decided.at if self.decided and is_first else None


@dataclass(frozen=True, slots=True)
class ModelHistory:
    """The versions of a sensor's model, the newest first."""

    current: TrainedModel
    promoted_at: datetime | None
    versions: tuple[PastVersion, ...]
    unknown: tuple[str, ...]
    """What is unknown and why, a sentence each."""

    @classmethod
    def of(
        cls, entry: SensorEntry, decisions: Sequence[PastDecision], problems: Iterable[str]
    ) -> ModelHistory:
        """Put together what is known.

        :param decisions: of the training runs that are left
        :param problems: a sentence for each summary that cannot be read
        """
        first: dict[str, PastDecision] = {}
        for each in sorted(decisions, key=lambda each: (each.decision is Decision.KEPT, each.at)):
            first.setdefault(each.version, each)
        versions = [
            PastVersion(model, version == entry.current, first.get(version))
            for version, model in entry.versions.items()
        ]
        promoted = _promoted(entry, decisions)
        unknown = [] if promoted else ["When the current version was promoted: no training run says so."]
        return cls(
            entry.versions[entry.current],
            promoted.at if promoted else None,
            tuple(sorted(versions, key=_age, reverse=True)),
            (*unknown, *problems),
        )


def decision_about(sensor: str, summary: bytes, at: datetime) -> PastDecision | None:
    """Return what a training run decided about a sensor; None if it gave it no model.

    :param summary: text of the run's summary
    :param at: when that was written
    :raises MessageError: if it cannot be read
    """
    root = json_message.parse("training summary", summary)
    lines = root["sensors"].value
    if not isinstance(lines, list):
        raise root["sensors"].wrong("is not a list")
    # A large fleet's has a line for each of its sensors: only this one's is looked at closely.
    line = next((each for each in lines if isinstance(each, dict) and each.get("sensor") == sensor), None)
    if line is None or "version" not in line:
        return None
    try:
        return PastDecision(
            version=str(line["version"]),
            decision=Decision(line["decision"]),
            reason=str(line.get("reason") or ""),
            at=at,
            dag_run_id=root["dag_run_id"].text(),
            compared={
                "with": line.get("compared_with") or None,
                **{name: _measure(line.get(name)) for name in _COMPARED},
            },
        )
    except (ValueError, KeyError) as error:
        raise MessageError(
            "training summary", "sensors", f"says nothing readable of {sensor}: {error}"
        ) from error


def _measure(value: Any) -> float | None:
    """Return a measure; None if there is none.

    :raises ValueError: if it is no number
    """
    if value is not None and not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a measure")
    return value


def _promoted(entry: SensorEntry, decisions: Iterable[PastDecision]) -> PastDecision | None:
    """Return the decision that made the current version the current one; None if no run took it.

    Registries do not say when a person promotes a version or rolls back, so the last promotion of a training
    run counts only if nobody can have changed the current version since.
    """
    promoted = [each for each in decisions if each.decision is Decision.PROMOTED]
    last = max(promoted, key=lambda each: each.at, default=None)
    is_still = last is not None and last.version == entry.current and entry.current not in entry.former
    return last if is_still else None


def _age(version: PastVersion) -> tuple[str, str]:
    model = version.model
    return str(model.trained_until or ""), model.ref.version
