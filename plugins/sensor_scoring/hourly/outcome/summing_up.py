"""The run's summary, made from what lies in Blob Storage and what Airflow knows.

``summarise`` makes it; whoever reads one that is older than a clear makes it anew, for a person may clear
sensors without it. ``docs/decisions/0006-a-clear-ends-in-a-new-verdict.md`` says when.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from scoring_contract import layout
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.errors import RunFailed, StorageError
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.outcome.record_store import keep_record
from sensor_scoring.hourly.outcome.summary import summarise
from sensor_scoring.hourly.outcome.verdict import Verdict, step_sentences
from sensor_scoring.hourly.planning.capacity import pool_trouble_of, use_of

if TYPE_CHECKING:
    from sensor_scoring.hourly.outcome.summary import Summary
    from sensor_scoring.hourly.run import Run

log = logging.getLogger(__name__)


def sum_up(run: Run) -> Summary:
    """Put together what is known of a run now; nothing is written.

    :raises RunFailed: if no plan was made, so that nothing can be summed up
    """
    plan = run.plan()
    if plan is None:
        why = "; ".join(step_sentences(run.step_failures())) or "see the log of 'plan'"
        raise RunFailed(f"no plan was made, so there is nothing to sum up: {why}")
    expectation = plan.expectation
    summary = summarise(
        plan,
        run.reports(plan),
        expectation.judge(run.store.found(run.settings.containers.predictions_container, expectation.folder)),
        run.failures(),
        dag_run_id=run.dag_run_id,
        failed_steps=run.step_failures(),
        # Asked once more and no longer: people wait for the summary.
        pool=use_of(ScoringBatchHook(run.settings.connections.batch_conn_id), run.settings, base=run.base),
    )
    colour = Verdict.of(summary, run.settings).colour
    pool_trouble = pool_trouble_of(run.settings) if run.is_troubled else []
    return replace(summary, colour=colour.value, pool_trouble=tuple(pool_trouble), clears=run.clears)


def write_summary(run: Run, summary: Summary) -> None:
    """Write a run's summary, over what was there, and its hour's record; then tell telemetry.

    The record comes first: with the summary in its place, a next try would take all for done.

    :raises StorageError: if Blob Storage takes the summary not at all, or the record not yet
    """
    try:
        keep_record(run.store, run.settings.containers.runs_container, HourRecord.of(summary))
    except StorageError as error:
        if not run.is_last_try:
            raise
        # The hour is scored, and must not fail for its place in a history that can be made again.
        again = f"python -m sensor_scoring.fleet rebuild --from {summary.hour} --to {summary.hour}"
        log.warning("The record of %s lacks this run; to add it: %s. %s", summary.hour, again, error)
    run.store.write(run.settings.containers.runs_container, layout.summary_blob(run.base), summary.to_json())
    log.info("%s is %s: %s; %s", summary.hour, summary.colour, summary.counts(), summary.totals())
    if run.settings.telemetry.is_on:
        from sensor_scoring.hourly.outcome.run_telemetry import tell  # noqa: PLC0415  most have no telemetry

        tell(run, summary)


def current_summary(run: Run) -> tuple[Summary | None, bool]:
    """Return the run's summary, and whether it is new: one that is older than a clear is rebuilt.

    :return: None if there is no summary; a new one is not written yet
    """
    summary = run.summary()
    if summary is None or summary.clears == run.clears:
        return summary, False
    log.info("The summary is older than the last clear of this run; rebuilding it")
    return sum_up(run), True
