"""Score every hour: find the anomalies in every sensor's readings.

1. `settle` waits, deferred, until late readings have arrived.
2. `plan` decides which sensors have a model and readings, and groups them.
3. `open` prepares the pool for this load and opens the run's Batch job.
4. `submit` adds the first Batch task of every group.
5. `score`, mapped and labelled by sensor, waits for its Batch task; a failure leaves the siblings alone.
6. `confirm` checks that every expected prediction is there, whole and new.
7. `summarise` writes the outcome of every sensor; its link *Summary* shows it.
8. `alert` sends one message about what is new: failed, silent, recovered.
9. `close` terminates the run's Batch jobs; their logs stay.
10. `verdict` is red if more sensors failed than tolerated, or a step did.

To score a failed sensor again, clear its instance of `score`, whatever the dialog's ticks.
To score another hour, trigger the DAG with the parameter `hour`.
`docs/runbook.md` has the rest.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable

from sensor_scoring.airflow_config import ACTIVE_RUNS
from sensor_scoring.alerts.tasks import alert, verdict
from sensor_scoring.hour_param import hour_param
from sensor_scoring.hourly.operator import SensorScoringOperator
from sensor_scoring.hourly.sensor import PredictionBlobSensor
from sensor_scoring.hourly.settle import SettleOperator
from sensor_scoring.hourly.submit import SensorSubmitOperator
from sensor_scoring.hourly.task import commit_marker, score_task
from sensor_scoring.hourly.tasks import close_jobs, open_job, plan_hour, summarise
from sensor_scoring.priority import NEWEST_HOUR_FIRST
from sensor_scoring.retries import RETRY_TABLE
from sensor_scoring.settings import Settings

SETTINGS = Settings.from_environ(os.environ)

with DAG(
    "hourly_scoring",
    description=__doc__.partition("\n")[0],
    # An explicit data interval: with the default timetable a run covers no time at all.
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    # Far in the past: a test run for an hour before it would be green and empty.
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=ACTIVE_RUNS,
    params={"hour": hour_param("UTC hour to score, like 2018-08-29T02; empty for the run's own hour")},
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=SETTINGS.hourly.retry_delay_seconds),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=5),
        "retry_policy": RETRY_TABLE,
        "weight_rule": NEWEST_HOUR_FIRST,
    },
    doc_md=__doc__,
    tags=["scoring"],
) as dag:
    settle = SettleOperator(task_id="settle", lateness_minutes=SETTINGS.hourly.lateness_minutes)
    groups = plan_hour()
    job = open_job()
    submit = SensorSubmitOperator(
        task_id="submit",
        items=groups,
        job_id=job,
        runs_container=SETTINGS.containers.runs_container,
        **score_task(SETTINGS),
    )
    score = SensorScoringOperator.partial(
        task_id="score",
        map_index_template="{{ task.shown_item }}",
        job_id=job,
        poll_seconds=SETTINGS.hourly.poll_seconds,
        **score_task(SETTINGS),
        **commit_marker(SETTINGS),
    ).expand(item=groups)
    confirm = PredictionBlobSensor(
        task_id="confirm",
        trigger_rule="all_done",
        plan_blob="{{ ti.xcom_pull('plan', key='plan_blob') or '' }}",
        plan_container=SETTINGS.containers.runs_container,
        predictions_container=SETTINGS.containers.predictions_container,
        wait_seconds=SETTINGS.hourly.confirm_seconds,
        wasb_conn_id=SETTINGS.connections.wasb_conn_id,
    )
    summary, told = summarise(), alert()
    # No setup: Airflow would leave out what lies between a setup that failed and its teardown, whatever the
    # trigger rules say, and nobody would be told.
    closed, decided = close_jobs().as_teardown(), verdict()

    # The verdict comes last: whatever is cleared before it counts, and after it the run is over.
    settle >> groups >> job >> submit >> score >> confirm >> summary >> told >> closed >> decided
    # A sensor that is cleared while the alert is sent or jobs are closed has to be waited for.
    score >> [closed, decided]
