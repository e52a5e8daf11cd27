"""What Airflow's database keeps of a run that waits, which later versions have to understand.

A class path, an argument or a method that changes here fails all that are deferred when the processes
restart: the changelog then has to say that an upgrade waits for the end of all runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from sensor_scoring.azure_batch.operators import AzureBatchTaskOperator
from sensor_scoring.hourly.operator import SensorScoringOperator
from sensor_scoring.hourly.sensor import PredictionBlobSensor
from sensor_scoring.hourly.settle import SettleOperator
from sensor_scoring.priority import NEWEST_HOUR_FIRST

BATCH_TASK = {
    "job_id": "job",
    "batch_task_id": "task",
    "azure_batch_conn_id": "azure_batch_default",
    "poll_seconds": 15.0,
    "deferred_at": 1535511600.0,
    "commit_container": "runs",
    "commit_blob": "run/reports/job/task.json",
    "wasb_conn_id": "wasb_default",
    "outage_limit_seconds": 900.0,
}
PREDICTIONS = {
    "gate": "{}",
    "container": "predictions",
    "wasb_conn_id": "wasb_default",
    "poll_seconds": 5.0,
    "until": 1535511600.0,
}
DEFERRED = {
    "sensor_scoring.hourly.trigger.ScoringTrigger": BATCH_TASK,
    "sensor_scoring.azure_batch.trigger.BatchTaskTrigger": BATCH_TASK,
    "sensor_scoring.hourly.sensor_trigger.PredictionBlobTrigger": PREDICTIONS,
}


def at(path: str) -> Any:
    """Return what is at a path, as Airflow looks for it."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("path", DEFERRED)
def test_a_trigger_that_waits_is_made_again(path: str) -> None:
    """From its class path and its arguments alone, by the triggerer of any later version."""
    arguments = DEFERRED[path]
    assert at(path)(**arguments).serialize() == (path, arguments)


@pytest.mark.parametrize(
    ("operator", "method"),
    [
        (SettleOperator, "settled"),
        (SensorScoringOperator, "execute_complete"),
        (AzureBatchTaskOperator, "execute_complete"),
        (PredictionBlobSensor, "execute_complete"),
    ],
)
def test_a_task_instance_goes_on_where_it_was_deferred(operator: type, method: str) -> None:
    """The database has the method's name."""
    assert callable(getattr(operator, method))


def test_the_weight_rule_is_found() -> None:
    """Serialized DAGs name it by its path."""
    assert at(NEWEST_HOUR_FIRST).__name__ == "NewestHourFirst"
