"""The steps of an hourly run that are not Batch tasks: thin, each a few calls on nouns from elsewhere.

What they pass on to each other lies in the run's folder in Blob Storage; XCom carries ids and counts.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.sdk.configuration import conf

from scoring_contract import layout
from scoring_contract.planned_at import planned_at
from scoring_contract.predictions import PredictionFormat
from sensor_scoring.airflow_config import needs_of, refused_or_short
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.blob_storage.registry import read_registry
from sensor_scoring.errors import QuotaReached
from sensor_scoring.hourly.outcome.run_trace import score_context
from sensor_scoring.hourly.outcome.summing_up import sum_up, write_summary
from sensor_scoring.hourly.planning.capacity import pool_spec, prepare_pool, release_pool
from sensor_scoring.hourly.planning.mounts import with_files
from sensor_scoring.hourly.planning.plan import plan_hour
from sensor_scoring.hourly.planning.predictions_there import PredictionsThere
from sensor_scoring.hourly.planning.readings import HourReadings
from sensor_scoring.patience import Patience

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sensor_scoring.hourly.run import Run
    from sensor_scoring.settings import Settings

log = logging.getLogger(__name__)

_BACKFILL_PRIORITY = -100
"""Batch priority of a backfill's job: the live hour goes first."""


def make_plan(run: Run, context: Context) -> list[str]:
    """Write the run's plan and manifests; tell later steps where the plan lies.

    :return: the groups, in the order of the mapped task instances
    """
    settings = run.settings
    # Before the listing: a blob that is written while we list must look newer than the plan, not older.
    planned = planned_at(datetime.now(UTC))
    registry = read_registry(run.store, settings)
    blobs = list(run.store.found(settings.containers.data_container, layout.readings_folder(run.hour)))
    plan, manifests = plan_hour(
        registry,
        HourReadings.among(blob.name for blob in blobs),
        hour=run.hour,
        run=run.base,
        planned_at=planned,
        sensors_per_task=settings.hourly.per_task(is_backfill=run.is_backfill),
        packed_predictions=settings.hourly.packed_predictions,
        predictions_format=PredictionFormat(settings.hourly.predictions_format),
        image=settings.pool.scoring_image,
        there=predictions_there(run),
    )
    if settings.mounts.data_mount:
        manifests = with_files(manifests, blobs)
    if settings.telemetry.is_on:
        context_of_run = score_context(run.base, planned)
        manifests = [replace(manifest, traceparent=context_of_run) for manifest in manifests]
    if plan.unclaimed:
        named = ", ".join(plan.unclaimed_named)
        log.warning("%d blobs of readings are in no sensor's folder, among them %s", plan.unclaimed, named)
    for shortfall in refused_or_short(needs_of(len(plan.groups)), conf.getint):
        log.warning("%s", shortfall)
    orders = {layout.manifest_blob(run.base, manifest.group): manifest.to_json() for manifest in manifests}
    run.store.write_all(settings.containers.runs_container, orders)
    run.store.write(settings.containers.runs_container, layout.plan_blob(run.base), plan.to_json())
    context["ti"].xcom_push(key="plan_blob", value=layout.plan_blob(run.base))
    log.info(
        "%s: %d sensors to score in %d groups, %d silent, %d without a model",
        *(run.hour, len(plan.expectation.sensors), len(plan.groups), len(plan.silent), len(plan.unmodelled)),
    )
    return list(plan.groups)


def predictions_there(run: Run) -> PredictionsThere:
    """Return the predictions that the run's hour already has."""
    folder = layout.predictions_folder(run.hour)
    found = run.store.found(run.settings.containers.predictions_container, folder)
    there = PredictionsThere.of(found, run.hour)
    if there.form and there.form != run.settings.hourly.predictions_format:
        log.info("Keeping %s, the format of the existing predictions of %s", there.form, run.hour)
    return there


def open_run(run: Run) -> str:
    """Ensure that the pool can take the run's load, and open its Batch job.

    :return: id of the Batch job
    :raises QuotaReached: if the account has no room for another job, and no idle one to end
    """
    plan, settings = run.plan(), run.settings
    batch_tasks = len(plan.groups) if plan else 0
    # The job first: whoever gives nodes back meanwhile sees that somebody needs them.
    try:
        job = _open_job(run)
    except QuotaReached:
        # Jobs that nobody closed must not keep the hour from being scored.
        jobs = run.hook.old_jobs(settings.job_prefixes)
        if not jobs.tidy(now=run.hook.pools.service_time(), keep=settings.upkeep.keep_jobs)[
            "idle jobs ended"
        ]:
            raise
        job = _open_job(run)
    prepare_pool(run.hook, pool_spec(settings), settings, batch_tasks=batch_tasks)
    log.info("Batch job %s on pool %s", job, settings.pool.pool_id)
    return job


def _open_job(run: Run) -> str:
    return run.hook.jobs.open(
        run.base,
        generation=run.generation,
        pool_id=run.settings.pool.pool_id,
        priority=_BACKFILL_PRIORITY if run.is_backfill else 0,
    )


def close_run(run: Run) -> list[str]:
    """Terminate every active Batch job of this run and give its nodes back; the logs stay.

    While other runs of the DAG are there the nodes stay too, until what was announced is over.

    :return: the jobs that were active
    """
    if run.hourless:
        log.info("No Batch job was opened: %s", run.hourless)
        return []
    closed = run.hook.jobs.close(run.base)
    log.info("Closed %s", ", ".join(closed) or "nothing: no Batch job of this run was active")
    if closed and run.has_company:
        # A backfill's next hour would ask for the same nodes while they still go, and wait for minutes.
        log.info("Another run of the DAG is in progress or queued; keeping the nodes for it")
    elif closed:
        release_pool(run.hook, pool_spec(run.settings), base=run.base)
    return closed


def summarise_run(run: Run) -> dict[str, int]:
    """Write the run's summary.

    :return: counts of the outcomes
    :raises RunFailed: if no plan was made, so that nothing can be summed up
    """
    summary = sum_up(run)
    write_summary(run, summary)
    return summary.counts()


def ensure_pool_of(pool_id: str, image: str, settings: Settings, *, batch_tasks: int) -> str:
    """Create or adopt a pool for an image of one's own, with the deployment's numbers for all else.

    :param batch_tasks: Batch tasks that are about to come, of one slot each
    :return: ``pool_id``, so that whoever uses it waits for it
    """
    hook = ScoringBatchHook(azure_batch_conn_id=settings.connections.batch_conn_id, patience=Patience())
    spec = replace(pool_spec(settings), pool_id=pool_id, image=image)
    if pool_id != settings.pool.pool_id:
        spec = replace(spec, mounts=())  # scoring alone reads from mounts
    prepare_pool(hook, spec, settings, batch_tasks=batch_tasks)
    return pool_id
