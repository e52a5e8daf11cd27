"""Send the metrics of the pool every few minutes, whether a run is under way or not.

It has no schedule unless ``SENSOR_SCORING_TELEMETRY`` names a target.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from sensor_scoring.settings import Settings
from sensor_scoring.upkeep.tasks import measure_pool

SETTINGS = Settings.from_environ(os.environ)

with DAG(
    "pool_metrics",
    description=__doc__.partition("\n")[0],
    schedule="*/5 * * * *" if SETTINGS.telemetry.is_on else None,
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    # The next one looks anew; a task that hangs must not keep it from that.
    default_args={"execution_timeout": timedelta(minutes=4)},
    doc_md=__doc__,
    tags=["upkeep"],
) as dag:
    measure_pool()
