"""The step ``alert``: sends the news of a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scoring_contract import layout
from sensor_scoring.alerts.anomaly_rate import SpikeRule
from sensor_scoring.alerts.delivery import tell
from sensor_scoring.alerts.history_store import AlertHistoryStore
from sensor_scoring.alerts.message import message_of
from sensor_scoring.alerts.observations import observation_of, observation_without_summary
from sensor_scoring.errors import StorageAccessRefused, StorageError
from sensor_scoring.hourly.outcome.summing_up import current_summary, write_summary
from sensor_scoring.hourly.outcome.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

    from sensor_scoring.alerts.conditions import News, Observation
    from sensor_scoring.hourly.outcome.summary import Summary
    from sensor_scoring.hourly.run import Run

log = logging.getLogger(__name__)


def send_alert(run: Run, context: Context) -> None:
    """Send one message with the news of a run; none if there is no news.

    A backfill sends none and leaves the history alone: its hours are not news, and their silence is not
    today's.

    :raises AlertUndelivered: if channels are set and not one of them took the message
    :raises StorageError: if Blob Storage cannot say what to send; the last try sends that
    """
    if run.is_backfill:
        log.info("A backfill sends no alert; its verdict says how it ended")
        return
    if run.hourless:
        # Nothing is remembered: it has no folder, and nothing that was known begins or ends with it.
        said = f"red: sensor scoring without an hour: {run.hourless}"
        run.keep_untold(tell(f"{said}\nRun: {run.page or run.dag_run_id}", context, run.settings))
        return
    try:
        _tell_news(run, context)
    except StorageError as error:
        if run.is_last_try or isinstance(error, StorageAccessRefused):
            said = f"red: sensor scoring of {run.hour}: its outcome cannot be read from Blob Storage"
            tell(
                "\n".join([said, f"Storage: {error}", f"Run: {run.page or run.dag_run_id}"]),
                context,
                run.settings,
            )
        raise


def _tell_news(run: Run, context: Context) -> None:
    summary, is_new = current_summary(run)
    if is_new and summary:
        write_summary(run, summary)
    tell_news(run, context, summary)


def tell_news(run: Run, context: Context, summary: Summary | None) -> None:
    """Send the news of a summary, as :func:`send_alert` does."""
    if run.is_backfill:
        return
    settings = run.settings
    steps = {} if summary else run.step_failures()
    verdict = Verdict.of(summary, settings, failed_steps=steps)

    def send(news: News) -> None:
        lead = f"{verdict.colour}: sensor scoring of {run.hour}"
        named = settings.alerts.spikes_named
        message = message_of(lead, news, _places(run), note=verdict.note, spikes_named=named)
        run.keep_untold(tell(message, context, settings))

    history = AlertHistoryStore(run.store, settings.containers.runs_container, run.base)
    if not history.report_news(_seen(run, summary, steps), send):
        log.info("The run is %s and shows nothing new; no alert is sent", verdict.colour)


def _seen(run: Run, summary: Summary | None, steps: Mapping[str, str]) -> Observation:
    if summary is None:
        return observation_without_summary(run.hour, steps)
    return observation_of(summary, late=run.late, rule=SpikeRule.of(run.settings.alerts))


def _places(run: Run) -> list[str]:
    return [
        f"Run: {run.page or run.dag_run_id}",
        f"Summary: {layout.summary_blob(run.base)} in the container {run.settings.containers.runs_container}",
    ]
