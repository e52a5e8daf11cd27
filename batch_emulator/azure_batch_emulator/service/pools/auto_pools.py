"""Auto pools: made with a job or with a schedule's first job, and deleted with it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.records.states import PoolState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.records.schedules import Schedule
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.events import JobEnded
    from azure_batch_emulator.service.pools.pools import Pools

LONGEST_PREFIX = 20
_NAMES = uuid.UUID("5c0f2a57-1d4e-4c38-9a53-0b6d8f3e7a11")


class AutoPools:
    """Pools that come and go with their jobs."""

    def __init__(self, core: EngineCore, pools: Pools) -> None:
        self._core = core
        self._pools = pools

    def open(self, info: Mapping[str, Any], schedule: Schedule | None) -> str | None:
        """Make the pool that a new job asks for, unless its schedule has one; return its id.

        :param info: the job's ``poolInfo``
        :return: None for a job that names a pool
        :raises ApiError: if the pool cannot be made
        """
        wanted = info.get("autoPoolSpecification")
        if not wanted:
            return None
        shared = wanted["poolLifetimeOption"] == "jobschedule"
        if schedule is None or not shared:
            return self._make(wanted).id
        present = self._core.account.pools.get((schedule.auto_pool or "").lower())
        if present is None or present.state is PoolState.DELETING:
            schedule.auto_pool = self._make(wanted).id
        return schedule.auto_pool

    def delete_with_job(self, event: JobEnded) -> None:
        """Delete the pool of a job that has ended, if it was made for the job alone."""
        self.close(event.job)

    def close(self, job: Job) -> None:
        """Delete the pool that was made for a job alone."""
        wanted = job.spec["poolInfo"].get("autoPoolSpecification") or {}
        if wanted.get("poolLifetimeOption") == "job":
            self.drop(job.auto_pool, wanted)

    def close_schedule(self, schedule: Schedule) -> None:
        """Delete the pool that the jobs of a schedule had in common."""
        info = schedule.spec["jobSpecification"]["poolInfo"]
        self.drop(schedule.auto_pool, info.get("autoPoolSpecification") or {})

    def drop(self, pool_id: str | None, wanted: Mapping[str, Any]) -> None:
        """Delete an auto pool, if it is not to be kept."""
        pool = self._core.account.pools.get((pool_id or "").lower())
        if pool is not None and not wanted.get("keepAlive") and pool.state is PoolState.ACTIVE:
            self._pools.delete(pool)

    def _make(self, wanted: Mapping[str, Any]) -> Pool:
        core = self._core
        unique = uuid.uuid5(_NAMES, f"{core.next_number()}/{core.now.isoformat()}")
        prefix = wanted.get("autoPoolIdPrefix")
        pool_id = f"{prefix}_{unique}" if prefix else str(unique)
        return self._pools.create({**wanted["pool"], "id": pool_id})


def check(info: Mapping[str, Any], *, is_scheduled: bool) -> None:
    """Hold a ``poolInfo`` against the rules.

    :raises ApiError: unless it names a pool or describes one
    """
    named, wanted = info.get("poolId"), info.get("autoPoolSpecification")
    if bool(named) is bool(wanted):
        reason = "either a poolId or an autoPoolSpecification is needed"
        raise ApiError.bad_property("poolInfo", named or "", reason)
    if not wanted:
        return
    if wanted["poolLifetimeOption"] == "jobschedule" and not is_scheduled:
        reason = "a job of its own takes job only"
        raise ApiError.bad_property("poolInfo.poolLifetimeOption", "jobschedule", reason)
    prefix = wanted.get("autoPoolIdPrefix") or ""
    if len(prefix) > LONGEST_PREFIX:
        reason = f"at most {LONGEST_PREFIX} characters"
        raise ApiError.bad_property("poolInfo.autoPoolIdPrefix", prefix, reason)


def check_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Refuse changes of a job's pool that would make another: only ``keepAlive`` of an auto pool may change.

    :raises ApiError: if more differs
    """
    old, new = before.get("autoPoolSpecification") or {}, after.get("autoPoolSpecification") or {}
    if new and {**old, "keepAlive": None} != {**new, "keepAlive": None}:
        reason = "of an auto pool only keepAlive can be changed"
        raise ApiError.bad_property("poolInfo.autoPoolSpecification", "", reason)
