"""Operators: one Batch task per task instance, and the bulk submission before them.

Nothing here knows about sensors: a command, an image and a list of items make a mapped fleet of Batch tasks.
"""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from sensor_scoring import ids
from sensor_scoring.attempts import Move, decide, superseded
from sensor_scoring.batch_task import BatchTaskTemplate, Grants, Names
from sensor_scoring.errors import BatchTaskInterrupted, BatchTaskRejected, BatchUnreachable
from sensor_scoring.outcome import BatchTaskOutcome
from sensor_scoring.retries import RETRY_TABLE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from airflow.sdk import Context

    from sensor_scoring.blobs import BlobStore
    from sensor_scoring.hooks import ScoringBatchHook

TAIL_BYTES = 8192
"""How much of stdout and stderr of a failed Batch task goes into the Airflow log."""
_QUEUE_ALLOWANCE = timedelta(hours=2)
"""How long a Batch task may wait for a node before its signatures expire; a retry gets new ones."""
_STORE_KEY = "batch"
_PERMANENT_CODES = frozenset({
    "ApplicationPackageError", "CommandLaunchFailed", "CommandProgramNotFound", "ContainerInvalidImage",
    "ContainerInvalidRegistry", "ContainerInvalidSettings", "TaskSchedulingConstraintFailed",
})  # fmt: skip


class _BatchOperator(BaseOperator):
    """What both operators need to write a Batch task.

    :param command: words of the command line, or one text that is split like a shell would (templated). No
        shell runs it. ``{item}``, ``{job}``, ``{run}`` and ``{task}`` stand for the item, the Batch job, the
        run's base (the job without its generation) and the Batch task.
    :param image: container image; empty for a pool without containers (templated)
    :param registry_server: private registry of the image, pulled with ``node_identity``
    :param environment: environment variables, placeholders as in ``command``; no secrets (templated)
    :param containers: environment variable to ``container:permissions``: the Batch task finds there the URL
        of the container, signed for just these permissions unless ``node_identity`` is given
    :param log_container: container for stdout.txt and stderr.txt; empty leaves them on the node
    :param log_folder: their folder, placeholders as in ``command``
    :param max_wall_clock: the service ends the Batch task after this
    :param required_slots: slots the Batch task takes on its node
    :param node_identity: resource id of the nodes' identity; empty if they have none
    :param node_identity_client_id: its client id, if the nodes have several
    :param azure_batch_conn_id: connection of the Batch account
    :param wasb_conn_id: connection of the storage account
    """

    template_fields: Sequence[str] = ("command", "image", "environment")

    def __init__(
        self,
        *,
        command: str | Sequence[str],
        image: str = "",
        registry_server: str = "",
        environment: Mapping[str, str] | None = None,
        containers: Mapping[str, str] | None = None,
        log_container: str = "",
        log_folder: str = "{run}/{job}/{task}",
        max_wall_clock: timedelta = timedelta(minutes=15),
        required_slots: int = 1,
        node_identity: str = "",
        node_identity_client_id: str = "",
        azure_batch_conn_id: str = "azure_batch_default",
        wasb_conn_id: str = "wasb_default",
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("retry_policy", RETRY_TABLE)
        super().__init__(**kwargs)
        self.command = command
        self.image = image
        self.registry_server = registry_server
        self.environment = environment
        self.containers = containers
        self.log_container = log_container
        self.log_folder = log_folder
        self.max_wall_clock = max_wall_clock
        self.required_slots = required_slots
        self.node_identity = node_identity
        self.node_identity_client_id = node_identity_client_id
        self.azure_batch_conn_id = azure_batch_conn_id
        self.wasb_conn_id = wasb_conn_id

    @cached_property
    def hook(self) -> ScoringBatchHook:
        """The way to Azure Batch."""
        from sensor_scoring.hooks import ScoringBatchHook

        return ScoringBatchHook(azure_batch_conn_id=self.azure_batch_conn_id)

    @cached_property
    def store(self) -> BlobStore:
        """The storage account."""
        from sensor_scoring.blobs import BlobStore

        return BlobStore(self.wasb_conn_id)

    def _template(self) -> BatchTaskTemplate:
        command = shlex.split(self.command) if isinstance(self.command, str) else tuple(self.command)
        return BatchTaskTemplate(
            command=command,
            image=self.image,
            registry_server=self.registry_server,
            environment=self.environment or {},
            log_folder=self.log_folder,
            max_wall_clock=self.max_wall_clock,
            required_slots=self.required_slots,
        )

    def _grants(self) -> Grants:
        return Grants.minted(
            self.store,
            self.containers or {},
            log_container=self.log_container,
            lasts=self.max_wall_clock + _QUEUE_ALLOWANCE,
            identity=self.node_identity,
            identity_client_id=self.node_identity_client_id,
        )


class AzureBatchSubmitOperator(_BatchOperator):
    """Adds the first Batch task of every item to a job, 100 in a call.

    It makes a wide fleet start together and cheaply; :class:`AzureBatchTaskOperator` then finds its Batch
    task there. When anything was cleared it adds nothing: what must run again is for each task to say.

    :param items: one Batch task each (templated)
    :param job_id: Batch job (templated)
    :param epoch: ``retries`` of the :class:`AzureBatchTaskOperator` that follows
    :param generation: ``retries`` of the task that opened the job
    """

    template_fields: Sequence[str] = (*_BatchOperator.template_fields, "items", "job_id")

    def __init__(
        self, *, items: Sequence[str], job_id: str, epoch: int, generation: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.items = items
        self.job_id = job_id
        self.epoch = epoch
        self.generation = generation

    def execute(self, context: Context) -> int:
        """Submit.

        :return: number of Batch tasks that the job now holds for us
        """
        if context["ti"].max_tries != (self.retries or 0) or self._job_was_reopened():
            self.log.info("This run was cleared before; each task instance submits for itself what it needs")
            return 0
        if not self.items:
            self.log.info("There is nothing to submit")
            return 0
        template, grants = self._template(), self._grants()
        names = [
            Names(item=item, job=self.job_id, task=str(ids.AttemptId(ids.group_key(item), self.epoch, 0)))
            for item in self.items
        ]
        count = self.hook.submit(self.job_id, [template.request(name, grants) for name in names])
        self.log.info("Job %s holds %d Batch tasks", self.job_id, count)
        return count

    def _job_was_reopened(self) -> bool:
        return ids.generation_of(self.job_id) not in {None, self.generation}


@dataclass(slots=True)
class _Memory:
    """What an epoch of a task instance remembers across its retries, in Airflow's task state store."""

    context: Context
    epoch: int
    job_id: str
    reported: list[str]
    former_job_id: str = ""
    """Job of the epoch before; its live Batch tasks are nobody's any more."""

    @classmethod
    def of(cls, context: Context, job_id: str) -> _Memory:
        """Read it; an entry of another epoch is forgotten: it speaks of work asked for before."""
        epoch = context["ti"].max_tries
        stored: Any = context["task_state_store"].get(_STORE_KEY) or {}
        if stored.get("epoch") == epoch:
            return cls(context, epoch, str(stored["job"]), [str(task) for task in stored["reported"]])
        memory = cls(context, epoch, job_id, [], former_job_id=str(stored.get("job") or ""))
        memory.write()
        return memory

    def report(self, task_id: str) -> None:
        """Note that the failure of a Batch task has been raised once."""
        self.reported.append(task_id)
        self.write()

    def write(self) -> None:
        self.context["task_state_store"].set(
            _STORE_KEY, {"epoch": self.epoch, "job": self.job_id, "reported": list(self.reported)}
        )


class AzureBatchTaskOperator(_BatchOperator):
    """Runs one Batch task and is green exactly when that one succeeds; its siblings do not matter.

    Deferrable, and always deferred: it submits its Batch task, or finds it submitted, and leaves the worker.
    The pool may be at zero nodes; Batch queues, autoscale acts, and nobody waits for a node here.

    A retry adopts what the try before left: a live Batch task is waited for, one that succeeded is taken as
    it is, one that failed and has been reported is followed by the next attempt. Clearing the task instance
    starts a new epoch: a new Batch task is made, whatever succeeded before. Killing it ends its own Batch
    task and no other.

    Which failures are worth a retry is decided by :data:`sensor_scoring.retries.RETRY_TABLE`: exit codes in
    ``permanent_exit_codes`` and orders that the service cannot carry out fail at once; anything else (a
    signal, a lost node, an upload error, another exit code) is tried again as often as ``retries`` says.

    With ``job_id`` the Batch task goes into that job. With ``pool_id`` instead the operator makes the job:
    all instances of this task in a DAG run share it, and it ends with ``job_wall_clock``, because no instance
    can know that none of its siblings is tried again. A command over a list is then a whole DAG::

        AzureBatchTaskOperator.partial(
            task_id="convert",
            pool_id="my-pool",
            image="my-registry.example/tools:1",
            command=["convert", "--from", "https://example.com/{item}"],
            map_index_template="{{ task.item }}",
        ).expand(item=["a.png", "b.png", "c.png"])

    Known limits: ``airflow dags test`` runs triggers one after the other, so a fleet should be submitted
    before by :class:`AzureBatchSubmitOperator`; the Batch task's files are read from its node, so their tail
    is missing from the log when the node is gone by then (they are in ``log_container``).

    :param item: what this Batch task is about; names it in ids, in the UI and in messages (templated)
    :param job_id: Batch job that somebody else opens and closes (templated)
    :param pool_id: Batch pool for a job of its own, instead of ``job_id`` (templated)
    :param job_wall_clock: the service ends a job of its own this long after it was made; until then it counts
        against the account's quota of active jobs
    :param commit_blob: blob that the Batch task writes last, placeholders as in ``command``. A Batch task
        without it has not succeeded, whatever its exit code. Empty: the exit code is enough.
    :param commit_container: its container
    :param permanent_exit_codes: exit codes that another try would meet again
    :param poll_seconds: pause between two looks at the Batch job; one poll serves all that wait on a job
    """

    template_fields: Sequence[str] = (*_BatchOperator.template_fields, "item", "job_id", "pool_id")

    def __init__(
        self,
        *,
        item: str,
        job_id: str = "",
        pool_id: str = "",
        job_wall_clock: timedelta = timedelta(hours=24),
        commit_blob: str = "",
        commit_container: str = "",
        permanent_exit_codes: Collection[int] = (),
        poll_seconds: float = 15.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.item = item
        self.job_id = job_id
        self.pool_id = pool_id
        self.job_wall_clock = job_wall_clock
        self.commit_blob = commit_blob
        self.commit_container = commit_container
        self.permanent_exit_codes = permanent_exit_codes
        self.poll_seconds = poll_seconds
        self._held: tuple[str, str] | None = None

    def execute(self, context: Context) -> None:
        """Find or make the Batch task, then judge it or wait for it.

        :raises BatchTaskInterrupted: if it failed for a passing cause
        :raises BatchTaskRejected: if it failed for a cause that another try would meet again
        :raises JobEnded: if the Batch job takes no more tasks
        :raises ValueError: unless just one of ``job_id`` and ``pool_id`` is given
        """
        memory = _Memory.of(context, self._job(context))
        key = ids.group_key(self.item)
        found = self.hook.tasks_of(memory.job_id, key=key)
        self._end_superseded(memory, key, found)
        decision = decide(found, key=key, epoch=memory.epoch, reported=memory.reported)
        self._held = (memory.job_id, decision.task_id)
        if decision.move is Move.JUDGE and decision.outcome is not None:
            self._judge(decision.outcome, memory)
            return
        if decision.move is Move.CREATE:
            self._create(memory.job_id, decision.task_id)
        self.log.info("%s: waiting for Batch task %s of job %s", self.item, decision.task_id, memory.job_id)
        self._wait(memory.job_id, decision.task_id)

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """Judge what the trigger saw.

        ``airflow dags test`` resumes even those that a trigger has ended; it passes the state's name then.
        """
        if event == "success":
            return
        if not isinstance(event, dict):
            raise BatchUnreachable(f"the wait for {self.item} ended without a result: {event!r}")
        memory = _Memory.of(context, event["job_id"])
        if "outcome" not in event:
            raise BatchUnreachable(f"{self.item}: {event['error']}")
        self._judge(BatchTaskOutcome.from_event(event["outcome"]), memory)

    def on_kill(self) -> None:
        """End our Batch task when the worker is told to stop; once deferred, the trigger does it."""
        if self._held is not None:
            self.hook.terminate_task(*self._held)

    def _job(self, context: Context) -> str:
        if bool(self.job_id) == bool(self.pool_id):
            raise ValueError(f"{self.task_id}: give either job_id or pool_id")
        if self.job_id:
            return self.job_id
        ti = context["ti"]
        # One generation for all: a clear of one instance must not part it from its siblings.
        return self.hook.open_job(
            ids.task_base(dag_id=ti.dag_id, task_id=ti.task_id, run_id=ti.run_id),
            generation=0,
            pool_id=self.pool_id,
            wall_clock=self.job_wall_clock,
        )

    def _end_superseded(self, memory: _Memory, key: str, found: list[BatchTaskOutcome]) -> None:
        jobs = {memory.job_id: found}
        if memory.former_job_id not in {"", memory.job_id}:
            jobs[memory.former_job_id] = self.hook.tasks_of(memory.former_job_id, key=key)
        for job_id, tasks in jobs.items():
            for task_id in superseded(tasks, key=key, epoch=memory.epoch):
                self.log.info("%s: ending Batch task %s, which this clear replaces", self.item, task_id)
                self.hook.terminate_task(job_id, task_id)

    def _create(self, job_id: str, task_id: str) -> None:
        names = Names(item=self.item, job=job_id, task=task_id)
        self.hook.add_task(job_id, self._template().request(names, self._grants()))

    def _wait(self, job_id: str, task_id: str) -> None:
        from sensor_scoring.triggers import BatchTaskTrigger

        self.defer(
            trigger=BatchTaskTrigger(
                job_id=job_id,
                batch_task_id=task_id,
                azure_batch_conn_id=self.azure_batch_conn_id,
                poll_seconds=self.poll_seconds,
                deferred_at=time.time(),
                commit_container=self.commit_container,
                commit_blob=self._commit_blob(job_id, task_id),
                wasb_conn_id=self.wasb_conn_id,
            ),
            method_name="execute_complete",
        )

    def _commit_blob(self, job_id: str, task_id: str) -> str:
        return Names(item=self.item, job=job_id, task=task_id).fill(self.commit_blob)

    def _judge(self, outcome: BatchTaskOutcome, memory: _Memory) -> None:
        commit_blob = self._commit_blob(memory.job_id, outcome.task_id)
        is_committed = not commit_blob or self.store.exists(self.commit_container, commit_blob)
        if outcome.is_success and is_committed:
            self.log.info("%s: Batch task %s succeeded", self.item, outcome.task_id)
            return
        reason = (
            f"it ended in success, but {self.commit_container}/{commit_blob} is not there"
            if outcome.is_success
            else self._logged_reason(outcome, memory.job_id)
        )
        memory.report(outcome.task_id)
        memory.context["ti"].xcom_push(key="failure", value={"item": self.item, "reason": reason})
        failure = BatchTaskRejected if self._is_permanent(outcome) else BatchTaskInterrupted
        raise failure(
            job_id=memory.job_id,
            batch_task_id=outcome.task_id,
            exit_code=outcome.exit_code,
            reason=reason,
            code=outcome.failure_code,
        )

    def _is_permanent(self, outcome: BatchTaskOutcome) -> bool:
        return outcome.exit_code in self.permanent_exit_codes or outcome.failure_code in _PERMANENT_CODES

    def _logged_reason(self, outcome: BatchTaskOutcome, job_id: str) -> str:
        """Put the end of what the Batch task printed into our log; say why it failed in one sentence."""
        said = ""
        for name in ("stdout.txt", "stderr.txt"):
            tail = self.hook.file_tail(job_id, outcome.task_id, name, size=TAIL_BYTES)
            for line in tail.splitlines():
                self.log.info("%s | %s", name, line)
            said = (tail.strip().splitlines() or [""])[-1]
        # A process that a signal ended had no chance to say why: its last line is about something else.
        own_words = said if outcome.exit_code in self.permanent_exit_codes else ""
        return own_words or ": ".join(filter(None, (outcome.describe(), said)))
