"""The application of all routes, and the one document that describes them."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.core_api.security import get_user
from airflow.sdk.exceptions import AirflowNotFoundException
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError

from scoring_contract.errors import ContractError
from sensor_scoring.errors import RegistryMissing, ScoringError
from sensor_scoring.ui.api import (
    answers,
    gaps,
    hours,
    labels,
    model,
    readings,
    repairs,
    rescore,
    rights,
    sensors,
)
from sensor_scoring.ui.api.access import may_see_runs, scores_the_fleet
from sensor_scoring.ui.api.pool import route as pool
from sensor_scoring.ui.api.run import route as runs
from sensor_scoring.ui.headers import Headed

TOPICS = tuple(
    topic.router
    for topic in (hours, sensors, readings, model, labels, gaps, repairs, rescore, runs, pool, rights)
)
"""Below the address of the DAG; whoever adds a router adds it here."""

app = FastAPI(
    title="Sensor scoring",
    openapi_url=None,  # it would be there for those who are not signed in
    redirect_slashes=False,
    servers=[{"url": "."}],  # beside the document, whatever path Airflow is served under
    exception_handlers={
        **dict.fromkeys((401, 403, 404, 405, 409, 415, 422), answers.refusal),
        RequestValidationError: answers.invalid,
        RegistryMissing: answers.absence,
        ScoringError: answers.failure,
        ContractError: answers.failure,
        AirflowNotFoundException: answers.failure,  # Airflow has no such connection
    },
)
app.add_middleware(Headed, headers=answers.HEADERS)
for topic in TOPICS:
    app.include_router(
        topic,
        prefix="/dags/{dag_id}",
        # Before the routes' own: nobody learns what is there before Airflow has said who may.
        dependencies=[Depends(may_see_runs), Depends(scores_the_fleet)],
        responses=answers.REFUSALS,
    )


@app.get("/openapi.json", dependencies=[Depends(get_user)], include_in_schema=False)
def document() -> dict[str, Any]:
    """Describe the routes, to those who are signed in."""
    return app.openapi()
