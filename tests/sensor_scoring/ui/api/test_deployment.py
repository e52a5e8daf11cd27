"""What every route needs of the deployment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sensor_scoring.ui.api.deployment import deployment

if TYPE_CHECKING:
    import pytest

    from local_stack.services.azurite import BlobStorage


def test_requests_share_a_client_until_its_connection_changes(
    storage: BlobStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new client would sign in again for each; one of an old connection would ask with an old key."""
    monkeypatch.setenv("SENSOR_SCORING_WASB_CONN_ID", "wasb_for_tests")
    first = deployment().store
    assert deployment().store is first
    connection = {"conn_type": "wasb", "extra": {"connection_string": storage.connection_string, "x": "y"}}
    monkeypatch.setenv("AIRFLOW_CONN_WASB_FOR_TESTS", json.dumps(connection))
    assert deployment().store is not first
