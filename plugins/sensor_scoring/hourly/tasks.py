"""The steps of an hourly run as Airflow tasks; what each does is in ``steps.py``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from airflow.sdk import get_current_context

from sensor_scoring.hourly.step import step, summary_step
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import XComArg

    from sensor_scoring.hourly.run import Run


def this_run() -> Run:
    """Return the DAG run that asks."""
    from sensor_scoring.hourly.run import Run

    return Run(get_current_context(), Settings.from_environ(os.environ))


@step(task_id="plan")
def plan_hour() -> list[str]:
    """Compare the fleet with what it sent; return the groups to score."""
    from sensor_scoring.hourly.steps import make_plan

    return make_plan(this_run(), get_current_context())


@step(task_id="open")
def open_job() -> str:
    """Ensure the pool and open the run's Batch job; return its id."""
    from sensor_scoring.hourly.steps import open_run

    return open_run(this_run())


@summary_step(trigger_rule="all_done")
def summarise() -> dict[str, int]:
    """Write the outcome of every sensor into one blob; return the counts."""
    from sensor_scoring.hourly.steps import summarise_run

    return summarise_run(this_run())


@step(task_id="pool")
def ensure_pool(pool_id: str, image: str, items: Sequence[str] | XComArg) -> str:
    """Create a Batch pool whose nodes run an image, or adopt it, with nodes for a list; return its id."""
    from sensor_scoring.hourly.steps import ensure_pool_of

    # What another task returns is here by the time that Airflow calls the function.
    work = cast("Sequence[str]", items)
    return ensure_pool_of(pool_id, image, Settings.from_environ(os.environ), batch_tasks=len(work))


@step(task_id="close")
def close_jobs() -> list[str]:
    """Terminate the run's Batch jobs."""
    from sensor_scoring.hourly.steps import close_run

    return close_run(this_run())
