"""The plugin: cheap for every Airflow process, with pages behind the api-server's own authorisation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sensor_scoring.azure_batch import links

ROOT = Path(__file__).parent.parent.parent
ADDRESS = "/sensor-scoring/dags/dag/runs/run/tasks/score/jobs/foreign/predictions/1_4"

LOADING = """
import json, sys
from airflow import plugins_manager
before = set(sys.modules)
app, = (app for app in plugins_manager.get_fastapi_plugins()[0] if app["name"] == "Sensor scoring")
new = sorted(set(sys.modules) - before)
print(json.dumps({"prefix": app["url_prefix"], "new": new, "errors": plugins_manager.get_import_errors()}))
"""

ASKING = """
import json, sys
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.utils.db import initdb
from starlette.testclient import TestClient
initdb()
app, address, found = create_app("core"), sys.argv[1], {}
found["imported"] = [name for name in sys.modules if name.startswith("sensor_scoring.ui")]
for name, role in {"nobody": None, "without a role": None, "viewer": "viewer"}.items():
    client = TestClient(app)
    if name != "nobody":
        user = SimpleAuthManagerUser(username=name, role=role)
        client.cookies.set("_token", get_auth_manager().generate_jwt(user))
    answer = client.get(address)
    found[name] = [answer.status_code, answer.text, answer.headers.get("content-security-policy", "")]
print(json.dumps(found))
"""


@pytest.fixture
def airflow(tmp_path: Path) -> dict[str, str]:
    """Return the environment of an isolated Airflow with our plugins."""
    return {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }


def last_line(script: str, *words: str, environ: dict[str, str]) -> dict[str, Any]:
    """Run Python; return the JSON in its last line."""
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_loading_the_plugin_imports_next_to_nothing(airflow) -> None:
    """Every Airflow process loads it, so it brings no web framework, Azure client or page."""
    found = last_line(LOADING, environ=airflow)
    assert found["prefix"] == links.PREFIX
    assert found["errors"] == {}
    heavy = ("fastapi", "starlette", "azure", "sensor_scoring", "scoring_contract")
    # The weights, which the scheduler asks for, the listeners, which it calls, and links of the api-server.
    light = {"", ".priority", ".azure_batch", ".azure_batch.addresses", ".hourly", ".hourly.names"}
    light |= {f".hourly.{name}" for name in ("clear_listener", "note_listener", "web_links")}
    assert [
        name
        for name in found["new"]
        if name.split(".")[0] in heavy and name.removeprefix("sensor_scoring") not in light
    ] == []


def test_airflow_decides_who_sees_the_pages(airflow) -> None:
    """In a real api-server, a page requires a user who may read the DAG's task logs."""
    found = last_line(ASKING, ADDRESS, environ=airflow)
    assert found["imported"] == []
    signed_out, no_role, viewer = found["nobody"], found["without a role"], found["viewer"]
    assert signed_out[0] == 401
    assert "/api/v2/auth/login?next=" in signed_out[1]
    assert no_role[0] == 403
    assert "does not let you see the task logs" in no_role[1]
    # Past the check, and refused by us: there is no such Batch job in that run.
    assert viewer[0] == 404
    assert "no such Batch job" in viewer[1]
    assert all("default-src 'none'" in answer[2] for answer in (signed_out, no_role, viewer))
