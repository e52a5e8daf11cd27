"""Delete old data once a day: ended Batch jobs, logs, plans, reports and records of hours.

A table of contents: each step is described where it lives, in ``plugins/sensor_scoring``.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG

from sensor_scoring.upkeep.tasks import tidy_blobs, tidy_jobs, tidy_records

with DAG(
    "housekeeping",
    description=__doc__.partition("\n")[0],
    schedule="@daily",
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    doc_md=__doc__,
    tags=["upkeep"],
) as dag:
    tidy_jobs()
    tidy_blobs()
    tidy_records()
