"""The pool and its load: what the settings ask for, announced before a run and taken back after it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowNotFoundException

from scoring_contract import layout
from scoring_contract.errors import ContractError
from scoring_contract.hour import RunHour
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy, Floor, WarmWindow
from sensor_scoring.azure_batch.pool.spec import PoolSpec
from sensor_scoring.azure_batch.pool.usage import Prices, Sighting
from sensor_scoring.errors import BatchError, ScoringError
from sensor_scoring.hourly.planning.mounts import mounts_of
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.setting_values.node_image import NodeImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sensor_scoring.azure_batch.onlooker import PoolSight, RunSight
    from sensor_scoring.azure_batch.pool.usage import PoolUse
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.settings import Settings

log = logging.getLogger(__name__)

_HOURS_BACK = 6
"""How far back a plan is looked for that tells how much an hour brings."""


def pool_spec(settings: Settings) -> PoolSpec:
    """Return the pool that the settings describe."""
    return PoolSpec(
        pool_id=settings.pool.pool_id,
        vm_size=settings.pool.vm_size,
        policy=policy_of(settings),
        image=settings.pool.scoring_image,
        registry_server=settings.pool.registry_server,
        identity=settings.pool.node_identity,
        account_id=settings.connections.batch_account_id,
        node_image=NodeImage(
            settings.pool.node_image_publisher,
            settings.pool.node_image_offer,
            settings.pool.node_image_sku,
            settings.pool.node_agent_sku,
        ),
        mounts=mounts_of(settings),
    )


def policy_of(settings: Settings) -> AutoscalePolicy:
    """Return the way of scaling that the settings describe."""
    warm = WarmWindow.before(
        settings.hourly.lateness_minutes,
        nodes=settings.autoscale.warm_nodes or settings.autoscale.max_nodes,
        minutes=settings.autoscale.keep_warm_minutes,
    )
    return AutoscalePolicy(
        max_nodes=settings.autoscale.max_nodes,
        slots_per_node=settings.pool.slots_per_node,
        is_announced=settings.autoscale.autoscale_policy == "run-aware",
        warm=warm if settings.autoscale.autoscale_policy == "keep-warm" else None,
        spot=settings.autoscale.spot,
        dedicated_nodes=settings.autoscale.dedicated_nodes,
    )


def prepare_pool(hook: ScoringBatchHook, spec: PoolSpec, settings: Settings, *, batch_tasks: int) -> None:
    """Ensure that the pool can take so many Batch tasks of one slot, and log any pool problem.

    Nothing is waited for: the next evaluation of the formula can be five minutes away.
    """
    hold = timedelta(minutes=settings.autoscale.floor_minutes)
    _ensure(hook, spec, batch_tasks=batch_tasks, hold=hold)


def release_pool(hook: ScoringBatchHook, spec: PoolSpec, *, base: str) -> None:
    """Take back what a run has announced, so that its nodes go when they are done and not when it said.

    While another job works on the pool, what is announced stays: it may be that one's.
    """

    def in_use() -> bool:
        others = [job for job in hook.jobs.active(spec.pool_id) if not ids.is_job_of(job, base)]
        if others:
            log.info("Pool %s keeps the announced load: %s is using it", spec.pool_id, ", ".join(others[:3]))
        return bool(others)

    try:
        if hook.pools.release(spec, in_use=in_use):
            log.info("Pool %s scales by its queue alone from now on", spec.pool_id)
    except BatchError as error:
        # It costs some minutes of idle nodes, not the run.
        log.warning("Pool %s holds its nodes until the announced time is over: %s", spec.pool_id, error)


def use_of(hook: ScoringBatchHook, settings: Settings, *, base: str) -> PoolUse | None:
    """Return what a run has used of the pool until now; None if Azure Batch does not say."""
    try:
        pool, run = hook.onlooker.pool(settings.pool.pool_id), hook.onlooker.run(base)
        sharing = hook.onlooker.jobs_on(settings.pool.pool_id)
    except BatchError as error:
        # What a run cost is worth knowing, not worth failing for.
        log.warning("The run's use of pool %s is unknown: %s", settings.pool.pool_id, error)
        return None
    if pool is None:
        log.warning("The run's use of pool %s is unknown: there is no such pool", settings.pool.pool_id)
        return None
    return use_seen(run, pool, sharing, settings, base=base)


def use_seen(
    run: RunSight, pool: PoolSight, sharing: Iterable[Mapping[str, Any]], settings: Settings, *, base: str
) -> PoolUse:
    """Return what a run has used of a pool until it was looked at.

    :param sharing: the pool's active jobs, of the run or not
    """
    prices = Prices(settings.autoscale.node_hour_price, settings.autoscale.spot_node_hour_price)
    sighting = Sighting(
        pool=pool.pool,
        nodes=pool.nodes,
        tasks=[task for tasks in run.tasks.values() for task in tasks],
        opened=run.opened,
        now=pool.now,
        tail=pool.interval or timedelta(),
        shared_by=len({ids.base_of(str(job["id"])) for job in sharing} | {base}),
    )
    return sighting.use(policy=settings.autoscale.autoscale_policy, prices=prices)


def pool_trouble_of(settings: Settings, *, is_waited_for: bool = False) -> list[str]:
    """Say what keeps the pool from working, or that it cannot be asked: never an error.

    :param is_waited_for: whether Batch tasks wait, so that a pool without nodes is worth saying too
    """
    try:
        pools = ScoringBatchHook(settings.connections.batch_conn_id).pools
        return pools.troubles(settings.pool.pool_id, is_waited_for=is_waited_for)
    except (ScoringError, AirflowNotFoundException) as error:  # whoever asks has something to tell anyway
        return [f"pool {settings.pool.pool_id} cannot be read: {error}"]


def announce_hour(hook: ScoringBatchHook, store: BlobStore, settings: Settings, *, now: datetime) -> int:
    """Announce as much work as the last planned hour had, until the coming hour's run can say it itself.

    :return: Batch tasks announced; 0 if no plan of the last hours is there
    """
    batch_tasks = _groups_of_last_plan(store, settings, RunHour.containing(now))
    if not batch_tasks:
        log.info("None of the last %d hours was planned; announcing nothing", _HOURS_BACK)
        return 0
    hold = timedelta(minutes=settings.autoscale.prewarm_minutes + settings.autoscale.floor_minutes)
    _ensure(hook, pool_spec(settings), batch_tasks=batch_tasks, hold=hold)
    return batch_tasks


def _ensure(hook: ScoringBatchHook, spec: PoolSpec, *, batch_tasks: int, hold: timedelta) -> None:
    floor = Floor.for_load(
        batch_tasks=batch_tasks,
        slots_per_task=1,
        slots_per_node=spec.policy.slots_per_node,
        now=hook.pools.service_time(),
        hold=hold,
    )
    for trouble in hook.pools.ensure(spec, floor=floor if spec.policy.is_announced else None):
        log.warning("%s", trouble)


def _legible(text: bytes) -> Plan | None:
    """Read the plan of another hour; one that is damaged must not keep this hour from its pool."""
    try:
        return Plan.from_json(text)
    except ContractError as error:
        log.warning("%s", error)
        return None


def _groups_of_last_plan(store: BlobStore, settings: Settings, hour: RunHour) -> int:
    for _ in range(_HOURS_BACK):
        hour = hour.previous
        runs = store.folders(
            settings.containers.runs_container, ids.hour_prefix(settings.hourly.job_prefix, hour)
        )
        texts = store.read_all(settings.containers.runs_container, [layout.plan_blob(run) for run in runs])
        plans = [plan for text in texts if text and (plan := _legible(text))]
        if plans:
            # A backfill of the same hour may have put its sensors into fewer.
            return max(len(plan.groups) for plan in plans)
    return 0
