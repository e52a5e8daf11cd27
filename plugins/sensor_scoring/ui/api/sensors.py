"""Route to the sensors of the fleet."""

from __future__ import annotations

import gzip
import logging
from threading import Lock
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from scoring_contract import layout
from sensor_scoring.alerts.anomaly_rate import SpikeRule
from sensor_scoring.alerts.history import AlertHistory
from sensor_scoring.alerts.history_store import HISTORY_BLOB
from sensor_scoring.fleet.roster import roster_of
from sensor_scoring.registry_blob import read_registry
from sensor_scoring.ui.api.answers import compressed
from sensor_scoring.ui.api.deployment import Deployed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor_scoring.ui.api.deployment import Deployment

log = logging.getLogger(__name__)

router = APIRouter(tags=["sensors"])

_FORM = 1
"""Of the answer: browsers that keep one of another form ask again."""


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


class LastAnswer:
    """The answer that was made last: a large fleet's takes a second, and changes once an hour."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._etag, self._content = "", b""

    def of(self, etag: str, make: Callable[[], bytes]) -> bytes:
        """Return the answer that an ETag names, made if it is not the last one."""
        with self._lock:
            if etag != self._etag:
                self._content, self._etag = make(), etag
            return self._content


_last = LastAnswer()


@router.get("/sensors", response_class=Response, responses={200: {"model": Roster}})
def sensors(request: Request, deployed: Deployed) -> Response:
    """Return what the registry and the alert history know of the sensors."""
    store, containers = deployed.store, deployed.settings.containers
    etags = (
        store.etag(containers.models_container, layout.REGISTRY_BLOB),
        store.etag(containers.runs_container, HISTORY_BLOB),
    )
    etag = f"{_FORM}-{'-'.join(etags)}"
    return compressed(request, _last.of(etag, lambda: _roster(deployed)), etag=etag)


def _roster(deployed: Deployment) -> bytes:
    settings = deployed.settings
    columns = roster_of(
        read_registry(deployed.store, settings), _alert_history(deployed), SpikeRule.of(settings.alerts)
    )
    return gzip.compress(Roster(**columns).model_dump_json().encode(), mtime=0)


def _alert_history(deployed: Deployment) -> AlertHistory:
    """Return the alert history; an empty one if there is none that reads."""
    text = deployed.store.read(deployed.settings.containers.runs_container, HISTORY_BLOB)
    try:
        return AlertHistory.from_json(text) if text else AlertHistory()
    except ValueError as error:
        log.warning("The alert history is unreadable, so no baseline is known: %s", error)
        return AlertHistory()
