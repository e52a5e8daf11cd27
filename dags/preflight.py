"""Look at this deployment, and say what is missing and what mends it; red if an hour could not be scored.

A table of contents: the code is in ``plugins/sensor_scoring``. Trigger it by hand. With the parameter ``try``
it also writes a blob to each container, sends a test message on each channel, and scores one sensor.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from sensor_scoring.preflight.tasks import look

with DAG(
    "preflight",
    description=__doc__.partition("\n")[0],
    schedule=None,
    is_paused_upon_creation=False,  # nothing to hold back without a schedule: one click is enough
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={
        "try": Param(
            default=False,
            type="boolean",
            description="Also write a blob to each container, send a test message on each channel, and score "
            "one sensor; all of it is removed again",
        )
    },
    doc_md=__doc__,
    tags=["upkeep"],
) as dag:
    look()
