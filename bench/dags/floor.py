"""A DAG whose task instances do nothing: what remains is what Airflow itself costs."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, Param, get_current_context, task


@task
def items() -> list[int]:
    """Return the numbers of the items."""
    return list(range(get_current_context()["params"]["items"]))


@task
def nothing(item: int) -> None:
    """Do nothing with an item."""


with DAG(
    "floor",
    schedule=None,
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    params={"items": Param(1, type="integer")},
):
    nothing.expand(item=items())
