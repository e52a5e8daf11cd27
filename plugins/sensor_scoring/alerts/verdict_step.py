"""The step ``verdict``: fails a red run, and catches up on steps that a clear left out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sensor_scoring.alerts.step import tell_news
from sensor_scoring.errors import AlertUndelivered, BatchError, RunFailed
from sensor_scoring.hourly.names import NOTE
from sensor_scoring.hourly.outcome.summing_up import current_summary, write_summary
from sensor_scoring.hourly.outcome.verdict import Verdict
from sensor_scoring.hourly.run_note import note_of
from sensor_scoring.hourly.steps import close_run

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sensor_scoring.hourly.outcome.summary import Summary
    from sensor_scoring.hourly.run import Run

log = logging.getLogger(__name__)


def give_verdict(run: Run, context: Context) -> dict[str, Any]:
    """Fail with the reason, unless the run is good enough.

    :return: the event for consumers of the hour, see :data:`sensor_scoring.hourly.assets.SCORED_HOUR`
    :raises RunFailed: if more sensors failed than tolerated, another step failed, no channel took the
        alert, or the summary is missing
    """
    summary, is_new = current_summary(run)
    alert_failed = run.alert_failed
    if is_new and summary:
        alert_failed = _made_good(run, context, summary)
    verdict = Verdict.of(summary, run.settings, failed_steps={} if summary else run.step_failures())
    faults = list(verdict.faults)
    if alert_failed:
        faults.append("'alert' failed, so no alert was delivered; see its log")
    untold = run.untold()
    for shortfall in untold:
        log.warning("The alert missed an address: %s", shortfall)
    # For the run's note, which a listener writes: a task has no way to.
    context["ti"].xcom_push(key=NOTE, value=note_of(None if run.hourless else run.hour, summary, faults))
    if summary is None or faults:
        raise RunFailed("; ".join([*faults, *untold]))
    log.info("%s: %s", verdict.colour, note_of(summary.hour, summary))
    return {
        "hour": str(summary.hour),
        "run": summary.run,
        "colour": verdict.colour.value,
        "counts": summary.counts(),
        "untold": untold,
    }


def _made_good(run: Run, context: Context, summary: Summary) -> bool:
    """Close jobs, send the alert and keep the summary: the steps that a clear left out.

    :return: whether no channel took the alert
    """
    try:
        close_run(run)
    except BatchError as error:
        # The job ends by its wall clock at the latest; people must not wait for the verdict that long.
        log.warning("The run's Batch jobs are not closed: %s", error)
    is_told = True
    try:
        tell_news(run, context, summary)
    except AlertUndelivered:
        # Until the last try the old summary stays: with it the next try tells.
        if not run.is_last_try:
            raise
        log.exception("No channel took the alert")
        is_told = False
    write_summary(run, summary)
    return not is_told
