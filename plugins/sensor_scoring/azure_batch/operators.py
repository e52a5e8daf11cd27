"""Operators: one Batch task per task instance, and the bulk submission before them.

Nothing here knows about sensors: a command, an image and a list of items make a mapped fleet of Batch tasks.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.attempts import Move, decide, superseded
from sensor_scoring.azure_batch.batch_operator import BatchOperator
from sensor_scoring.azure_batch.epoch import EpochMemory
from sensor_scoring.azure_batch.failure_note import failure_noted
from sensor_scoring.azure_batch.links import BatchTaskLink
from sensor_scoring.azure_batch.task import MOST_IN_A_CALL, Names
from sensor_scoring.azure_batch.task_state import BatchTaskOutcome
from sensor_scoring.errors import (
    BatchTaskInterrupted,
    BatchTaskRejected,
    BatchUnreachable,
    JobEnded,
    ServiceError,
)
from sensor_scoring.setting_values.constraints import JOB_WALL_CLOCK_SECONDS, POLL_SECONDS, check

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from airflow.sdk import BaseOperatorLink, Context, XComArg

    from sensor_scoring.azure_batch.grants import Blobs
    from sensor_scoring.azure_batch.trigger import BatchTaskTrigger

TAIL_BYTES = 8192
"""How much of stdout and stderr of a failed Batch task goes into the Airflow log."""
_REOPENINGS = 3
"""Jobs that are tried one after the other; the sibling that closes a run may meet each of them."""
_PERMANENT_CODES = frozenset({
    "ApplicationPackageError", "CommandLaunchFailed", "CommandProgramNotFound", "ContainerInvalidImage",
    "ContainerInvalidRegistry", "ContainerInvalidSettings", "TaskSchedulingConstraintFailed",
})  # fmt: skip


class AzureBatchSubmitOperator(BatchOperator):
    """Adds the first Batch task of every item to a job, 100 in a call.

    It makes a wide fleet start together and cheaply; :class:`AzureBatchTaskOperator` then finds its Batch
    task there. When anything was cleared it adds nothing: what must run again is for each task to say.

    :param items: one Batch task each (templated)
    :param job_id: Batch job (templated)
    :param epoch: ``retries`` of the :class:`AzureBatchTaskOperator` that follows; by default this task's own
    :param generation: ``retries`` of the task that opened the job; by default this task's own
    """

    template_fields: Sequence[str] = (*BatchOperator.template_fields, "items", "job_id")

    def __init__(
        self,
        *,
        items: Sequence[str] | XComArg,
        job_id: str | XComArg,
        epoch: int | None = None,
        generation: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # What another task returns is here once Airflow has rendered the templates, before it executes us.
        self.items = cast("Sequence[str]", items)
        self.job_id = cast("str", job_id)
        self.epoch = (self.retries or 0) if epoch is None else epoch
        self.generation = (self.retries or 0) if generation is None else generation

    def execute(self, context: Context) -> int:
        """Submit.

        :return: number of Batch tasks that the job now holds for us
        """
        with failure_noted(context["ti"]):
            return self._submitted(context)

    def _submitted(self, context: Context) -> int:
        self._check_arguments()
        if context["ti"].max_tries != (self.retries or 0) or self._job_was_reopened():
            self.log.info("This run was cleared before; each task instance submits for itself what it needs")
            return 0
        if not self.items:
            self.log.info("There is nothing to submit")
            return 0
        names = [
            Names(item=item, job=self.job_id, task=str(ids.AttemptId(ids.group_key(item), self.epoch, 0)))
            for item in self.items
        ]
        count = self.hook.submit(self.job_id, self._requests(names))
        self.log.info("Job %s holds %d Batch tasks", self.job_id, count)
        return count

    def blobs_for_all(self, names: Sequence[Names]) -> list[Blobs]:
        """Return the blobs of the Batch tasks of a call; a subclass that looks them up does so at once."""
        return [self.blobs_for(name, self.words) for name in names]

    def _requests(self, names: Sequence[Names]) -> Iterator[Mapping[str, Any]]:
        """Make the requests call by call: nodes work on the first while blobs of the last are looked up."""
        template, maker = self._template(), self._grant_maker()
        for start in range(0, len(names), MOST_IN_A_CALL):
            some = names[start : start + MOST_IN_A_CALL]
            blobs = self.blobs_for_all(some) if maker.can_narrow else [{} for _ in some]
            for name, needed in zip(some, blobs, strict=True):
                yield template.request(name, maker.grants(needed))

    def _job_was_reopened(self) -> bool:
        return ids.generation_of(self.job_id) not in {None, self.generation}


@dataclass(frozen=True, slots=True)
class FailureCause:
    """Why a Batch task failed."""

    reason: str
    """One sentence for people."""
    is_permanent: bool
    """Whether another try would meet it again."""


class AzureBatchTaskOperator(BatchOperator):
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

    With ``job_id`` the Batch task goes into that job, or into the next one of its name, made like it, once it
    has ended: a person who clears an instance need not know who opens the job. With ``pool_id`` instead the
    operator makes the job: all instances of this task in a DAG run share it, and it ends with
    ``job_wall_clock``, because no instance can know that none of its siblings is tried again. A command over
    a list is then a whole DAG::

        from airflow.sdk import DAG
        from sensor_scoring.azure_batch.operators import AzureBatchTaskOperator
        from sensor_scoring.hourly.tasks import ensure_pool

        IMAGE = "my-registry.example/tools:1"
        FILES = ["a.png", "b.png", "c.png"]

        with DAG("convert", schedule=None):
            AzureBatchTaskOperator.partial(
                task_id="convert",
                map_index_template="{{ task.item }}",
                pool_id=ensure_pool("convert", IMAGE, FILES),
                image=IMAGE,
                command=["convert", "--from", "https://example.com/{item}"],
            ).expand(item=FILES)

    On a laptop, put it into ``dags/`` and type ``make up``. The one image there is ``sensor-scoring:latest``,
    which stands for the scorer's Python: try a command like ``["python", "-c", "print('{item}')"]``.

    Known limits: ``airflow dags test`` runs triggers one after the other, so a fleet should be submitted
    before by :class:`AzureBatchSubmitOperator`. The end of what a failed Batch task printed comes from its
    node, or from ``log_container``; with neither there is none.

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

    template_fields: Sequence[str] = (*BatchOperator.template_fields, "item", "job_id", "pool_id")
    operator_extra_links: Collection[BaseOperatorLink] = (BatchTaskLink(),)

    def __init__(
        self,
        *,
        item: str | XComArg,
        job_id: str | XComArg = "",
        pool_id: str | XComArg = "",
        job_wall_clock: timedelta = timedelta(hours=24),
        commit_blob: str = "",
        commit_container: str = "",
        permanent_exit_codes: Collection[int] = (),
        poll_seconds: float = 15.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Rendered before it executes, as above.
        self.item = cast("str", item)
        self.job_id = cast("str", job_id)
        self.pool_id = cast("str", pool_id)
        self.job_wall_clock = job_wall_clock
        self.commit_blob = commit_blob
        self.commit_container = commit_container
        self.permanent_exit_codes = permanent_exit_codes
        self.poll_seconds = poll_seconds
        self.held: Names | None = None
        """The Batch task that this try is about, once it is known."""

    @property
    def shown_item(self) -> str:
        """What people read as the item's name; a subclass whose items are ids may have a better one."""
        return self.item

    def execute(self, context: Context) -> None:
        """Find or make the Batch task, then judge it or wait for it.

        :raises BatchTaskInterrupted: if it failed for a passing cause
        :raises BatchTaskRejected: if it failed for a cause that another try would meet again
        :raises JobEnded: if the Batch job takes no more tasks, and cannot be followed by another
        :raises SettingsError: naming a number that cannot work
        :raises ValueError: unless just one of ``job_id`` and ``pool_id`` is given
        """
        with failure_noted(context["ti"], item=self.shown_item):
            self._find_or_make(context)

    def _find_or_make(self, context: Context) -> None:
        self._check_arguments()
        memory = EpochMemory.of(context, self._job(context))
        key = ids.group_key(self.item)
        found = self.hook.tasks_of(memory.job_id, key=key)
        self._end_superseded(memory, key, found)
        decision = decide(found, key=key, epoch=memory.epoch, reported=memory.reported)
        names = self.held = Names(item=self.item, job=memory.job_id, task=decision.batch_task_id)
        if decision.move is Move.JUDGE and decision.outcome is not None:
            self._judge(decision.outcome, memory)
            return
        if decision.move is Move.CREATE:
            names = self.held = self._added(names, memory)
        self.log.info("%s: waiting for Batch task %s of job %s", self.shown_item, names.task, names.job)
        self._wait(names)

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """Judge what the trigger saw.

        ``airflow dags test`` resumes even those that a trigger has ended; it passes the state's name then.
        """
        if event == "success":
            return
        with failure_noted(context["ti"], item=self.shown_item):
            self._judge_event(context, event)

    def _judge_event(self, context: Context, event: Any) -> None:
        if not isinstance(event, dict):
            raise BatchUnreachable(f"the wait for {self.shown_item} ended without a result: {event!r}")
        memory = EpochMemory.of(context, event["job_id"])
        # Also for the links: they are made anew at the end of every try.
        self.held = Names(item=self.item, job=memory.job_id, task=event["batch_task_id"])
        if "outcome" not in event:
            raise BatchUnreachable(f"{self.shown_item}: {event['error']}")
        self._judge(BatchTaskOutcome.from_event(event["outcome"]), memory)

    def on_kill(self) -> None:
        """End our Batch task when the worker is told to stop; once deferred, the trigger does it."""
        if self.held is not None:
            self.hook.terminate_task(self.held.job, self.held.task)

    def command_for(self, names: Names) -> Sequence[str]:  # noqa: ARG002  for those who override it
        """Return the words of a new Batch task's command line, placeholders and all.

        A subclass may narrow it to what earlier attempts of the same epoch have left undone.

        :param names: item, Batch job and Batch task; the task's id tells epoch and attempt
        """
        return self.words

    def successor_of(self, job_id: str, context: Context) -> str:  # noqa: ARG002  for those who override it
        """Return the Batch job that replaces one that has ended.

        A run's job is closed at its end, and a person may clear one instance without what opens the job.
        """
        return self.hook.jobs.reopen(job_id)[0]

    def is_committed(self, names: Names) -> bool:
        """Whether a Batch task has written its commit blob; without one its exit code is enough."""
        return not self.commit_blob or self.store.exists(self.commit_container, names.fill(self.commit_blob))

    def note_success(self, names: Names) -> None:
        """Log what a Batch task that succeeded has done; for a subclass that knows its program's reports."""

    def waiting_trigger(self, **arguments: Any) -> BatchTaskTrigger:
        """Return the trigger that waits for a Batch task; a subclass may return one that logs more."""
        from sensor_scoring.azure_batch.trigger import BatchTaskTrigger

        return BatchTaskTrigger(**arguments)

    def explain(self, outcome: BatchTaskOutcome, names: Names) -> FailureCause:
        """Say why a Batch task failed, with the end of what it printed in our log.

        A subclass that knows its program's reports can say more.
        """
        is_permanent = (
            outcome.exit_code in self.permanent_exit_codes or outcome.failure_code in _PERMANENT_CODES
        )
        return FailureCause(self._logged_reason(outcome, names), is_permanent)

    def _check_arguments(self) -> None:
        super()._check_arguments()
        check("poll_seconds", self.poll_seconds, POLL_SECONDS)
        check("job_wall_clock in seconds", self.job_wall_clock.total_seconds(), JOB_WALL_CLOCK_SECONDS)

    def _added(self, names: Names, memory: EpochMemory) -> Names:
        """Add the Batch task, to the next job of the run should this one have ended."""
        maker = self._grant_maker()
        for _ in range(_REOPENINGS):
            template = replace(self._template(), command=self.command_for(names))
            grants = maker.grants(self.blobs_for(names, template.command) if maker.can_narrow else {})
            try:
                self.hook.add_task(names.job, template.request(names, grants))
            except JobEnded:
                job = self.successor_of(names.job, memory.context)
                self.log.info("%s: job %s has ended; going on in %s", self.shown_item, names.job, job)
                memory.move_to(job)
                names = replace(names, job=job)
            else:
                return names
        raise JobEnded(f"job {names.job} takes no more tasks: each one that is opened is closed at once")

    def _job(self, context: Context) -> str:
        if bool(self.job_id) == bool(self.pool_id):
            raise ValueError(f"{self.task_id}: give either job_id or pool_id")
        if self.job_id:
            return self.job_id
        ti = context["ti"]
        # One generation for all: a clear of one instance must not part it from its siblings.
        return self.hook.jobs.open(
            ids.task_base(dag_id=ti.dag_id, task_id=ti.task_id, run_id=ti.run_id),
            generation=0,
            pool_id=self.pool_id,
            wall_clock=self.job_wall_clock,
        )

    def _end_superseded(self, memory: EpochMemory, key: str, found: list[BatchTaskOutcome]) -> None:
        live = [(memory.job_id, task) for task in superseded(found, key=key, epoch=memory.epoch)]
        for job_id in self._former_jobs(memory):
            tasks = self.hook.tasks_of(job_id, key=key)
            live += [(job_id, task) for task in superseded(tasks, key=key, epoch=None)]
        for job_id, batch_task_id in live:
            self.log.info(
                "%s: ending Batch task %s, which this clear replaces", self.shown_item, batch_task_id
            )
            self.hook.terminate_task(job_id, batch_task_id)

    def _former_jobs(self, memory: EpochMemory) -> Iterable[str]:
        if memory.former_job_id is None:
            former = self.hook.jobs.active_of(ids.base_of(memory.job_id))
        else:
            former = [memory.former_job_id]
        return [job for job in former if job not in {"", memory.job_id}]

    def _wait(self, names: Names) -> None:
        self.defer(
            trigger=self.waiting_trigger(
                job_id=names.job,
                batch_task_id=names.task,
                azure_batch_conn_id=self.azure_batch_conn_id,
                poll_seconds=self.poll_seconds,
                deferred_at=time.time(),
                commit_container=self.commit_container,
                commit_blob=names.fill(self.commit_blob),
                wasb_conn_id=self.wasb_conn_id,
            ),
            method_name="execute_complete",
        )

    def _judge(self, outcome: BatchTaskOutcome, memory: EpochMemory) -> None:
        names = Names(item=self.item, job=memory.job_id, task=outcome.batch_task_id)
        if not outcome.is_success:
            cause = self.explain(outcome, names)
        elif self.is_committed(names):
            self.log.info("%s: Batch task %s succeeded", self.shown_item, outcome.batch_task_id)
            self.note_success(names)
            return
        else:
            mark = f"{self.commit_container}/{names.fill(self.commit_blob)}"
            cause = FailureCause(f"it ended in success, but {mark} is not there", is_permanent=False)
        memory.report(outcome.batch_task_id)
        failure = BatchTaskRejected if cause.is_permanent else BatchTaskInterrupted
        raise failure(
            job_id=names.job,
            batch_task_id=names.task,
            exit_code=outcome.exit_code,
            reason=cause.reason,
            code=outcome.failure_code,
        )

    def _logged_reason(self, outcome: BatchTaskOutcome, names: Names) -> str:
        """Put the end of what the Batch task printed into our log; say why it failed in one sentence."""
        said = ""
        for name in ("stdout.txt", "stderr.txt"):
            tail = self._tail(names, name)
            for line in tail.splitlines():
                self.log.info("%s | %s", name, line)
            said = (tail.strip().splitlines() or [""])[-1]
        # A process that a signal ended had no chance to say why: its last line is about something else.
        own_words = said if outcome.exit_code in self.permanent_exit_codes else ""
        return own_words or ": ".join(filter(None, (outcome.describe(), said)))

    def _tail(self, names: Names, file: str) -> str:
        """Return the end of a file from its node; from the log container once the node is gone."""
        blob = f"{names.fill(self.log_folder)}/{file}"
        try:
            tail = self.hook.file_tail(names.job, names.task, file, size=TAIL_BYTES)
            if tail or not self.log_container:
                return tail
            return self.store.tail(self.log_container, blob, size=TAIL_BYTES)
        except ServiceError as error:
            # What it printed is a help, its end is the fact: that must be judged and said either way.
            self.log.warning("%s of Batch task %s cannot be read: %s", file, names.task, error)
            return ""
