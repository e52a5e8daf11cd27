"""The routes of the fleet page against Azurite.

Airflow's own checks of the user are the one thing stood in for; ``test_scoring_plugin.py`` meets the real
ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.ui.api.access import may_edit, may_see_runs, may_see_task_logs
from sensor_scoring.ui.api.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response

    from local_stack.services.azurite import BlobStorage
    from scoring_contract.layout import Container


@dataclass(frozen=True)
class FleetApi:
    """A storage account, and a browser that asks the routes."""

    storage: BlobStorage
    browser: TestClient

    @property
    def store(self) -> BlobStore:
        """The account as the product sees it."""
        return BlobStore("wasb_for_tests")

    def get(self, address: str, *, dag: str = DAG_ID, **headers: str) -> Response:
        """Ask a route below the DAG's address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        found: Response = self.browser.get(f"/dags/{dag}{address}", headers=named)
        return found

    def write(self, container: Container, blob: str, content: str | bytes) -> None:
        """Write a blob."""
        self.storage.container(container).upload_blob(blob, content, overwrite=True)


@pytest.fixture
def fleet_api(storage: BlobStorage, monkeypatch: pytest.MonkeyPatch) -> Iterator[FleetApi]:
    """Connect the routes to Azurite and sign in."""
    monkeypatch.setenv("SENSOR_SCORING_WASB_CONN_ID", "wasb_for_tests")
    for check in (may_see_runs, may_see_task_logs, may_edit):
        monkeypatch.setitem(app.dependency_overrides, check, lambda: None)
    with TestClient(app) as browser:
        yield FleetApi(storage, browser)
