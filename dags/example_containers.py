"""Run your own command in a container, once for each item of a list, without any scoring.

Copy this file for other work on Azure Batch.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Param, get_current_context, task

from sensor_scoring.azure_batch.operators import AzureBatchTaskOperator
from sensor_scoring.hourly.tasks import ensure_pool
from sensor_scoring.settings import Settings

SETTINGS = Settings.from_environ(os.environ)


@task
def items() -> list[str]:
    """Return the list to work on."""
    return list(get_current_context()["params"]["items"])


with DAG(
    "example_containers",
    description=__doc__.partition("\n")[0],
    schedule=None,
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    params={"items": Param(["alpha", "beta", "gamma"], type="array", items={"type": "string"})},
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    doc_md=__doc__,
    tags=["example"],
) as dag:
    work = items()
    AzureBatchTaskOperator.partial(
        task_id="measure",
        map_index_template="{{ task.item }}",
        pool_id=ensure_pool("example-containers", SETTINGS.pool.scoring_image, work),
        image=SETTINGS.pool.scoring_image,
        command=["python", "-c", "import sys; print(sys.argv[1], len(sys.argv[1]))", "{item}"],
        job_wall_clock=timedelta(hours=1),
        poll_seconds=SETTINGS.hourly.poll_seconds,
        azure_batch_conn_id=SETTINGS.connections.batch_conn_id,
    ).expand(item=work)
