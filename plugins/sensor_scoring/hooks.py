"""The way to Azure Batch: pools, jobs, Batch tasks and their files, over Airflow's own hook.

Beside ``blobs.py`` the one module that talks to the network; SDK models stop here. What to ask for is decided
in ``pools.py``, ``autoscale.py``, ``batch_task.py`` and ``attempts.py``.
"""

from __future__ import annotations

import binascii
import logging
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.microsoft.azure.hooks.batch import AzureBatchHook
from airflow.providers.microsoft.azure.utils import (
    get_async_default_azure_credential,
    get_sync_default_azure_credential,
)
from azure.batch import BatchClient, models
from azure.batch.aio import BatchClient as AsyncBatchClient
from azure.batch.models._models import BatchJobTerminateOptions  # 15.1.0 exports it nowhere else
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from sensor_scoring import ids
from sensor_scoring.autoscale import Floor
from sensor_scoring.azure_errors import batch_code_of, batch_explained
from sensor_scoring.errors import (
    BatchAccessRefused,
    BatchError,
    FormulaRefused,
    JobEnded,
    PoolUnusable,
    QuotaReached,
    SubmissionRefused,
)
from sensor_scoring.outcome import SELECTED, BatchTaskOutcome
from sensor_scoring.pools import autoscale_error, troubles_of
from sensor_scoring.submission import JOB_ENDED, Submission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Connection

    from sensor_scoring.pools import PoolSpec

JOB_WALL_CLOCK = timedelta(hours=24)
"""No Batch job of ours lives longer, whatever else fails: active jobs are a quota."""

# One lost answer must not hold a worker slot for the SDK's default of five minutes, times its retries.
_TIMEOUTS = {"connection_timeout": 10, "read_timeout": 60}
_FORMULA_BUSY = frozenset({"PoolBeingResized", "TooManyEnableAutoScaleRequests", "TooManyRequests"})
_TASK_REFUSED = frozenset({"InvalidPropertyValue", "InvalidRequestBody", "InvalidConstraintValue"})
_TASK_GONE = frozenset({"TaskCompleted", "TaskNotFound", "JobNotFound", "JobBeingDeleted"})
_FILE_GONE = frozenset({
    "FileNotFound", "TaskFilesUnavailable", "TaskFilesCleanedup", "OperationInvalidForCurrentState",
    "NodeNotFound", "TaskNotFound", "JobNotFound",
})  # fmt: skip
_QUOTAS = frozenset({"ActiveJobAndScheduleQuotaReached", "PoolQuotaReached"})


class ScoringBatchHook(AzureBatchHook):
    """Azure Batch for runs of many small tasks: one pool that scales, one job a run.

    The connection is the provider's own ``azure_batch`` one: ``extra.account_url``, and login and password
    for a shared key; without them the default Azure credential signs in.

    :param azure_batch_conn_id: the connection
    """

    def __init__(self, azure_batch_conn_id: str = AzureBatchHook.default_conn_name) -> None:
        super().__init__(azure_batch_conn_id)
        # As the provider's Blob hook does: every request at INFO would bury what a task log has to say.
        logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)

    def get_conn(self) -> BatchClient:
        """Return a client with time limits.

        :raises BatchAccessRefused: if the connection's key is not a Batch key at all
        """
        conn = self.get_connection(self.conn_id)
        credential = self._shared_key(conn) or get_sync_default_azure_credential(**_identity_of(conn))
        return BatchClient(endpoint=self._account_url(conn), credential=credential, **_TIMEOUTS)

    async def get_async_conn(self) -> AsyncBatchClient:
        """Return the asyncio client, for triggers; the caller closes it."""
        conn = await self.aget_connection(self.conn_id)
        credential = self._shared_key(conn) or get_async_default_azure_credential(**_identity_of(conn))
        return AsyncBatchClient(endpoint=self._account_url(conn), credential=credential, **_TIMEOUTS)

    # ------------------------------------------------------------------ pools

    def ensure_pool(self, spec: PoolSpec, *, floor: Floor | None = None) -> list[str]:
        """Create the pool, or adopt it as it is, with a formula for this run's load.

        A fixed-size pool is left alone: somebody decided its size. Of an autoscale pool only the formula is
        ours; a new one is evaluated on the pool before it is enabled, and a live floor is never lowered.

        :return: what a person should know about the pool, a sentence each
        :raises FormulaRefused: if the service does not accept the formula; the pool keeps its old one
        :raises PoolUnusable: if the pool is being deleted
        """
        pool, now = self._pool(spec.pool_id)
        if pool is None:
            self._create_pool(spec, floor)
            self.log.info("Created pool %s, scaling up to %d nodes", spec.pool_id, spec.policy.max_nodes)
            pool, now = self._pool(spec.pool_id)
            return troubles_of(pool) if pool else []
        if str(pool.get("state") or "").lower() == "deleting":
            raise PoolUnusable(f"pool {spec.pool_id} is being deleted; the next try finds it gone")
        if not pool.get("enableAutoScale"):
            self.log.info("Pool %s has a fixed size; its size is left alone", spec.pool_id)
        else:
            self._refresh_formula(spec, pool, floor, now)
        return self.pool_troubles(spec.pool_id)

    def pool_troubles(self, pool_id: str) -> list[str]:
        """Say what keeps the pool from working; empty if nothing does."""
        with batch_explained(f"look at pool {pool_id}", self.conn_id):
            pool = self.connection.get_pool(pool_id)
            nodes = self.connection.list_nodes(pool_id, select=["id", "state", "errors"])
            return troubles_of(pool, nodes)

    def service_time(self) -> datetime:
        """Return the service's clock: formulas are evaluated by it, not by ours."""
        seen: list[datetime] = []
        with batch_explained("ask for the time", self.conn_id):
            pages = self.connection.list_pools(
                max_results=1, select=["id"], raw_response_hook=lambda answer: seen.append(_date_of(answer))
            ).by_page()
            next(iter(pages), None)
        return seen[0]

    def _pool(self, pool_id: str) -> tuple[Mapping[str, Any] | None, datetime]:
        seen: list[datetime] = []
        with batch_explained(f"look for pool {pool_id}", self.conn_id):
            try:
                pool = self.connection.get_pool(
                    pool_id, raw_response_hook=lambda answer: seen.append(_date_of(answer))
                )
            except ResourceNotFoundError:
                return None, datetime.now(UTC)
        return pool, seen[0]

    def _create_pool(self, spec: PoolSpec, floor: Floor | None) -> None:
        formula = spec.policy.formula(floor)
        known = {"PoolExists": None, "AutoScalingFormulaSyntaxError": FormulaRefused}
        with batch_explained(f"create pool {spec.pool_id}", self.conn_id, known):
            self.connection.create_pool(models.BatchPoolCreateOptions(spec.request(formula)))

    def _refresh_formula(
        self, spec: PoolSpec, pool: Mapping[str, Any], floor: Floor | None, now: datetime
    ) -> None:
        present = str(pool.get("autoScaleFormula") or "")
        live = Floor.of_formula(present, now=now)
        formula = spec.policy.formula(floor.merged(live) if floor else live)
        if formula == present:
            return
        self.check_formula(spec.pool_id, formula)
        try:
            with batch_explained(f"set the formula of pool {spec.pool_id}", self.conn_id):
                # No retries: "too many requests" means another run has just set a formula that will do.
                self.connection.enable_pool_auto_scale(
                    spec.pool_id,
                    models.BatchPoolEnableAutoScaleOptions(auto_scale_formula=formula),
                    retry_total=0,
                )
        except BatchError as error:
            if error.code not in _FORMULA_BUSY:
                raise
            self.log.warning("Pool %s keeps its formula for now: %s", spec.pool_id, error)

    def check_formula(self, pool_id: str, formula: str) -> str:
        """Evaluate a formula on the live pool without changing the pool.

        :return: the service's result, ``$TargetDedicatedNodes=2;...``
        :raises FormulaRefused: with the service's words on what is wrong and where
        """
        known = {"AutoScalingFormulaSyntaxError": FormulaRefused}
        with batch_explained(f"evaluate a formula on pool {pool_id}", self.conn_id, known):
            run = self.connection.evaluate_pool_auto_scale(
                pool_id, models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=formula)
            )
        if run.get("error"):
            code = str(run["error"].get("code") or "")
            raise FormulaRefused(
                f"pool {pool_id} refuses the formula: {autoscale_error(run['error'])}", code=code
            )
        return run.results or ""

    # ------------------------------------------------------------------ jobs

    def open_job(
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
        number = 0
        while True:
            job = ids.job_id(base, generation=generation, number=number)
            state = self._created_job_state(job, pool_id=pool_id, priority=priority, wall_clock=wall_clock)
            if state == "active":
                return job
            self.log.info("Batch job %s is %s; trying the next name", job, state)
            number += 1

    def _created_job_state(self, job: str, *, pool_id: str, priority: int, wall_clock: timedelta) -> str:
        body = {
            "id": job,
            "poolInfo": {"poolId": pool_id},
            "priority": priority,
            "constraints": {"maxWallClockTime": f"PT{int(wall_clock.total_seconds())}S"},
            # A job that ends with its tasks would be over before an Airflow retry adds the next one.
            "onAllTasksComplete": "noaction",
        }
        known = {"JobExists": None} | dict.fromkeys(_QUOTAS, QuotaReached)
        with batch_explained(f"create job {job}", self.conn_id, known):
            self.connection.create_job(models.BatchJobCreateOptions(body))
            return "active"
        with batch_explained(f"look at job {job}", self.conn_id):
            return str(self.connection.get_job(job, select=["id", "state"]).get("state") or "").lower()

    def close_jobs(self, base: str) -> list[str]:
        """Terminate every active Batch job of a run, of all generations; their logs stay.

        :return: the jobs that were active
        """
        with batch_explained(f"list the jobs of {base}", self.conn_id):
            active = [
                job.id
                for job in self.connection.list_jobs(
                    filter=f"state eq 'active' and startswith(id,'{base}-')", select=["id", "state"]
                )
            ]
        for job in active:
            self._terminate_job(job)
        return active

    def _terminate_job(self, job: str) -> None:
        known = dict.fromkeys(JOB_ENDED)
        with batch_explained(f"terminate job {job}", self.conn_id, known):
            # Without a reason the SDK raises before it sends anything (azure-sdk-for-python 46815).
            self.connection.begin_terminate_job(job, BatchJobTerminateOptions(termination_reason="RunClosed"))

    # ------------------------------------------------------------------ Batch tasks

    def submit(self, job: str, requests: Sequence[Mapping[str, Any]]) -> int:
        """Add many Batch tasks; ones that exist already are as good as added.

        :return: how many requests were sent
        :raises SubmissionRefused: naming the tasks that the service refused
        :raises JobEnded: if the job takes no more tasks
        """
        known = {**dict.fromkeys(JOB_ENDED, JobEnded), **dict.fromkeys(_TASK_REFUSED, SubmissionRefused)}
        with batch_explained(f"add tasks to job {job}", self.conn_id, known):
            return Submission(self.connection, job).send(requests)
        return 0

    def add_task(self, job: str, request: Mapping[str, Any]) -> None:
        """Add one Batch task; if it exists already, that is the one.

        :raises SubmissionRefused: if the service will never take it
        :raises JobEnded: if the job takes no more tasks
        """
        known: dict[str, type[BatchError] | None] = {
            "TaskExists": None,
            **dict.fromkeys(JOB_ENDED, JobEnded),
            **dict.fromkeys(_TASK_REFUSED, SubmissionRefused),
        }
        with batch_explained(f"add task {request['id']} to job {job}", self.conn_id, known):
            self.connection.create_task(job, models.BatchTaskCreateOptions(request))

    def tasks_of(self, job: str, *, key: str) -> list[BatchTaskOutcome]:
        """Return all attempts of a group that a job holds, in one call."""
        known = dict.fromkeys(JOB_ENDED)
        with batch_explained(f"list the tasks of {key} in job {job}", self.conn_id, known):
            found = self.connection.list_tasks(
                job, filter=f"startswith(id,'{key}-')", select=list(SELECTED), max_results=1000
            )
            return [BatchTaskOutcome.of(task) for task in found]
        return []

    def terminate_task(self, job: str, task_id: str) -> None:
        """End one Batch task, and no other; one that has ended already is left alone."""
        known = dict.fromkeys(_TASK_GONE | JOB_ENDED)
        with batch_explained(f"terminate task {task_id} of job {job}", self.conn_id, known):
            self.connection.terminate_task(job, task_id)

    async def terminate_task_async(self, job: str, task_id: str) -> None:
        """End one Batch task, as :meth:`terminate_task`, from a trigger."""
        known = dict.fromkeys(_TASK_GONE | JOB_ENDED)
        client = await self.get_async_conn()
        async with client:
            with batch_explained(f"terminate task {task_id} of job {job}", self.conn_id, known):
                await client.terminate_task(job, task_id)

    def file_tail(self, job: str, task_id: str, path: str, *, size: int) -> str:
        """Return the last bytes of a task's file as text; empty if the node no longer has it.

        :param path: for example ``stderr.txt``
        :param size: bytes at most
        """
        with batch_explained(f"read {path} of task {task_id}", self.conn_id):
            try:
                length = int(self.connection.get_task_file_properties(job, task_id, path).content_length)
                if not length:
                    return ""  # an empty file has no range to ask for
                start = max(0, length - size)
                parts = self.connection.download_task_file(
                    job, task_id, path, ocp_range=f"bytes={start}-{start + size - 1}"
                )
                return b"".join(parts).decode(errors="replace")
            except HttpResponseError as error:
                # A HEAD answer has no body, so a missing file may come without a code.
                if error.status_code in {404, 409, 416} or batch_code_of(error) in _FILE_GONE:
                    return ""
                raise

    # ------------------------------------------------------------------ connection

    def _account_url(self, conn: Connection) -> str:
        url = conn.extra_dejson.get("account_url")
        if not url:
            raise BatchAccessRefused(f"connection {self.conn_id} has no account_url in its extra")
        return str(url)

    def _shared_key(self, conn: Connection) -> Any:
        if not (conn.login and conn.password):
            return None
        try:
            b64decode(conn.password, validate=True)
        except binascii.Error as error:
            raise BatchAccessRefused(
                f"the password of connection {self.conn_id} is not a Batch key: it is not base64"
            ) from error
        return AzureNamedKeyCredential(conn.login, conn.password)


def _identity_of(conn: Connection) -> dict[str, str | None]:
    extra = conn.extra_dejson
    return {name: extra.get(name) for name in ("managed_identity_client_id", "workload_identity_tenant_id")}


def _date_of(answer: Any) -> datetime:
    text = answer.http_response.headers.get("Date")
    return parsedate_to_datetime(text).astimezone(UTC) if text else datetime.now(UTC)
