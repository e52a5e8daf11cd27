"""The steps of a training run as Airflow tasks; what each does is in ``steps.py``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from airflow.sdk import get_current_context

from sensor_scoring.hourly.step import step
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from sensor_scoring.training.run import TrainingRun


def _this_run() -> TrainingRun:
    from sensor_scoring.training.run import TrainingRun

    return TrainingRun(get_current_context(), Settings.from_environ(os.environ))


@step(task_id="plan")
def plan_training() -> list[str]:
    """List the readings and write an order for each group of sensors; return the groups."""
    from sensor_scoring.training.steps import make_training_plan

    return make_training_plan(_this_run())


@step(task_id="open")
def open_training_job() -> str:
    """Ensure the pool and open the run's Batch job; return its id."""
    from sensor_scoring.training.steps import open_training

    return open_training(_this_run())


@step(task_id="promote", trigger_rule="all_done")
def promote_models() -> dict[str, int]:
    """Put new models into the registry, those that pass the gate as current; return the counts."""
    from sensor_scoring.training.steps import promote

    return promote(_this_run())


@step(task_id="verdict", trigger_rule="all_done")
def training_verdict() -> None:
    """Decide whether the run is red."""
    from sensor_scoring.training.steps import give_training_verdict

    give_training_verdict(_this_run(), get_current_context()["ti"].xcom_pull(task_ids="promote"))


@step(task_id="close")
def close_training_jobs() -> list[str]:
    """Terminate the run's Batch jobs."""
    from sensor_scoring.hourly.steps import close_run

    return close_run(_this_run())
