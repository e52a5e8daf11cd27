"""Announce the coming hour's work to the pool in advance, so that nodes have booted when it starts.

It has a schedule only if ``SENSOR_SCORING_PREWARM_MINUTES`` says how long in advance.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.sdk import DAG

from sensor_scoring.settings import Settings
from sensor_scoring.upkeep.tasks import announce

SETTINGS = Settings.from_environ(os.environ)

with DAG(
    "warm_pool",
    description=__doc__.partition("\n")[0],
    schedule=SETTINGS.prewarm_schedule or None,
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["upkeep"],
) as dag:
    announce()
