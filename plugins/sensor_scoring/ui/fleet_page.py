"""The fleet page: a shell without data, whose script asks the routes of ``api``.

Airflow shows it in frames: as a page of its own, as a tab of a DAG, and as a tab of a DAG run.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from sensor_scoring.azure_batch.links import PREFIX, web_root
from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.ui import responses
from sensor_scoring.ui.api.access import may_see_runs
from sensor_scoring.ui.markup import Markup

if TYPE_CHECKING:
    from fastapi import HTTPException, Request

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Fleet</title>
<meta name="airflow-root" content="{root}">
<meta name="dag-id" content="{dag}">
{run}<link rel="stylesheet" href="{root}{prefix}/static/fleet.css">
<script type="module" src="{root}{prefix}/static/fleet.js"></script>
</head>
<body>
<div id="fleet"></div>
<noscript>This page draws the fleet with JavaScript, which your browser does not run.</noscript>
</body>
</html>
"""

may_see_fleet = requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id=DAG_ID)

router = APIRouter(prefix="/fleet", default_response_class=HTMLResponse)


@router.get("", dependencies=[Depends(may_see_fleet)])
def fleet_page() -> HTMLResponse:
    """Show the fleet."""
    return _shell()


@router.get("/dags/{dag_id}", dependencies=[Depends(may_see_runs)])
def dag_tab(dag_id: str) -> HTMLResponse:
    """Show the fleet as a tab of the DAG that scores it."""
    return _shell() if dag_id == DAG_ID else _elsewhere(dag_id)


@router.get("/dags/{dag_id}/runs/{run_id}", dependencies=[Depends(may_see_runs)])
def run_tab(dag_id: str, run_id: str) -> HTMLResponse:
    """Show a run as a tab of its own."""
    return _shell(run_id) if dag_id == DAG_ID else _elsewhere(dag_id)


async def refusal(request: Request, error: HTTPException) -> HTMLResponse:
    """Say why there is no page, also in Airflow's frame."""
    return _framed(await responses.refusal(request, error))


def _shell(run_id: str = "") -> HTMLResponse:
    page = _SHELL.format(
        root=escape(web_root()),
        prefix=PREFIX,
        dag=escape(DAG_ID),
        run=f'<meta name="run-id" content="{escape(run_id)}">\n' if run_id else "",
    )
    headers = {**responses.HEADERS, "Content-Security-Policy": POLICY}
    return HTMLResponse(page, headers=headers)


def _elsewhere(dag_id: str) -> HTMLResponse:
    """Say that a DAG has no such tab: Airflow shows a plugin's tabs on every DAG."""
    sentence = Markup.paragraph(f"The DAG {dag_id} scores no fleet: {DAG_ID} does.")
    links = Markup.links([("Fleet", f"{web_root()}{PREFIX}/fleet")])
    return _framed(responses.page(Markup.page("No fleet", sentence, links)))


def _framed(answer: HTMLResponse) -> HTMLResponse:
    policy = responses.HEADERS["Content-Security-Policy"]
    answer.headers["Content-Security-Policy"] = policy.replace(
        "frame-ancestors 'none'", "frame-ancestors 'self'"
    )
    return answer
