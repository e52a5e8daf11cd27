"""Adding many Batch tasks to a job: chunks, halving, bounded patience.

The SDK's own ``create_tasks`` retries a failing service without limit, drops a task that is too large from
its account of what is left, and takes an unknown status for success; hence this one.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from azure.batch import models
from azure.core.exceptions import HttpResponseError

from sensor_scoring.azure_batch.task import MOST_IN_A_CALL
from sensor_scoring.errors import BatchError, BatchUnreachable, JobEnded, SubmissionRefused
from sensor_scoring.patience import Patience
from sensor_scoring.service_errors import batch_code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from azure.batch import BatchClient

    Request = Mapping[str, Any]

JOB_ENDED = frozenset({"JobCompleted", "JobBeingTerminated", "JobBeingDeleted", "JobNotFound"})
"""Codes with which a job refuses tasks because it is over; for a whole call or for each of its tasks."""
_NAMED_IN_ERROR = 5


class Submission:
    """One job's tasks on their way in.

    :param client: the SDK's client
    :param job: id of the Batch job
    :param patience: with a service that cannot take tasks for reasons of its own
    :param sleep: waits that many seconds; for tests
    """

    def __init__(
        self,
        client: BatchClient,
        job: str,
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._job = job
        self._patience = patience or Patience()
        self._sleep = sleep
        self._size = MOST_IN_A_CALL

    def send(self, requests: Iterable[Request]) -> int:
        """Add all tasks; those that exist already count as added.

        :param requests: taken chunk by chunk, so that nodes work on the first while the last are being made
        :return: how many were asked for
        :raises SubmissionRefused: naming tasks that were refused
        :raises BatchUnreachable: naming tasks that the service was too busy for until patience was over
        :raises JobEnded: if the job takes no more tasks
        """
        source, asked = iter(requests), 0
        waiting: list[Request] = []
        while chunk := list(islice(source, self._size)):
            asked += len(chunk)
            waiting += self._round(chunk)
        pauses = self._patience.pauses()
        while waiting:
            pause = next(pauses, None)
            if pause is None:
                raise BatchUnreachable(
                    f"job {self._job}: {len(waiting)} of {asked} tasks were not taken in "
                    f"{self._patience.seconds:.0f} s, first {_names(waiting)}",
                    code="ServerBusy",
                )
            self._sleep(pause)
            waiting = self._round(waiting)
        return asked

    def _round(self, waiting: list[Request]) -> list[Request]:
        """Send everything once.

        :return: tasks to send again
        """
        again: list[Request] = []
        while waiting:
            chunk, waiting = waiting[: self._size], waiting[self._size :]
            taken = self._chunk(chunk)
            if taken is None:
                waiting = chunk + waiting
            else:
                again += taken
        return again

    def _chunk(self, chunk: list[Request]) -> list[Request] | None:
        """Send one chunk.

        :return: tasks to send again; None if the chunk was too large and the size has been halved
        """
        try:
            answer = self._client.create_task_collection(
                self._job,
                models.BatchTaskGroup(
                    task_values=[models.BatchTaskCreateOptions(request) for request in chunk]
                ),
            )
        except HttpResponseError as error:
            if batch_code_of(error) != "RequestBodyTooLarge":
                raise
            if len(chunk) == 1:
                raise SubmissionRefused(
                    f"task {chunk[0]['id']} is larger than the service takes", code="RequestBodyTooLarge"
                ) from error
            self._size = len(chunk) // 2
            return None
        return self._unplaced(chunk, answer.get("value") or [])

    def _unplaced(self, chunk: list[Request], results: Sequence[Mapping[str, Any]]) -> list[Request]:
        statuses = {str(result["taskId"]).lower(): result for result in results}
        again, refused = [], []
        for request in chunk:
            result = statuses.get(str(request["id"]).lower(), {"status": "servererror"})
            status, error = str(result.get("status")).lower(), result.get("error") or {}
            if status == "success" or error.get("code") == "TaskExists":
                continue
            if status == "servererror":
                again.append(request)
            else:
                refused.append((request, error))
        if refused:
            raise self._refusal(*refused[0], count=len(refused))
        return again

    def _refusal(self, request: Request, error: Mapping[str, Any], *, count: int) -> BatchError:
        code = str(error.get("code") or "")
        if code in JOB_ENDED:
            return JobEnded(f"job {self._job} takes no more tasks: {code}", code=code)
        return SubmissionRefused(
            f"job {self._job}: the service refused {count} tasks, first {request['id']}: "
            f"{code}: {_message(error)}",
            code=code,
        )


def _names(requests: Sequence[Request]) -> str:
    return ", ".join(str(request["id"]) for request in requests[:_NAMED_IN_ERROR])


def _message(error: Mapping[str, Any]) -> str:
    message = error.get("message") or {}
    return str(message.get("value") if hasattr(message, "get") else message)
