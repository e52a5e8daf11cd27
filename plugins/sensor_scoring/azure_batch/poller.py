"""One poll of a Batch job for all who wait on it.

Each tick carries the whole state, not what is new: a waiter that joins late has missed earlier ticks. A
failure to reach the service is a tick with the outage's age; an exception here would fail every waiter.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from airflow.providers.microsoft.azure.hooks.wasb import WasbAsyncHook
from azure.core.exceptions import AzureError, ResourceNotFoundError

from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.azure_batch.pool.health import NODE_COLUMNS, emptiness_of, troubles_of
from sensor_scoring.azure_batch.pool.keeper import date_of
from sensor_scoring.azure_batch.task_state import SELECTED, BatchTaskOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from datetime import datetime

    from azure.batch.aio import BatchClient
    from azure.batch.models import BatchTaskCounts
    from azure.storage.blob.aio import BlobServiceClient

log = logging.getLogger(__name__)

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Tick:
    """State of a Batch job at one poll."""

    ended: Mapping[str, BatchTaskOutcome] = field(default_factory=dict)
    """Every Batch task that has ended, by its id."""
    committed: frozenset[str] = frozenset()
    """Blobs in the folder of commit markers."""
    is_gone: bool = False
    """Whether the job no longer exists."""
    requeued: frozenset[str] = frozenset()
    """Batch tasks that were running and were seen waiting for a node again."""
    troubles: tuple[str, ...] = ()
    """Pool problems, while tasks wait and none runs."""
    outage_seconds: float = 0.0
    """For how long the service has not answered; 0 while it does."""
    outage: str = ""
    """Why, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPoller:
    """Looks at one Batch job again and again.

    :param commit_folder: folder of blobs that tasks write last; empty if success needs no commit marker
    :param commit_container: its container
    """

    job_id: str
    azure_batch_conn_id: str
    poll_seconds: float
    commit_container: str = ""
    commit_folder: str = ""
    wasb_conn_id: str = ""

    async def ticks(self) -> AsyncGenerator[Tick, None]:
        """Yield what is known, at once and then after each pause, for ever."""
        look = _Look(self)
        try:
            while True:
                yield await look.tick()
                await asyncio.sleep(self.poll_seconds)
        finally:
            await look.close()


@dataclass(frozen=True, slots=True)
class _Counts:
    """How many Batch tasks of the job wait, run, and have ended."""

    active: int = 0
    running: int = 0
    completed: int = -1

    @classmethod
    def of(cls, counts: BatchTaskCounts) -> _Counts:
        return cls(counts.active, counts.running, counts.completed)

    @property
    def only_waits(self) -> bool:
        """Whether tasks wait for a node and none has one."""
        return bool(self.active) and not self.running

    def may_hold_requeued_since(self, before: _Counts) -> bool:
        """Whether a task may be back in the queue: fewer run than before though not as many have ended.

        The first look has nothing to compare with: what was taken back before it shows only in the tasks.
        """
        if before.completed < 0:
            return bool(self.active)
        return before.running - self.running > self.completed - before.completed


class _Look:
    """State of one poll: open clients, what was known, since when nothing is heard."""

    def __init__(self, poller: JobPoller) -> None:
        self._poller = poller
        self._batch: BatchClient | None = None
        self._storage: BlobServiceClient | None = None
        self._known = Tick()
        self._counts = _Counts()
        self._silent_since: float | None = None

    async def tick(self) -> Tick:
        try:
            self._known = await self._looked()
        except (AzureError, OSError) as error:
            return self._outage(error)
        self._silent_since = None
        return self._known

    async def close(self) -> None:
        for client in (self._batch, self._storage):
            if client is not None:
                await client.close()

    def _outage(self, error: Exception) -> Tick:
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        # Only the first line: the rest of an SDK error is request ids and, at times, URLs.
        sentence = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no details'}"
        log.warning("Job %s cannot be polled: %s", self._poller.job_id, sentence)
        return replace(
            self._known, troubles=(), outage_seconds=max(now - self._silent_since, 1e-3), outage=sentence
        )

    async def _looked(self) -> Tick:
        client = await self._batch_client()
        try:
            answer = await client.get_job_task_counts(self._poller.job_id)
        except ResourceNotFoundError:
            return replace(self._known, troubles=(), is_gone=True)
        counts = _Counts.of(answer.task_counts)
        troubles = await self._pool_troubles(client) if counts.only_waits else ()
        tick = replace(self._known, is_gone=False, troubles=troubles)
        if counts.may_hold_requeued_since(self._counts):
            tick = replace(tick, requeued=tick.requeued | await self._waiting_again(client))
        if counts.completed != self._counts.completed:
            # The tasks first: a task that ended in success wrote its mark before, so the marks hold it then.
            ended = await self._ended(client)
            tick = replace(tick, ended=ended, committed=await self._committed())
        # Only now: after an answer that was lost, the next look must ask again.
        self._counts = counts
        return tick

    async def _ended(self, client: BatchClient) -> dict[str, BatchTaskOutcome]:
        tasks = client.list_tasks(
            self._poller.job_id, filter="state eq 'completed'", select=list(SELECTED), max_results=_PAGE
        )
        outcomes = [BatchTaskOutcome.of(task) async for task in tasks]
        return {outcome.batch_task_id: outcome for outcome in outcomes}

    async def _committed(self) -> frozenset[str]:
        if not self._poller.commit_folder:
            return frozenset()
        if self._storage is None:
            hook = WasbAsyncHook(wasb_conn_id=self._poller.wasb_conn_id)
            self._storage = await hook.get_async_conn()
        marks = self._storage.get_container_client(self._poller.commit_container)
        names = marks.list_blob_names(name_starts_with=self._poller.commit_folder)
        return frozenset([name async for name in names])

    async def _waiting_again(self, client: BatchClient) -> frozenset[str]:
        tasks = client.list_tasks(
            self._poller.job_id,
            filter="state eq 'active'",
            select=["id", "state", "previousState"],
            max_results=_PAGE,
        )
        return frozenset(
            [task.id async for task in tasks if str(task.get("previousState")).lower() == "running"]
        )

    async def _pool_troubles(self, client: BatchClient) -> tuple[str, ...]:
        job = await client.get_job(self._poller.job_id, select=["id", "poolInfo"])
        pool_id = (job.get("poolInfo") or {}).get("poolId")
        if not pool_id:
            return ()
        seen: list[datetime] = []
        try:
            pool = await client.get_pool(
                pool_id, raw_response_hook=lambda answer: seen.append(date_of(answer))
            )
        except ResourceNotFoundError:
            # A job may be made before its pool: to the service that is no error.
            return (f"there is no pool {pool_id}; make it, as sensor_scoring.hourly.tasks.ensure_pool does",)
        nodes = [node async for node in client.list_nodes(pool_id, select=list(NODE_COLUMNS))]
        return tuple(troubles_of(pool, nodes, now=seen[0]) or emptiness_of(pool, nodes))

    async def _batch_client(self) -> BatchClient:
        if self._batch is None:
            hook = ScoringBatchHook(azure_batch_conn_id=self._poller.azure_batch_conn_id)
            self._batch = await hook.get_async_conn()
        return self._batch
