"""Runs that take too long: told while they run, by Airflow's deadline alerts.

The callback runs as a process of the executor (one that supports callbacks, as ``LocalExecutor`` does): the
triggerer would need a second, asynchronous way to every channel. Nothing slow is imported here, for Airflow
imports this module to parse the DAG.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback  # type: ignore[attr-defined]  # its stubs lack two

from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOUR = timedelta(hours=1)
_UNFINISHED = frozenset({"queued", "running"})


def late_alert(settings: Settings) -> DeadlineAlert | None:
    """Return the deadline of a run; none if the setting is off."""
    if not settings.late_minutes:
        return None
    return DeadlineAlert(
        # The hour's start. With DAGRUN_QUEUED_AT Airflow 3.3.2 answers every clear of a run before its
        # deadline with an error: it takes the stored interval for a number.
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=_HOUR + timedelta(minutes=settings.late_minutes),
        callback=SyncCallback(f"{__name__}.tell_late"),
    )


def tell_late(context: Mapping[str, Any]) -> None:
    """Tell that a run takes too long, if it still runs and is no backfill.

    A run by hand with an old date is past its deadline when it begins: that is not told of.

    :param context: Airflow's, of a deadline: the run as it was when the deadline passed, in JSON
    """
    dag_run = context["dag_run"]
    # Airflow drops the deadline of a run that ended well, and keeps that of one that failed.
    if dag_run["state"] not in _UNFINISHED or dag_run["run_type"] == "backfill":
        return
    settings = Settings.from_environ(os.environ)
    if dag_run["run_type"] != "scheduled" and _age(dag_run) < timedelta(minutes=settings.late_minutes):
        return
    from sensor_scoring.late_run import LateRun

    LateRun(dag_run, settings).tell()


def _age(dag_run: Mapping[str, Any]) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(dag_run["queued_at"])
