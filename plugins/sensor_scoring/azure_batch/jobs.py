"""Batch jobs of runs: opened under names that say whose they are, looked at, and closed with their run.

How a job is named is decided in ``ids.py``; those of earlier days are tidied up by ``old_jobs.py``.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure.batch import models
from azure.batch.models._models import BatchJobTerminateOptions  # 15.1.0 exports it nowhere else

from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.made_by import MADE_BY
from sensor_scoring.azure_batch.submission import JOB_ENDED
from sensor_scoring.errors import JobEnded, QuotaReached
from sensor_scoring.service_errors import batch_explained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.batch import BatchClient

log = logging.getLogger(__name__)

JOB_WALL_CLOCK = timedelta(hours=24)
"""No Batch job of ours lives longer, whatever else fails: active jobs are a quota."""
_QUOTAS = frozenset({"ActiveJobAndScheduleQuotaReached", "PoolQuotaReached"})


class JobKeeper:
    """Jobs of one Batch account.

    :param client: the SDK's client
    :param conn_id: its connection, named in sentences
    """

    def __init__(self, client: BatchClient, *, conn_id: str) -> None:
        self._client = client
        self._conn_id = conn_id

    def open(
        self,
        base: str,
        *,
        generation: int,
        pool_id: str,
        priority: int = 0,
        wall_clock: timedelta = JOB_WALL_CLOCK,
    ) -> str:
        """Return an active Batch job for this generation of a run, made if there is none.

        :param wall_clock: the service ends the job this long after it was made
        :raises QuotaReached: if the account has no room for another active job
        """
        body = {
            "poolInfo": {"poolId": pool_id},
            "priority": priority,
            "constraints": {"maxWallClockTime": _in_seconds(wall_clock)},
        }
        return self._opened(base, generation, body)[0]

    def reopen(self, job: str, *, pool_id: str = "") -> tuple[str, bool]:
        """Return an active Batch job in place of one that has ended: the next of its name, made like it.

        Of many that ask at once one makes it, and all get the same.

        :param pool_id: where it works if the ended one has been deleted meanwhile
        :return: the job, and whether this call has made it
        :raises JobEnded: if nothing says what to make
        :raises QuotaReached: if the account has no room for another active job
        """
        generation, like = ids.generation_of(job), self._made_like(job, pool_id)
        if generation is None or like is None:
            raise JobEnded(f"job {job} takes no more tasks; open another one and clear this task")
        return self._opened(ids.base_of(job), generation, like)

    def _opened(self, base: str, generation: int, body: Mapping[str, Any]) -> tuple[str, bool]:
        # A job that ends with its tasks would be over before an Airflow retry adds the next one.
        body = {**body, "onAllTasksComplete": "noaction", "metadata": [MADE_BY]}
        number = 0
        while True:
            job = ids.job_id(base, generation=generation, number=number)
            # Looked for before it is made: of many instances that share a job only one makes it.
            state = self._state(job)
            is_made = not state and self._is_made({"id": job, **body})
            if is_made or (state or self._state(job)) == "active":
                return job, is_made
            log.info("Batch job %s has ended; trying the next name", job)
            number += 1

    def active(self, pool_id: str) -> list[str]:
        """Return all active Batch jobs of a pool, ours or not."""
        chosen = f"state eq 'active' and executionInfo/poolId eq '{pool_id}'"
        with batch_explained(f"list the jobs of pool {pool_id}", self._conn_id):
            return [job.id for job in self._client.list_jobs(filter=chosen, select=["id"])]

    def active_of(self, base: str) -> list[str]:
        """Return the active Batch jobs of a run, of all generations."""
        chosen = f"state eq 'active' and startswith(id,'{base}-')"
        with batch_explained(f"list the jobs of {base}", self._conn_id):
            found = [job.id for job in self._client.list_jobs(filter=chosen, select=["id", "state"])]
        return [job for job in found if ids.is_job_of(job, base)]

    def close(self, base: str) -> list[str]:
        """Terminate every active Batch job of a run, of all generations; their logs stay.

        :return: the jobs that were active
        """
        active = self.active_of(base)
        for job in active:
            with batch_explained(f"terminate job {job}", self._conn_id, dict.fromkeys(JOB_ENDED)):
                # Without a reason the SDK raises before it sends anything (azure-sdk-for-python 46815).
                reason = BatchJobTerminateOptions(termination_reason="RunClosed")
                self._client.begin_terminate_job(job, reason)
        return active

    def delete(self, job: str) -> None:
        """Delete a Batch job with the records of its tasks; one that is gone is as good as deleted."""
        with batch_explained(f"delete job {job}", self._conn_id, dict.fromkeys(JOB_ENDED)):
            self._client.begin_delete_job(job)

    def _state(self, job: str) -> str:
        """Return a job's state; empty if there is no such job."""
        with batch_explained(f"look at job {job}", self._conn_id, {"JobNotFound": None}):
            return str(self._client.get_job(job, select=["id", "state"]).get("state") or "").lower()
        return ""

    def _is_made(self, body: dict[str, Any]) -> bool:
        """Create a job; False if another process has just created it."""
        known = {"JobExists": None} | dict.fromkeys(_QUOTAS, QuotaReached)
        with batch_explained(f"create job {body['id']}", self._conn_id, known):
            self._client.create_job(models.BatchJobCreateOptions(body))
            return True
        return False

    def _made_like(self, job: str, pool_id: str) -> dict[str, Any] | None:
        """Return what a job was made from; the pool's defaults if it is gone, None if no pool is known."""
        with batch_explained(f"look at job {job}", self._conn_id, {"JobNotFound": None}):
            found = self._client.get_job(job, select=["id", "poolInfo", "priority", "constraints"])
            limit = (found.get("constraints") or {}).get("maxWallClockTime") or _in_seconds(JOB_WALL_CLOCK)
            return {
                "poolInfo": {"poolId": pool_id or found["poolInfo"]["poolId"]},
                "priority": found.get("priority") or 0,
                "constraints": {"maxWallClockTime": limit},
            }
        if not pool_id:
            return None
        return {
            "poolInfo": {"poolId": pool_id},
            "constraints": {"maxWallClockTime": _in_seconds(JOB_WALL_CLOCK)},
        }


def _in_seconds(span: timedelta) -> str:
    return f"PT{int(span.total_seconds())}S"
