"""Who may ask: Airflow's own checks of the signed-in user against the DAG in the address, and ours of it."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import HTTPException

from sensor_scoring.hourly.names import DAG_ID

may_see_runs = requires_access_dag("GET", DagAccessEntity.RUN)
may_edit = requires_access_dag("PUT")
may_see_task_logs = requires_access_dag("GET", DagAccessEntity.TASK_LOGS)


def scores_the_fleet(dag_id: str) -> None:
    """Refuse any other DAG: who may see that one need not be one who may see the fleet.

    :raises HTTPException: 404
    """
    if dag_id != DAG_ID:
        raise HTTPException(404, f"Only the DAG {DAG_ID} scores the fleet.")
