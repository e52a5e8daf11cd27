"""The plugin: cheap for every Airflow process, with pages behind the api-server's own authorisation."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from sensor_scoring.azure_batch import links
from tests.sensor_scoring.api_server import PATH, Request, environ_of

if TYPE_CHECKING:
    from tests.sensor_scoring.api_server import ApiServer

PREFIX = "/sensor-scoring"
PREDICTIONS = f"{PREFIX}/dags/dag/runs/run/tasks/score/jobs/foreign/predictions/1_4"
FLEET = f"{PREFIX}/fleet"
DAG_TAB, OTHER_TAB = f"{FLEET}/dags/hourly_scoring", f"{FLEET}/dags/other"
RUN_TAB = f"{DAG_TAB}/runs/manual__2018-08-29T03%3A00%3A00%2B00%3A00"
API = f"{PREFIX}/api/dags/hourly_scoring"
DOCUMENT = f"{PREFIX}/api/openapi.json"
RIGHTS = f"{API}/rights"
RUN, POOL = f"{API}/runs/manual__2018-08-29T03%3A00%3A00%2B00%3A00", f"{API}/pool"
ROUTES = [f"{API}/hours", f"{API}/hours/2018-08-29T02", f"{API}/sensors", RUN, POOL, DOCUMENT]
STATIC_FILES = "fleet.js", "fleet.css"
STATIC = [f"{PREFIX}/static/{name}" for name in STATIC_FILES]
POLICY = "content-security-policy"

LOADING = """
import json, sys
from airflow import plugins_manager
before = set(sys.modules)
app, = (app for app in plugins_manager.get_fastapi_plugins()[0] if app["name"] == "Sensor scoring")
new = sorted(set(sys.modules) - before)
(plugin,) = (each for each in plugins_manager.get_plugin_info() if each["name"] == "sensor_scoring")
views = {view["destination"]: view["href"] for view in plugin["external_views"]}
errors = plugins_manager.get_import_errors()
print(json.dumps({"prefix": app["url_prefix"], "new": new, "errors": errors, "views": views}))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Load the plugin in an Airflow that has just been started."""
    command = [sys.executable, "-c", LOADING]
    environ = environ_of(tmp_path_factory.mktemp("airflow"))
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_loading_the_plugin_imports_next_to_nothing(loaded: dict[str, Any]) -> None:
    """Every Airflow process loads it, so it brings no web framework, Azure client or page."""
    assert loaded["prefix"] == links.PREFIX
    assert loaded["errors"] == {}
    heavy = ("fastapi", "starlette", "azure", "sensor_scoring", "scoring_contract")
    # The weights, which the scheduler asks for, the listeners, which it calls, and links of the api-server.
    light = {"", ".priority", ".azure_batch", ".azure_batch.addresses", ".hourly", ".hourly.names"}
    light |= {f".hourly.{name}" for name in ("clear_listener", "note_listener", "web_links")}
    assert [
        name
        for name in loaded["new"]
        if name.split(".")[0] in heavy and name.removeprefix("sensor_scoring") not in light
    ] == []


def test_the_fleet_is_in_the_menu_and_on_every_dag_and_run(loaded: dict[str, Any]) -> None:
    """By addresses that hold below any path that Airflow is served under."""
    assert loaded["views"] == {
        "nav": "sensor-scoring/fleet",
        "dag": "sensor-scoring/fleet/dags/{DAG_ID}",
        "dag_run": "sensor-scoring/fleet/dags/{DAG_ID}/runs/{RUN_ID}",
    }


def test_airflow_decides_who_sees_the_pages(api_server: ApiServer) -> None:
    """In a real api-server, a page requires a user who may read the DAG's task logs."""
    assert api_server.imported == []
    people = "nobody", "without a role", "viewer"
    signed_out, no_role, viewer = api_server.ask(
        *(Request(who, "GET", PATH + PREDICTIONS, {}) for who in people)
    )
    assert signed_out["status"] == 401
    assert "/api/v2/auth/login?next=" in signed_out["text"]
    assert no_role["status"] == 403
    assert "does not let you see the task logs" in no_role["text"]
    # Past the check, and refused by us: there is no such Batch job in that run.
    assert viewer["status"] == 404
    assert "no such Batch job" in viewer["text"]
    assert all("default-src 'none'" in each[POLICY] for each in (signed_out, no_role, viewer))


@pytest.fixture(scope="module")
def asked(api_server: ApiServer) -> dict[str, Any]:
    """Ask for all addresses of the fleet page as several people."""
    addresses = [FLEET, DAG_TAB, RUN_TAB, OTHER_TAB, *ROUTES, RIGHTS, *STATIC, f"{PREFIX}/static/none.js"]
    people = "nobody", "without a role", "viewer", "user"
    answers = iter(
        api_server.ask(*(Request(who, "GET", PATH + address, {}) for who in people for address in addresses))
    )
    return {who: {address: next(answers) for address in addresses} for who in people}


def test_airflow_decides_who_sees_the_fleet(asked: dict[str, Any]) -> None:
    """Neither the page nor what it asks for is there without a session, or without the right to read runs."""
    for address in (FLEET, DAG_TAB, RUN_TAB, *ROUTES):
        assert asked["nobody"][address]["status"] == 401
        if address != DOCUMENT:
            assert asked["without a role"][address]["status"] == 403
    for address in (FLEET, DAG_TAB, RUN_TAB, DOCUMENT):
        assert asked["viewer"][address]["status"] == 200
    for address in set(ROUTES) - {DOCUMENT, POOL}:
        # Past the check: this Airflow has no connection to a storage account.
        assert asked["viewer"][address]["status"] == 502
        assert json.loads(asked["viewer"][address]["text"]) == {
            "detail": "The conn_id `wasb_default` isn't defined."
        }


def test_the_page_knows_what_airflow_lets_each_viewer_do(asked: dict[str, Any]) -> None:
    """Who may only look is offered no button that Airflow would refuse."""
    assert [asked[who][RIGHTS]["status"] for who in ("nobody", "without a role")] == [401, 403]
    rights = "clear", "backfill", "trigger", "label"
    for who, may in (("viewer", False), ("user", True)):
        assert json.loads(asked[who][RIGHTS]["text"]) == dict.fromkeys(rights, may)


def test_what_is_unknown_of_the_pool_is_said_to_who_may_see_it(asked: dict[str, Any]) -> None:
    """This Airflow has no connection to a Batch account."""
    assert asked["viewer"][POOL]["status"] == 200
    unknown = json.loads(asked["viewer"][POOL]["text"])["unknown"]
    assert {each["why"] for each in unknown} == {"The conn_id `azure_batch_default` isn't defined"}


def test_who_may_not_ask_is_told_in_a_sentence(asked: dict[str, Any]) -> None:
    """The page shows it as it is."""
    assert json.loads(asked["nobody"][ROUTES[0]]["text"]) == {
        "detail": "You are not signed in to Airflow, or no longer."
    }
    assert json.loads(asked["without a role"][ROUTES[0]]["text"]) == {
        "detail": "Airflow does not let you do this with this DAG."
    }


def test_the_page_is_a_shell_that_may_do_little(asked: dict[str, Any]) -> None:
    """Script and style of its own, requests to its own server, in no frame but Airflow's."""
    page = asked["viewer"][RUN_TAB]
    assert page[POLICY] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    for part in (
        '<meta name="airflow-root" content="/air">',
        '<meta name="dag-id" content="hourly_scoring">',
        '<meta name="run-id" content="manual__2018-08-29T03:00:00+00:00">',
        '<script type="module" src="/air/sensor-scoring/static/fleet.js"></script>',
        '<link rel="stylesheet" href="/air/sensor-scoring/static/fleet.css">',
    ):
        assert part in page["text"]
    assert "run-id" not in asked["viewer"][FLEET]["text"]
    assert "style=" not in page["text"]


def test_a_dag_that_scores_nothing_says_so_in_its_tab(asked: dict[str, Any]) -> None:
    """Airflow shows a plugin's tabs on every DAG."""
    page = asked["viewer"][OTHER_TAB]
    assert "The DAG other scores no fleet: hourly_scoring does." in page["text"]
    assert 'href="/air/sensor-scoring/fleet"' in page["text"]
    for who in ("viewer", "nobody"):
        assert "frame-ancestors 'self'" in asked[who][OTHER_TAB][POLICY]


def test_script_and_style_are_there_for_everybody(asked: dict[str, Any]) -> None:
    """They hold no data; a browser asks whether it has the present ones."""
    for who in ("nobody", "viewer"):
        script, style, missing = (
            asked[who][f"{PREFIX}/static/{name}"] for name in (*STATIC_FILES, "none.js")
        )
        assert (script["status"], style["status"], missing["status"]) == (200, 200, 404)
        assert script["content-type"].startswith("text/javascript")
        assert style["content-type"].startswith("text/css")
        for file in (script, style):
            assert (file["cache-control"], file["x-content-type-options"]) == ("no-cache", "nosniff")
            assert file["etag"]


def test_the_document_describes_every_route(asked: dict[str, Any]) -> None:
    """With the form of its answers and of its refusals, relative to where it lies."""
    document = json.loads(asked["viewer"][DOCUMENT]["text"])
    assert document["servers"] == [{"url": "."}]
    assert {f"{PREFIX}/api{path}" for path in document["paths"]} >= {
        address.replace("hourly_scoring", "{dag_id}")
        .replace("manual__2018-08-29T03%3A00%3A00%2B00%3A00", "{run_id}")
        .replace("2018-08-29T02", "{hour}")
        for address in set(ROUTES) - {DOCUMENT}
    }
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["security"]
            assert {"401", "403", "404", "422", "502"} <= set(operation["responses"])
