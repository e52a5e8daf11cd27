"""The Airflow task of the preflight; its work is in the other modules of this package."""

from __future__ import annotations

from airflow.sdk import get_current_context

from sensor_scoring.hourly.step import step


@step(task_id="look")
def look() -> list[dict[str, str]]:
    """Look at the deployment; return what was found."""
    from sensor_scoring.preflight.step import look_at_deployment

    return look_at_deployment(get_current_context())
