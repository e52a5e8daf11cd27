"""Airflow tasks of alerts; their work is in the other modules of this package."""

from __future__ import annotations

import os

from airflow.sdk import get_current_context

from sensor_scoring.hourly.assets import SCORED_HOUR
from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.hourly.step import step, summary_step
from sensor_scoring.hourly.tasks import this_run
from sensor_scoring.settings import Settings


@summary_step(trigger_rule="all_done")
def alert() -> None:
    """Send one message with the news of the run, if there is any."""
    from sensor_scoring.alerts.step import send_alert

    send_alert(this_run(), get_current_context())


@summary_step(trigger_rule="all_done", outlets=[SCORED_HOUR])
def verdict() -> None:
    """Fail if the run is red; otherwise announce the scored hour to other DAGs."""
    from sensor_scoring.alerts.verdict_step import give_verdict

    context = get_current_context()
    context["outlet_events"][SCORED_HOUR].extra = give_verdict(this_run(), context)


@step(task_id="look")
def look_for_late_runs() -> list[str]:
    """Raise an alert for each late run; return their ids."""
    from sensor_scoring.alerts.late_step import tell_late_runs
    from sensor_scoring.alerts.unfinished_runs import runs_of

    return tell_late_runs(runs_of(DAG_ID), get_current_context(), Settings.from_environ(os.environ))
