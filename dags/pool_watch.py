"""Look every ten minutes for a pool that is stuck, whether or not a run asks; alert people, and cure it.

A table of contents: the code is in ``plugins/sensor_scoring``. It has no schedule if
``SENSOR_SCORING_POOL_WATCH`` is false; ``SENSOR_SCORING_POOL_CURES_A_DAY`` bounds the cures.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.sdk import DAG

from sensor_scoring.pool_watch.tasks import look_at_pools
from sensor_scoring.retries import LOOK_ARGS
from sensor_scoring.settings import Settings

SETTINGS = Settings.from_environ(os.environ)

with DAG(
    "pool_watch",
    description=__doc__.partition("\n")[0],
    schedule="*/10 * * * *" if SETTINGS.pool_watch.pool_watch else None,
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=LOOK_ARGS,
    doc_md=__doc__,
    tags=["upkeep"],
) as dag:
    look_at_pools()
