"""Errors of the orchestrator.

::

    ScoringError
      + SettingsError                     a setting or connection that cannot work
      + ServiceError                      a service of Azure; carries its error code
      |   + BatchError                    Azure Batch, or the way to it
      |   |   + BatchAccessRefused        wrong key or missing role: no retry helps
      |   |   + BatchUnreachable          no answer for longer than the limit
      |   |   + FormulaRefused            the service does not accept the autoscale formula
      |   |   + PoolUnusable              the pool is being deleted, or cannot take our tasks
      |   |   + PoolChanged               somebody changed the pool since it was looked at
      |   |   + QuotaReached              no room for another pool or active job
      |   |   + JobEnded                  the Batch job takes no more tasks
      |   |   + SubmissionRefused         the service refused a Batch task
      |   |   + BatchTaskFailed           a Batch task ended, and not in success
      |   |       + BatchTaskInterrupted  for a passing cause: worth another try
      |   |       + BatchTaskRejected     for a cause that another try would meet again
      |   + StorageError                  Blob Storage, or the way to it
      |   |   + StorageAccessRefused      wrong key or missing role: no retry helps
      |   |   + StorageUnreachable        no answer
      |   + IngestError                   event hub or Stream Analytics job, or the way to them
      |       + IngestAccessRefused       wrong key or missing role
      + PredictionsIncomplete             expected predictions are missing, empty or stale
      + RegistryMissing                   there is no registry of models
      + RegistryDamaged                   there is one, and it cannot be read
      + RegistryContended                 others changed the registry each time we wanted to
      + AlertUndelivered                  a message that no channel took
      + DeploymentIncomplete              the preflight found that something is missing
      + RunFailed                         the verdict over a whole run

Every error carries facts as plain values and survives pickling; its sentence is made from them.
"""

from __future__ import annotations

from typing import Any


class ScoringError(Exception):
    """Something of ours went wrong; the text is one sentence for people."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by facts: arguments of a keyword-only ``__init__`` would be lost otherwise."""
        return _restored, (type(self), self.args, self.__dict__)


class SettingsError(ScoringError):
    """A setting or a connection cannot work."""


class ServiceError(ScoringError):
    """A service of Azure refused, or did not answer.

    :param code: the service's error code, empty when there was no answer
    """

    def __init__(self, sentence: str, *, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code


class BatchError(ServiceError):
    """Azure Batch refused, or did not answer."""


class BatchAccessRefused(BatchError):
    """The account, key or role is wrong."""


class BatchUnreachable(BatchError):
    """No answer for longer than the limit."""


class FormulaRefused(BatchError):
    """The service does not accept the autoscale formula."""


class PoolUnusable(BatchError):
    """The pool cannot take our tasks."""


class PoolChanged(BatchError):
    """Somebody has changed the pool since it was looked at."""


class QuotaReached(BatchError):
    """The account has no room for another pool or active job."""


class JobEnded(BatchError):
    """The Batch job takes no more tasks."""


class SubmissionRefused(BatchError):
    """The service refused a Batch task."""


class BatchTaskFailed(BatchError):
    """A Batch task ended, and not in success.

    :param job_id: its Batch job
    :param batch_task_id: its id in the job
    :param exit_code: of its process; None if it never ran or was ended from outside
    :param reason: one sentence, from the last line of its stderr where there is one
    """

    def __init__(
        self, *, job_id: str, batch_task_id: str, exit_code: int | None, reason: str, code: str = ""
    ) -> None:
        super().__init__(f"Batch task {batch_task_id} of job {job_id} failed: {reason}", code=code)
        self.job_id = job_id
        self.batch_task_id = batch_task_id
        self.exit_code = exit_code
        self.reason = reason


class BatchTaskInterrupted(BatchTaskFailed):
    """It failed for a passing cause: storage busy, killed by a signal, upload error, node trouble."""


class BatchTaskRejected(BatchTaskFailed):
    """It failed for a cause that another try would meet again: bad order, model or data."""


class StorageError(ServiceError):
    """Blob Storage refused, or did not answer."""


class StorageAccessRefused(StorageError):
    """The account, key or role is wrong."""


class StorageUnreachable(StorageError):
    """No answer."""


class IngestError(ServiceError):
    """The event hub or the Stream Analytics job refused, or did not answer."""


class IngestAccessRefused(IngestError):
    """The key is wrong, or the identity lacks a role."""


class PredictionsIncomplete(ScoringError):
    """Predictions are missing, empty, stale or unexpected."""


class RegistryMissing(ScoringError):
    """There is no registry of models."""


class RegistryDamaged(ScoringError):
    """There is a registry of models, and it cannot be read."""


class RegistryContended(ScoringError):
    """Others changed the registry of models each time we wanted to."""


class AlertUndelivered(ScoringError):
    """Channels are set, and not one of them took a message; the text names each with its reason."""


class DeploymentIncomplete(ScoringError):
    """The preflight found that something is missing; the text names what to begin with."""


class RunFailed(ScoringError):
    """The run is red: the text names why."""


def _restored(cls: type[ScoringError], args: tuple[Any, ...], facts: dict[str, Any]) -> ScoringError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(facts)
    return error
