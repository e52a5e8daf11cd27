"""Route to a sensor's model: what the registry and training runs know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from scoring_contract.sensor_names import display_of
from sensor_scoring.blob_storage.registry import read_entry
from sensor_scoring.sensors.model_store import model_history
from sensor_scoring.ui.api.deployment import Deployed
from sensor_scoring.ui.api.one_sensor import AskedSensor

if TYPE_CHECKING:
    from datetime import datetime

    from scoring_contract.messages.registry import TrainedModel
    from sensor_scoring.sensors.model_history import ModelHistory, PastVersion

router = APIRouter(tags=["sensor"])


class TrainedOn(BaseModel):
    """What a model was trained on."""

    first: str = Field(serialization_alias="from")
    """First hour."""
    until: str
    """First hour after the training hours."""
    readings: int
    libraries: dict[str, str]
    """Versions of the libraries that fitted it."""


class Compared(BaseModel):
    """Measures of a new model on later readings, beside the model that was current then."""

    version: str | None = Field(alias="with")
    """The version that it was compared with; null for a first model."""
    readings: int | None
    anomaly_share: float | None
    drift: float | None
    changed_share: float | None
    precision: float | None
    recall: float | None


class Version(BaseModel):
    """A version of the model, and what became of it; null stands for what is not known."""

    version: str
    is_current: bool
    trained_on: TrainedOn | None
    published_at: str | None
    decision: str | None
    """Of the training run that published it, as its summary names it."""
    reason: str
    dag_run_id: str | None
    """Of ``train_models``."""
    compared: Compared | None


class Model(BaseModel):
    """A sensor's current model, and the versions before and beside it; null stands for what is not known."""

    version: str
    trained_at: str | None
    """End of the hours that it was trained on; null for a model from elsewhere."""
    trained_on: TrainedOn | None
    promoted_at: str | None
    history: list[Version]
    """The newest first."""
    unknown: list[str]
    """What is not known and why, a sentence each."""


@router.get("/sensors/{sensor}/model")
def model(sensor: AskedSensor, deployed: Deployed) -> Model:
    """Return what is known of the sensor's model."""
    entry = read_entry(deployed.store, deployed.settings, sensor)
    if entry is None:
        raise HTTPException(404, f"The registry has no sensor {display_of(sensor)}.")
    found = model_history(deployed.store, deployed.settings, sensor, entry)
    until = found.current.trained_until
    return Model(
        version=entry.current,
        trained_at=_written(until.start if until else None),
        trained_on=_trained_on(found.current),
        promoted_at=_written(found.promoted_at),
        history=_versions(found),
        unknown=list(found.unknown),
    )


def _versions(history: ModelHistory) -> list[Version]:
    return [_version(each) for each in history.versions]


def _version(past: PastVersion) -> Version:
    decided = past.decided
    return Version(
        version=past.model.ref.version,
        is_current=past.is_current,
        trained_on=_trained_on(past.model),
        published_at=_written(past.published_at),
        decision=decided.decision if decided else None,
        reason=decided.reason if decided else "",
        dag_run_id=decided.dag_run_id if decided else None,
        compared=Compared(**decided.compared) if decided else None,
    )


def _trained_on(trained: TrainedModel) -> TrainedOn | None:
    if trained.trained_from is None or trained.trained_until is None:
        return None
    return TrainedOn(
        first=str(trained.trained_from),
        until=str(trained.trained_until),
        readings=trained.rows,
        libraries=dict(trained.libraries),
    )


def _written(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
