"""Look every few minutes for runs of ``hourly_scoring`` that take too long, and alert people during the run.

A table of contents: the code is in ``plugins/sensor_scoring``. It has no schedule if
``SENSOR_SCORING_LATE_MINUTES`` is 0. ``missing_hours`` finds hours without a run.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.sdk import DAG

from sensor_scoring.alerts.tasks import look_for_late_runs
from sensor_scoring.retries import LOOK_ARGS
from sensor_scoring.settings import Settings

SETTINGS = Settings.from_environ(os.environ)

with DAG(
    "late_runs",
    description=__doc__.partition("\n")[0],
    schedule="*/5 * * * *" if SETTINGS.alerts.late_minutes else None,
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=LOOK_ARGS,
    doc_md=__doc__,
    tags=["scoring"],
) as dag:
    look_for_late_runs()
