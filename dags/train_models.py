"""Train a model for every sensor, judge it on later readings, and make it current if it passes the gate.

A table of contents: each step is described where it lives, in ``plugins/sensor_scoring``. Training
and scoring do not wait for each other.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from sensor_scoring.azure_batch.operators import AzureBatchSubmitOperator, AzureBatchTaskOperator
from sensor_scoring.hour_param import hour_param
from sensor_scoring.hourly.task import commit_marker
from sensor_scoring.priority import TRAINING_WEIGHT
from sensor_scoring.retries import RETRY_TABLE
from sensor_scoring.settings import Settings
from sensor_scoring.training.fit_params import fit_params
from sensor_scoring.training.task import train_task
from sensor_scoring.training.tasks import (
    close_training_jobs,
    open_training_job,
    plan_training,
    promote_models,
    training_verdict,
)

SETTINGS = Settings.from_environ(os.environ)

with DAG(
    "train_models",
    description=__doc__.partition("\n")[0],
    schedule=SETTINGS.training.train_schedule or None,
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={
        "from": hour_param("First UTC hour to train on, like 2018-08-28T23; empty for as many as are set"),
        "until": hour_param("First UTC hour that is not trained on any more"),
        "evaluate_from": hour_param(
            "First UTC hour to judge new models by; empty for the one after training"
        ),
        "evaluate_until": hour_param("First UTC hour that is not judged by any more"),
        **fit_params(),
    },
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=SETTINGS.hourly.retry_delay_seconds),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=5),
        "retry_policy": RETRY_TABLE,
        "weight_rule": "absolute",
        "priority_weight": TRAINING_WEIGHT,
    },
    doc_md=__doc__,
    tags=["scoring"],
) as dag:
    groups = plan_training()
    job = open_training_job()
    submit = AzureBatchSubmitOperator(
        task_id="submit",
        items=groups,
        job_id=job,
        **train_task(SETTINGS),
    )
    train = AzureBatchTaskOperator.partial(
        task_id="train",
        map_index_template="{{ task.item }}",
        job_id=job,
        poll_seconds=SETTINGS.hourly.poll_seconds,
        **train_task(SETTINGS),
        **commit_marker(SETTINGS),
    ).expand(item=groups)
    promoted = promote_models()

    groups >> job >> submit >> train >> promoted >> training_verdict()
    [job.as_setup(), promoted] >> close_training_jobs().as_teardown()
