"""State of a Batch task, as operator and poller both read it from the service's answer.

No client here: callers pass the task's JSON as the service sent it. Unknown words are kept, never fatal.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

SELECTED = ("id", "state", "executionInfo")
"""Properties that :meth:`BatchTaskOutcome.of` reads; ask for no more."""

_SIGNAL_BASE = 128


@dataclass(frozen=True, slots=True)
class BatchTaskOutcome:
    """State of one Batch task."""

    batch_task_id: str
    state: str
    """``active``, ``preparing``, ``running`` or ``completed``; lower case."""
    result: str = ""
    """``success`` or ``failure`` once completed."""
    exit_code: int | None = None
    failure_code: str = ""
    """The service's code, for example ``FailureExitCode`` or ``TaskEnded``."""
    failure_message: str = ""

    @classmethod
    def of(cls, task: Mapping[str, Any]) -> Self:
        """Read a task as the service describes it."""
        execution = task.get("executionInfo") or {}
        failure = execution.get("failureInfo") or {}
        return cls(
            batch_task_id=task["id"],
            state=str(task.get("state") or "").lower(),
            result=str(execution.get("result") or "").lower(),
            exit_code=execution.get("exitCode"),
            failure_code=failure.get("code") or "",
            failure_message=failure.get("message") or "",
        )

    @property
    def is_ended(self) -> bool:
        """Whether the service will not run it again."""
        return self.state == "completed"

    @property
    def is_success(self) -> bool:
        """Whether it ended well. A missing result is no success: nothing says that it did its work."""
        return self.is_ended and self.result == "success"

    def describe(self) -> str:
        """Say in one sentence how it ended."""
        if self.is_success:
            return "it ended in success"
        if self.exit_code is not None and self.exit_code != 0:
            return f"its process {exit_sentence(self.exit_code)}"
        if self.failure_code:
            return f"{self.failure_code}: {self.failure_message}".rstrip(": ")
        return f"it ended with result {self.result or 'unknown'}"

    def to_event(self) -> dict[str, Any]:
        """Return JSON scalars for a trigger's event."""
        return {
            "batch_task_id": self.batch_task_id,
            "state": self.state,
            "result": self.result,
            "exit_code": self.exit_code,
            "failure_code": self.failure_code,
            "failure_message": self.failure_message,
        }

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_event` wrote."""
        return cls(**{name: event[name] for name in cls.__slots__})


def exit_sentence(exit_code: int) -> str:
    """Say what an exit code means: a signal by its name, else the number."""
    number = exit_code - _SIGNAL_BASE if exit_code > _SIGNAL_BASE else -exit_code
    try:
        return f"was killed by {signal.Signals(number).name}"
    except ValueError:
        return f"ended with exit code {exit_code}"
