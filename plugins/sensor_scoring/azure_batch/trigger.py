"""The trigger that waits for one Batch task.

It takes and gives JSON scalars and yields one event. Success ends the task instance right here: a resumed one
would race the scheduler under the LocalExecutor, and would cost a worker for nothing.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TaskSuccessEvent, TriggerEvent

from sensor_scoring.patience import OUTAGE_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable

    from sensor_scoring.azure_batch.poller import JobPoller, Tick

SETTLED_SECONDS = 20.0
"""A failure is reported no sooner after the deferral. The scheduler handles the deferring worker's exit some
loops later, and would take a task instance that was requeued before for one that died."""
_KILL_SECONDS = 10.0


class BatchTaskTrigger(BaseEventTrigger):
    """Waits for one Batch task; all that wait on one job share one poll.

    :param job_id: its Batch job
    :param batch_task_id: its id in the job
    :param azure_batch_conn_id: connection of the Batch account
    :param poll_seconds: pause between two looks at the job
    :param deferred_at: when the task instance was deferred, seconds since the epoch
    :param commit_container: container of the commit marker; empty if success needs none
    :param commit_blob: blob that the Batch task writes last; without it, success is no success
    :param wasb_conn_id: connection of its storage account
    :param outage_limit_seconds: how long Batch may be silent
    """

    def __init__(
        self,
        *,
        job_id: str,
        batch_task_id: str,
        azure_batch_conn_id: str,
        poll_seconds: float,
        deferred_at: float,
        commit_container: str = "",
        commit_blob: str = "",
        wasb_conn_id: str = "",
        outage_limit_seconds: float = OUTAGE_SECONDS,
    ) -> None:
        super().__init__()
        self.job_id = job_id
        self.batch_task_id = batch_task_id
        self.azure_batch_conn_id = azure_batch_conn_id
        self.poll_seconds = poll_seconds
        self.deferred_at = deferred_at
        self.commit_container = commit_container
        self.commit_blob = commit_blob
        self.wasb_conn_id = wasb_conn_id
        self.outage_limit_seconds = outage_limit_seconds
        self._said: set[str] = set()

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what makes this trigger again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "job_id": self.job_id,
            "batch_task_id": self.batch_task_id,
            "azure_batch_conn_id": self.azure_batch_conn_id,
            "poll_seconds": self.poll_seconds,
            "deferred_at": self.deferred_at,
            "commit_container": self.commit_container,
            "commit_blob": self.commit_blob,
            "wasb_conn_id": self.wasb_conn_id,
            "outage_limit_seconds": self.outage_limit_seconds,
        }

    def shared_stream_key(self) -> Hashable:
        """Say who shares a poll: all that wait on the same job and look for marks in the same folder."""
        return (self.azure_batch_conn_id, self.job_id, self.wasb_conn_id, self._commit_folder)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Tick]:
        """Poll the job of one of them, for all."""
        async with aclosing(cls(**kwargs).poller().ticks()) as ticks:
            async for tick in ticks:
                yield tick

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Tick]) -> AsyncIterator[TriggerEvent]:
        """Wait for the tick that ends our Batch task."""
        async for tick in shared_stream:
            event = self._event(tick)
            if event is None:
                continue
            if isinstance(event, TaskSuccessEvent):
                await self.note_success()
            else:
                await asyncio.sleep(max(0.0, self.deferred_at + SETTLED_SECONDS - time.time()))
            yield event
            return

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll for this one alone: ``airflow dags test`` runs triggers in line, one after the other."""
        event = await self._ended()
        if isinstance(event, TaskSuccessEvent):
            await self.note_success()
        yield event

    async def note_success(self) -> None:
        """Log what our Batch task has done; for a subclass that knows its program's reports."""

    async def on_kill(self) -> None:
        """End our Batch task when a user has marked or cleared the task instance; its siblings run on."""
        from sensor_scoring.azure_batch.hook import ScoringBatchHook

        hook = ScoringBatchHook(azure_batch_conn_id=self.azure_batch_conn_id)
        async with asyncio.timeout(_KILL_SECONDS):
            await hook.terminate_task_async(self.job_id, self.batch_task_id)

    @property
    def _commit_folder(self) -> str:
        return self.commit_blob.rpartition("/")[0] + "/" if self.commit_blob else ""

    def poller(self) -> JobPoller:
        """Return the poll of our job; equal for all that share a key."""
        from sensor_scoring.azure_batch.poller import JobPoller

        return JobPoller(
            job_id=self.job_id,
            azure_batch_conn_id=self.azure_batch_conn_id,
            poll_seconds=self.poll_seconds,
            commit_container=self.commit_container,
            commit_folder=self._commit_folder,
            wasb_conn_id=self.wasb_conn_id,
        )

    async def _ended(self) -> TriggerEvent:
        async with aclosing(self.poller().ticks()) as ticks:
            async for tick in ticks:
                event = self._event(tick)
                if event is not None:
                    return event
        raise RuntimeError("the poll of a Batch job never ends by itself")

    def _event(self, tick: Tick) -> TriggerEvent | None:
        self._say(tick)
        outcome = tick.ended.get(self.batch_task_id)
        if outcome is not None and outcome.is_success and self._is_committed(tick):
            return TaskSuccessEvent()
        if outcome is not None:
            return self._failure(outcome=outcome.to_event())
        if tick.is_gone:
            return self._failure(error=f"Batch job {self.job_id} no longer exists")
        if tick.outage_seconds > self.outage_limit_seconds:
            return self._failure(
                error=f"Azure Batch has not answered for {tick.outage_seconds:.0f} s: {tick.outage}"
            )
        return None

    def _is_committed(self, tick: Tick) -> bool:
        return not self.commit_blob or self.commit_blob in tick.committed

    def _failure(self, **facts: Any) -> TriggerEvent:
        return TriggerEvent({"job_id": self.job_id, "batch_task_id": self.batch_task_id, **facts})

    def _say(self, tick: Tick) -> None:
        if tick.outage:
            self.log.warning("Azure Batch has not answered for %.0f s: %s", tick.outage_seconds, tick.outage)
        sentences = list(tick.troubles)
        if self.batch_task_id in tick.requeued:
            sentences.append("its node was lost or pre-empted; Batch runs the same task again elsewhere")
        for sentence in sentences:
            if sentence not in self._said:
                self._said.add(sentence)
                self.log.warning("Waiting for Batch task %s: %s", self.batch_task_id, sentence)
