"""Batch jobs of earlier days: idle ones are ended, as active jobs are a quota, and ended ones deleted."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure.batch.models._models import BatchJobTerminateOptions  # 15.1.0 exports it nowhere else

from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.made_by import is_made_by_us
from sensor_scoring.azure_batch.submission import JOB_ENDED
from sensor_scoring.service_errors import batch_explained

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from azure.batch import BatchClient


log = logging.getLogger(__name__)

IDLE_AFTER = timedelta(hours=3)
"""An active job this old in which nothing waits or runs is abandoned: an hour's work is done by then,
and an instance that is cleared opens a job of its own."""


class OldJobs:
    """The jobs of one Batch account that were made by us and may be forgotten.

    :param client: the SDK's client
    :param conn_id: its connection, named in sentences
    :param prefixes: first words of our jobs' ids
    """

    def __init__(self, client: BatchClient, *, conn_id: str, prefixes: Iterable[str]) -> None:
        self._client = client
        self._conn_id = conn_id
        self._prefixes = tuple(prefixes)

    def tidy(self, *, now: datetime, keep: timedelta) -> dict[str, int]:
        """End idle jobs and delete those whose time is over.

        :param keep: for so long after it ended a job stays
        :return: how many of either
        """
        ended = self.end_idle(before=now - IDLE_AFTER)
        deleted = self.delete_ended(before=now - keep)
        for job in ended:
            log.warning("Batch job %s was active and idle, and is ended: its run did not close it", job)
        log.info("%d Batch jobs deleted that ended over %d days ago", len(deleted), keep.days)
        return {"idle jobs ended": len(ended), "jobs deleted": len(deleted)}

    def end_idle(self, *, before: datetime) -> list[str]:
        """Terminate active jobs in which nothing waits or runs: their run did not close them.

        :param before: a job made later is left alone, as its tasks may still come
        :return: the jobs
        """
        ended = []
        for job in self._found(f"state eq 'active' and creationTime lt {_literal(before)}"):
            with batch_explained(f"end idle job {job}", self._conn_id, dict.fromkeys(JOB_ENDED)):
                counts = self._client.get_job_task_counts(job).task_counts
                if not counts.active and not counts.running:
                    # Without a reason the SDK raises before it sends anything (azure-sdk-for-python 46815).
                    reason = BatchJobTerminateOptions(termination_reason="IdleJob")
                    self._client.begin_terminate_job(job, reason)
                    ended.append(job)
        return ended

    def delete_ended(self, *, before: datetime) -> list[str]:
        """Delete jobs that ended before a moment, with the records of their tasks.

        :return: the jobs
        """
        deleted = self._found(f"state eq 'completed' and executionInfo/endTime lt {_literal(before)}")
        for job in deleted:
            with batch_explained(f"delete job {job}", self._conn_id, dict.fromkeys(JOB_ENDED)):
                self._client.begin_delete_job(job)
        return deleted

    def _found(self, condition: str) -> list[str]:
        """Return our jobs that meet a condition: named by our grammar, and marked as made by us."""
        with batch_explained("list old jobs", self._conn_id):
            return [
                job.id
                for prefix in self._prefixes
                for job in self._client.list_jobs(
                    filter=f"startswith(id,'{prefix}-') and {condition}", select=["id", "metadata"]
                )
                if _is_ours(job, prefix)
            ]


def _is_ours(job: Mapping[str, Any], prefix: str) -> bool:
    base = ids.base_of(str(job["id"]))
    is_named = base != job["id"] and ids.hour_of_run_with(prefix, base) is not None
    return is_named and is_made_by_us(job)


def _literal(moment: datetime) -> str:
    return f"DateTime'{moment.strftime('%Y-%m-%dT%H:%M:%SZ')}'"
