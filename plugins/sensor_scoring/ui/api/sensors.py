"""Route to the sensors of the fleet."""

from __future__ import annotations

import gzip
import logging
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from scoring_contract import layout
from sensor_scoring.alerts.anomaly_rate import SpikeRule
from sensor_scoring.alerts.history import AlertHistory
from sensor_scoring.alerts.history_store import HISTORY_BLOB
from sensor_scoring.blob_storage.registry import read_registry
from sensor_scoring.fleet.roster import registered, remembered
from sensor_scoring.ui.api.answers import compressed
from sensor_scoring.ui.api.deployment import Deployed, Deployment
from sensor_scoring.ui.api.latest import Latest

log = logging.getLogger(__name__)

router = APIRouter(tags=["sensors"])

_FORM = 1
"""Of the answer: browsers that keep one of another form ask again."""
_COMPRESSION = 4
"""zlib's best takes ten times as long for a tenth less."""


class Roster(BaseModel):
    """All sensors of the registry, a column for each fact."""

    sensors: list[str]
    device: list[str]
    tag: list[str]
    version: list[str | None]
    """Of the model that scores."""
    trained_at: list[str | None]
    """End of the hours that it was trained on; null for a model from elsewhere."""
    baseline: list[float | None]
    """Usual anomaly rate, 0 to 1; null while it is unknown."""
    spiking: list[str]
    """Sensors with an anomaly spike that was reported and has not ended."""


_registered, _answer = Latest[dict[str, list[Any]]](), Latest[bytes]()
"""Of a large fleet, the first takes a second and changes with training, the second with every hour."""


@router.get("/sensors", response_class=Response, responses={200: {"model": Roster}})
def sensors(request: Request, deployed: Deployed) -> Response:
    """Return what the registry and the alert history know of the sensors."""
    store, containers = deployed.store, deployed.settings.containers
    registry = store.etag(containers.models_container, layout.REGISTRY_BLOB)
    etag = f"{_FORM}-{registry}-{store.etag(containers.runs_container, HISTORY_BLOB)}"
    return compressed(request, _answer.of(etag, lambda: _made(deployed, registry)), etag=etag)


def _made(deployed: Deployment, registry: str) -> bytes:
    store, settings = deployed.store, deployed.settings
    known = _registered.of(registry, lambda: registered(read_registry(store, settings)))
    usual = remembered(known["sensors"], _alert_history(deployed), SpikeRule.of(settings.alerts))
    return gzip.compress(Roster(**known, **usual).model_dump_json().encode(), _COMPRESSION, mtime=0)


def _alert_history(deployed: Deployment) -> AlertHistory:
    """Return the alert history; an empty one if there is none that reads."""
    text = deployed.store.read(deployed.settings.containers.runs_container, HISTORY_BLOB)
    try:
        return AlertHistory.from_json(text) if text else AlertHistory()
    except ValueError as error:
        log.warning("The alert history is unreadable, so no baseline is known: %s", error)
        return AlertHistory()
