"""The way to Azure Batch: Batch tasks and their files, over Airflow's own hook; jobs and pools are next door.

What to ask for is decided in ``task.py`` and ``attempts.py``. SDK models stop here.
"""

from __future__ import annotations

import binascii
import logging
from base64 import b64decode
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.microsoft.azure.hooks.batch import AzureBatchHook
from airflow.providers.microsoft.azure.utils import (
    get_async_default_azure_credential,
    get_sync_default_azure_credential,
)
from azure.batch import BatchClient, models
from azure.batch.aio import BatchClient as AsyncBatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError

from sensor_scoring.account_keys import refuse_account_key
from sensor_scoring.azure_batch.account_resource import AccountResource
from sensor_scoring.azure_batch.jobs import JobKeeper
from sensor_scoring.azure_batch.old_jobs import OldJobs
from sensor_scoring.azure_batch.onlooker import Onlooker
from sensor_scoring.azure_batch.pool.keeper import PoolKeeper
from sensor_scoring.azure_batch.pool.nodes import NodeKeeper
from sensor_scoring.azure_batch.submission import JOB_ENDED, Submission
from sensor_scoring.azure_batch.task_state import SELECTED, BatchTaskOutcome
from sensor_scoring.connection_identity import identity_of
from sensor_scoring.errors import (
    BatchAccessRefused,
    BatchError,
    JobEnded,
    SubmissionRefused,
)
from sensor_scoring.service_errors import batch_code_of, batch_explained
from sensor_scoring.setting_values.resource_ids import BatchAccountId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from airflow.sdk import Connection
    from azure.core.credentials import TokenCredential

    from sensor_scoring.patience import Patience


# One lost answer must not hold a worker slot for the SDK's default of five minutes, times its retries.
_TIMEOUTS: dict[str, Any] = {"connection_timeout": 10, "read_timeout": 60}
_TASK_REFUSED = frozenset({"InvalidPropertyValue", "InvalidRequestBody", "InvalidConstraintValue"})
_TASK_GONE = frozenset({"TaskCompleted", "TaskNotFound", "JobNotFound", "JobBeingDeleted"})
_FILE_GONE = frozenset({
    "FileNotFound", "TaskFilesUnavailable", "TaskFilesCleanedup", "OperationInvalidForCurrentState",
    "NodeNotFound", "TaskNotFound", "JobNotFound",
})  # fmt: skip


class ScoringBatchHook(AzureBatchHook):
    """Azure Batch for runs of many small tasks: one pool that scales, one job a run.

    The connection is the provider's own ``azure_batch`` one: ``extra.account_url``, and login and password
    for a shared key; without them the default Azure credential signs in.

    :param azure_batch_conn_id: the connection
    :param patience: with a service that is busy or away; the SDK's own few seconds unless given
    """

    def __init__(
        self,
        azure_batch_conn_id: str = AzureBatchHook.default_conn_name,
        *,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(azure_batch_conn_id)
        self._patience = patience
        # As the provider's Blob hook does: every request at INFO would bury what a task log has to say.
        logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)

    def get_conn(self) -> BatchClient:
        """Return a client with time limits.

        :raises BatchAccessRefused: if the connection's key is not a Batch key at all
        :raises SettingsError: if it holds a key that must not be used
        """
        conn = self.get_connection(self.conn_id)
        credential = self._shared_key(conn) or get_sync_default_azure_credential(**identity_of(conn))
        return BatchClient(endpoint=self._account_url(conn), credential=credential, **self._options)

    def account_resource(self, account_id: str) -> AccountResource:
        """Return the account in Azure Resource Manager; the caller closes it.

        It takes no key: the default Azure credential signs in. ``extra.resource_manager_url`` is its address,
        where that is not the SDK's own.

        :param account_id: resource id
        """
        credential, url = self._resource_manager()
        return AccountResource.opened(credential, BatchAccountId.parse(account_id), url=url, **self._options)

    def resource(self, resource_id: str, *, subscription: str, api_version: str) -> Mapping[str, Any]:
        """Return any resource as Azure Resource Manager describes it; signs in as ``account_resource`` does.

        :raises HttpResponseError: as the service refuses
        """
        # Only the preflight needs it.
        from azure.mgmt.resource.resources import ResourceManagementClient  # noqa: PLC0415

        credential, url = self._resource_manager()
        with ResourceManagementClient(credential, subscription, url or None, **self._options) as client:
            return client.resources.get_by_id(resource_id, api_version=api_version)

    def _resource_manager(self) -> tuple[TokenCredential, str]:
        """Return what signs in to Azure Resource Manager, and its address; empty for the SDK's own."""
        conn = self.get_connection(self.conn_id)
        credential = get_sync_default_azure_credential(**identity_of(conn))
        return credential, str(conn.extra_dejson.get("resource_manager_url") or "")

    @property
    def _options(self) -> dict[str, Any]:
        return self._patience.client_options() if self._patience else _TIMEOUTS

    @property
    def account_url(self) -> str:
        """The Batch account's address.

        :raises BatchAccessRefused: if the connection has none
        """
        return self._account_url(self.get_connection(self.conn_id))

    @property
    def has_key(self) -> bool:
        """Whether the connection signs in with an account key, and not with an identity."""
        conn = self.get_connection(self.conn_id)
        return bool(conn.login and conn.password)

    def close(self) -> None:
        """Close the client, if one was needed."""
        if "connection" in self.__dict__:
            self.connection.close()

    async def get_async_conn(self) -> AsyncBatchClient:
        """Return the asyncio client, for triggers; the caller closes it."""
        conn = await self.aget_connection(self.conn_id)
        credential = self._shared_key(conn) or get_async_default_azure_credential(**identity_of(conn))
        return AsyncBatchClient(endpoint=self._account_url(conn), credential=credential, **_TIMEOUTS)

    @cached_property
    def pools(self) -> PoolKeeper:
        """The account's pools."""
        return PoolKeeper(self.connection, conn_id=self.conn_id, resource_of=self.account_resource)

    @cached_property
    def nodes(self) -> NodeKeeper:
        """Nodes of the account's pools."""
        return NodeKeeper(self.connection, conn_id=self.conn_id)

    @cached_property
    def jobs(self) -> JobKeeper:
        """The account's jobs, by run."""
        return JobKeeper(self.connection, conn_id=self.conn_id)

    @cached_property
    def onlooker(self) -> Onlooker:
        """What looks at the account and changes nothing."""
        return Onlooker(self.connection, conn_id=self.conn_id)

    def old_jobs(self, prefixes: Sequence[str]) -> OldJobs:
        """Return the account's jobs whose ids begin so, to be tidied up."""
        return OldJobs(self.connection, conn_id=self.conn_id, prefixes=prefixes)

    # ------------------------------------------------------------------ Batch tasks

    def submit(self, job: str, requests: Iterable[Mapping[str, Any]]) -> int:
        """Add many Batch tasks; ones that exist already are as good as added.

        :param requests: taken as they are sent
        :return: how many requests were sent
        :raises SubmissionRefused: naming the tasks that the service refused
        :raises JobEnded: if the job takes no more tasks
        """
        known = {**dict.fromkeys(JOB_ENDED, JobEnded), **dict.fromkeys(_TASK_REFUSED, SubmissionRefused)}
        with batch_explained(f"add tasks to job {job}", self.conn_id, known):
            return Submission(self.connection, job).send(self._fitting(job, requests))
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
        self._check_slots(job, request)
        with batch_explained(f"add task {request['id']} to job {job}", self.conn_id, known):
            self.connection.create_task(job, models.BatchTaskCreateOptions(request))

    def _fitting(self, job: str, requests: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Check each request that is wider than all before it: most often the first, for all."""
        widest = 1
        for request in requests:
            if (slots := _slots_of(request)) > widest:
                self._check_slots(job, request)
                widest = slots
            yield request

    def _check_slots(self, job: str, request: Mapping[str, Any]) -> None:
        """Refuse what no node of the job's pool could ever run: it would wait for ever, or fail as a riddle.

        :raises SubmissionRefused: naming the task and both numbers
        """
        slots = _slots_of(request)
        if slots == 1:  # fits any node, and nobody need be asked
            return
        known = {**dict.fromkeys(JOB_ENDED, JobEnded), "PoolNotFound": None}
        with batch_explained(f"look at the pool of job {job}", self.conn_id, known):
            pool_id = self.connection.get_job(job, select=["id", "poolInfo"])["poolInfo"].get("poolId")
            pool = self.connection.get_pool(pool_id, select=["id", "taskSlotsPerNode"])
            if slots > int(pool.get("taskSlotsPerNode") or 1):
                raise SubmissionRefused(
                    f"Batch task {request['id']} wants {slots} slots and a node of pool {pool_id} "
                    f"has {pool.get('taskSlotsPerNode')}: raise the pool's task slots per node, or lower the "
                    "task's required_slots",
                    code="TaskSchedulingConstraintFailed",
                )

    def tasks_of(self, job: str, *, key: str) -> list[BatchTaskOutcome]:
        """Return all attempts of a group that a job holds, in one call."""
        known = dict.fromkeys(JOB_ENDED)
        with batch_explained(f"list the tasks of {key} in job {job}", self.conn_id, known):
            found = self.connection.list_tasks(
                job, filter=f"startswith(id,'{key}-')", select=list(SELECTED), max_results=1000
            )
            return [BatchTaskOutcome.of(task) for task in found]
        return []

    def terminate_task(self, job: str, batch_task_id: str) -> None:
        """End one Batch task, and no other; one that has ended already is left alone."""
        known = dict.fromkeys(_TASK_GONE | JOB_ENDED)
        with batch_explained(f"terminate task {batch_task_id} of job {job}", self.conn_id, known):
            self.connection.terminate_task(job, batch_task_id)

    async def terminate_task_async(self, job: str, batch_task_id: str) -> None:
        """End one Batch task, as :meth:`terminate_task`, from a trigger."""
        known = dict.fromkeys(_TASK_GONE | JOB_ENDED)
        client = await self.get_async_conn()
        async with client:
            with batch_explained(f"terminate task {batch_task_id} of job {job}", self.conn_id, known):
                await client.terminate_task(job, batch_task_id)

    def file_tail(self, job: str, batch_task_id: str, path: str, *, size: int) -> str:
        """Return the last bytes of a task's file as text; empty if the node no longer has it.

        :param path: for example ``stderr.txt``
        :param size: bytes at most
        """
        with batch_explained(f"read {path} of task {batch_task_id}", self.conn_id):
            try:
                found = self.connection.get_task_file_properties(job, batch_task_id, path)
                length = int(found.content_length)
                if not length:
                    return ""  # an empty file has no range to ask for
                start = max(0, length - size)
                parts = self.connection.download_task_file(
                    job, batch_task_id, path, ocp_range=f"bytes={start}-{start + size - 1}"
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
        refuse_account_key(self._account_url(conn), conn_id=self.conn_id)
        try:
            b64decode(conn.password, validate=True)
        except binascii.Error as error:
            raise BatchAccessRefused(
                f"the password of connection {self.conn_id} is not a Batch key: it is not base64"
            ) from error
        return AzureNamedKeyCredential(conn.login, conn.password)


def _slots_of(request: Mapping[str, Any]) -> int:
    return int(request.get("requiredSlots") or 1)
