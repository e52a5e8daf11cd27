"""The step of ``late_runs``: raises one alert for each unfinished run that is late.

It runs outside the run that it examines, so it works under every executor and whatever happened to that run.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scoring_contract.errors import LayoutError
from sensor_scoring.alerts.conditions import Kind
from sensor_scoring.alerts.delivery import tell
from sensor_scoring.alerts.history_store import AlertHistoryStore
from sensor_scoring.alerts.late_run import LateRun
from sensor_scoring.alerts.message import message_of
from sensor_scoring.alerts.observations import observation_of_late_run
from sensor_scoring.alerts.unfinished_runs import unfinished_runs
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.links import run_page
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.enum_text import enum_text
from sensor_scoring.hourly.planning.capacity import pool_trouble_of

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sensor_scoring.alerts.conditions import News
    from sensor_scoring.alerts.unfinished_runs import RunBefore, UnfinishedRun
    from sensor_scoring.settings import Settings

log = logging.getLogger(__name__)


def tell_late_runs(run_before: RunBefore, context: Context, settings: Settings) -> list[str]:
    """Raise one alert for each late run.

    :param run_before: see :func:`sensor_scoring.alerts.unfinished_runs.runs_of`
    :return: ids of the late runs, whether reported now or before
    """
    if not settings.alerts.late_minutes:
        return []
    now, late = datetime.now(UTC), []
    for run in unfinished_runs(run_before, now=now):
        why = LateRun(run).why(limit_minutes=settings.alerts.late_minutes, now=now)
        log.info("%s is %s: %s", run.run_id, enum_text(run.state), why or "not late")
        if why:
            late.append(run.run_id)
            try:
                _tell_once(run, why, context, settings)
            except LayoutError as error:
                # It fails as soon as it begins, and its own alert tells that; the others must be looked at.
                log.warning("%s has no hour: %s", run.run_id, error)
    return late


def _tell_once(run: UnfinishedRun, why: str, context: Context, settings: Settings) -> None:
    late = LateRun(run)
    hour = late.hour
    base = ids.run_base(settings.hourly.job_prefix, hour, dag_id=run.dag_id, run_id=run.run_id)
    # A claim of its own: the run's alert may be telling just now.
    history = AlertHistoryStore(
        BlobStore(settings.connections.wasb_conn_id), settings.containers.runs_container, f"{base}-late"
    )
    if history.holds((Kind.LATE, run.run_id)):
        return

    def send(news: News) -> None:
        place = f"Run: {run_page(run.dag_id, run.run_id) or run.run_id}"
        tell(message_of(f"running: sensor scoring of {hour}", news, [place]), context, settings)

    # A run that has not begun waits for Airflow: it has asked nothing of the pool.
    troubles = pool_trouble_of(settings, is_waited_for=True) if late.is_under_way else []
    history.report_news(observation_of_late_run(hour, run.run_id, why, troubles), send)
