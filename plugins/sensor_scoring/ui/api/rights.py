"""Route to what the viewer may do: the page shows no button that Airflow would refuse.

Each request is checked again where it arrives, by Airflow or by the route.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable

router = APIRouter(tags=["rights"])

# As the routes of Airflow's REST API ask for them, and those of ours.
_may_clear = requires_access_dag("PUT", DagAccessEntity.TASK_INSTANCE)
_may_create_runs = requires_access_dag("POST", DagAccessEntity.RUN)
_may_edit = requires_access_dag("PUT")


class Rights(BaseModel):
    """What the viewer may do with the DAG."""

    clear: bool
    """Clear task instances, which scores their sensors again."""
    backfill: bool
    trigger: bool
    label: bool


@router.get("/rights")
def rights(request: Request, user: GetUserDep) -> Rights:
    """Ask Airflow what the viewer may do."""

    def may(check: Callable[..., None]) -> bool:
        try:
            check(request, user)
        except HTTPException:
            return False
        return True

    creates = may(_may_create_runs)
    return Rights(clear=may(_may_clear), backfill=creates, trigger=creates, label=may(_may_edit))
