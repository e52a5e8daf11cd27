"""Look for incomplete hours, and alert people when there are others than before.

A table of contents: the code is in ``plugins/sensor_scoring``. It judges by blobs, so it also finds hours
without a run, with lost predictions, or hidden by a manual run.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from sensor_scoring.missing_hours.tasks import look_for_missing_hours
from sensor_scoring.retries import RETRY_TABLE
from sensor_scoring.settings import Settings

SETTINGS = Settings.from_environ(os.environ)

with DAG(
    "missing_hours",
    description=__doc__.partition("\n")[0],
    schedule=SETTINGS.missing_hours.missing_cron,
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "retry_policy": RETRY_TABLE},
    doc_md=__doc__,
    tags=["scoring"],
) as dag:
    look_for_missing_hours()
