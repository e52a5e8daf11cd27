"""Loads the modules of every task instance into the process that task instances are forked from.

Name this module in ``[core] mp_forkserver_preload``. Beside imports it does once what the first
parse of a DAG does: patterns of settings are compiled, a cron expression and the schema of a parameter are
read, ``@task`` is looked up. What is forked later parses its DAG with a third less CPU. The same goes for the
first template and the first answer of Azure Batch: Jinja makes its lexer, and each of the SDK's models finds
out what its fields are when the first of its kind is made.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable, task
from azure.batch import models

from sensor_scoring.alerts.tasks import alert
from sensor_scoring.errors import SettingsError
from sensor_scoring.hour_param import hour_param
from sensor_scoring.settings import Settings

PRELOADED = (
    "airflow.dag_processing.bundles.local",
    "airflow.dag_processing.dagbag",
    "airflow.executors.local_executor",
    "airflow.providers.standard.operators.empty",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.version",
    "jinja2.ext",
    "sensor_scoring.blob_storage.store",
    "sensor_scoring.hourly.clear_listener",
    "sensor_scoring.azure_batch.grants",
    "sensor_scoring.azure_batch.hook",
    "sensor_scoring.hour_param",
    "sensor_scoring.azure_batch.operators",
    "sensor_scoring.hourly.sensor_trigger",
    "sensor_scoring.priority",
    "sensor_scoring.missing_hours.tasks",
    "sensor_scoring.pool_watch.tasks",
    "sensor_scoring.preflight.tasks",
    "sensor_scoring.hourly.operator",
    "sensor_scoring.hourly.trigger",
    "sensor_scoring.hourly.sensor",
    "sensor_scoring.hourly.settle",
    "sensor_scoring.hourly.submit",
    "sensor_scoring.hourly.steps",
    "sensor_scoring.hourly.tasks",
    "sensor_scoring.hourly.run",
    "sensor_scoring.training.fit_params",
    "sensor_scoring.training.run",
    "sensor_scoring.training.task",
    "sensor_scoring.training.tasks",
    "sensor_scoring.upkeep.tasks",
    "sensor_scoring.alerts.verdict_step",
)
"""Modules that functions import when called, and Airflow's own part of a task instance."""

for name in PRELOADED:
    import_module(name)
# Settings that cannot be read are for the DAG's own parse to tell: the server must not end by them.
with suppress(SettingsError):
    Settings.from_environ(os.environ)
with DAG(
    "preload",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    params={"hour": hour_param("")},
) as dag:
    alert()
    task(alert.function)()
dag.get_template_env().from_string("{{ task.shown_item }}")
kinds: list[Any] = [
    kind for kind in vars(models).values() if isinstance(kind, type) and issubclass(kind, Mapping)
]
for kind in kinds:
    kind({})
