"""What people are shown of runs and of a pool: a few calls each, and no more properties than are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.pool.health import NODE_COLUMNS
from sensor_scoring.azure_batch.pool.keeper import date_of
from sensor_scoring.azure_batch.task_span import SELECTED, TaskSpan
from sensor_scoring.service_errors import batch_explained
from sensor_scoring.service_times import datetime_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from azure.batch import BatchClient

_DEFAULT_INTERVAL = timedelta(minutes=15)
"""The service's, between two evaluations."""
_PAGE = 1000
"""Most entries that the service puts into one answer."""
_JOB_COLUMNS = ("id", "state", "creationTime", "executionInfo", "priority")
_NODE_COLUMNS = (*NODE_COLUMNS, "isDedicated", "allocationTime", "runningTasksCount")


@dataclass(frozen=True, slots=True)
class PoolSight:
    """A pool and its nodes, as the service describes them."""

    now: datetime
    """By the service's clock: formulas are evaluated by it, not by ours."""
    pool: Mapping[str, Any]
    interval: timedelta | None = None
    """Time between two evaluations of its formula; None if it does not scale."""
    nodes: Sequence[Mapping[str, Any]] = field(default=())


@dataclass(frozen=True, slots=True)
class RunSight:
    """Batch jobs and tasks of a run, as the service describes them."""

    now: datetime
    """By the service's clock."""
    jobs: Sequence[Mapping[str, Any]]
    """Of all generations, the first one first."""
    tasks: Mapping[str, Sequence[Mapping[str, Any]]]
    """Of each job, by its id."""

    @property
    def is_live(self) -> bool:
        """Whether one of the jobs may still work."""
        return any(str(job.get("state") or "").lower() != "completed" for job in self.jobs)

    @property
    def opened(self) -> datetime | None:
        """When the first job was made; None if there is none."""
        return datetime_of(self.jobs[0].get("creationTime")) if self.jobs else None

    @property
    def reopened(self) -> datetime | None:
        """When the newest job was made; None if there is none."""
        return datetime_of(self.jobs[-1].get("creationTime")) if self.jobs else None

    @property
    def pool_id(self) -> str:
        """Pool of the newest job; empty if there is none."""
        return str((self.jobs[-1].get("executionInfo") or {}).get("poolId") or "") if self.jobs else ""

    def spans(self) -> list[TaskSpan]:
        """Return the tasks in time."""
        ended = {str(job["id"]): _end_of(job) for job in self.jobs}
        return [
            TaskSpan.of(job, task, closed=ended[job]) for job, tasks in self.tasks.items() for task in tasks
        ]


class Onlooker:
    """Looks at a Batch account, and changes nothing.

    :param client: the SDK's client
    :param conn_id: its connection, named in sentences
    """

    def __init__(self, client: BatchClient, *, conn_id: str) -> None:
        self._client = client
        self._conn_id = conn_id

    def run(self, base: str) -> RunSight:
        """Return the Batch jobs of a run with their tasks; none of what has been deleted."""
        jobs, now = self._jobs(base)
        return RunSight(now, jobs, {str(job["id"]): self._tasks(str(job["id"])) for job in jobs})

    def _jobs(self, base: str) -> tuple[list[Mapping[str, Any]], datetime]:
        seen: list[datetime] = []
        with batch_explained(f"list the jobs of {base}", self._conn_id):
            found = self._client.list_jobs(
                filter=f"startswith(id,'{base}-')",
                select=list(_JOB_COLUMNS),
                max_results=_PAGE,
                raw_response_hook=lambda answer: seen.append(date_of(answer)),
            )
            ours = [job for job in found if ids.is_job_of(str(job["id"]), base)]
        return sorted(ours, key=lambda job: str(job.get("creationTime"))), seen[-1]

    def _tasks(self, job: str) -> list[Mapping[str, Any]]:
        with batch_explained(f"list the tasks of job {job}", self._conn_id, {"JobNotFound": None}):
            return list(self._client.list_tasks(job, select=list(SELECTED), max_results=_PAGE))
        return []

    def pool_count(self) -> int:
        """Return how many pools the account has."""
        with batch_explained("list the pools", self._conn_id):
            return sum(1 for _ in self._client.list_pools(select=["id"], max_results=_PAGE))

    def active_job_count(self) -> int:
        """Return how many active jobs the account has."""
        with batch_explained("list the active jobs", self._conn_id):
            jobs = self._client.list_jobs(filter="state eq 'active'", select=["id"], max_results=_PAGE)
            return sum(1 for _ in jobs)

    def jobs_on(self, pool_id: str) -> list[Mapping[str, Any]]:
        """Return all active Batch jobs of a pool, ours or not."""
        chosen = f"state eq 'active' and executionInfo/poolId eq '{pool_id}'"
        with batch_explained(f"list the jobs of pool {pool_id}", self._conn_id):
            return list(self._client.list_jobs(filter=chosen, select=list(_JOB_COLUMNS), max_results=_PAGE))

    def task_counts(self, job: str) -> tuple[int, int]:
        """Return how many tasks of a Batch job wait and run; none if it has been deleted meanwhile."""
        with batch_explained(f"count the tasks of job {job}", self._conn_id, {"JobNotFound": None}):
            counts = self._client.get_job_task_counts(job).task_counts
            return int(counts.active), int(counts.running)
        return 0, 0

    def pool(self, pool_id: str) -> PoolSight | None:
        """Return a pool with its nodes; None if there is none."""
        seen: list[datetime] = []
        with batch_explained(f"look at pool {pool_id}", self._conn_id):
            try:
                pool = self._client.get_pool(
                    pool_id, raw_response_hook=lambda answer: seen.append(date_of(answer))
                )
                nodes = list(self._client.list_nodes(pool_id, select=list(_NODE_COLUMNS), max_results=_PAGE))
            except ResourceNotFoundError:
                return None
        scales = bool(pool.get("enableAutoScale"))
        interval = (pool.auto_scale_evaluation_interval or _DEFAULT_INTERVAL) if scales else None
        return PoolSight(seen[0], pool, interval, nodes)


def _end_of(job: Mapping[str, Any]) -> datetime | None:
    return datetime_of((job.get("executionInfo") or {}).get("endTime"))
