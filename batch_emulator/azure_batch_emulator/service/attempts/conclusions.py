"""How the last attempt of something went that is no task of a job's list, and whether there is another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.records.tasks import ErrorCategory, Failure, Result

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from azure_batch_emulator.records.tasks import Execution
    from azure_batch_emulator.runner.interface import Ended

FAILED_EXIT = Failure(
    ErrorCategory.USER,
    "FailureExitCode",
    "The task exited with an exit code representing a failure",
    (
        ("Message", "The task process exited with an unexpected exit code"),
        ("AdditionalErrorCode", "FailureExitCode"),
    ),
)
ENDED_EARLY = Failure(ErrorCategory.SERVER, "TaskEnded", "Task Was Ended")


def conclude(execution: Execution, ended: Ended, *, now: datetime) -> None:
    """Note how the last attempt of something went that is no task of a job's list."""
    execution.exit_code, execution.container = ended.exit_code, ended.container
    execution.failure = ended.failure
    if ended.failure is None and ended.exit_code not in {0, None}:
        execution.failure = FAILED_EXIT
    elif ended.failure is None and ended.exit_code is None:
        execution.failure = ENDED_EARLY
    execution.result = Result.SUCCESS if execution.failure is None else Result.FAILURE
    execution.ended = now


def may_retry(constraints: Mapping[str, Any], execution: Execution, ended: Ended) -> bool:
    """Tell whether such a thing is to be tried again: after a code that is not 0, so many times."""
    limit = int(constraints.get("maxTaskRetryCount") or 0)
    failed = ended.failure is None and ended.exit_code not in {0, None}
    return failed and (limit < 0 or execution.retries < limit)
