"""Airflow's connections in the key vault, under the names that its secrets backend asks for."""

from __future__ import annotations

import json
import re

import pytest
from airflow.providers.microsoft.azure.secrets.key_vault import AzureKeyVaultBackend

from local_stack.bootstrap import ROOT
from sensor_scoring.settings import Settings

PAGE = (ROOT / "docs" / "azure.md").read_text()
CONNECTIONS = Settings().connections


@pytest.mark.parametrize(
    "connection",
    [
        *(CONNECTIONS.batch_conn_id, CONNECTIONS.wasb_conn_id),
        *("event_hub_default", "application_insights_default"),
    ],
)
def test_a_connection_is_where_the_backend_looks(connection) -> None:
    """With the arguments of the page, which the template gives Airflow too."""
    (text,) = re.findall(r"^AIRFLOW__SECRETS__BACKEND_KWARGS=(.*)$", PAGE, re.MULTILINE)
    arguments = json.loads(text)
    backend = AzureKeyVaultBackend(**arguments)
    secret = backend.build_path(str(backend.connections_prefix), connection, backend.sep)
    assert f"| `{secret}` |" in PAGE
    template = (ROOT / "infra" / "main.bicep").read_text()
    assert "vault_url: vault.outputs.url, variables_prefix: null, config_prefix: null" in template
    assert set(arguments) == {"vault_url", "variables_prefix", "config_prefix"}
    assert backend.get_variable("any") is None, "the vault is not asked"
