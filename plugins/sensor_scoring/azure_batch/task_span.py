"""A Batch task in time: when it waited and ran, where, and how it ended. Pure.

The service keeps the latest attempt of a task alone. What ran before, on a node that was taken away, shows
in the number of requeues; when and where that was is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sensor_scoring.azure_batch.task_state import BatchTaskOutcome
from sensor_scoring.service_times import datetime_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SELECTED = ("id", "displayName", "state", "stateTransitionTime", "creationTime", "executionInfo", "nodeInfo")
"""Properties that :meth:`TaskSpan.of` reads; ask for no more."""
_WAITING = "active"


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something lasted."""

    start: datetime
    end: datetime | None
    """None while it goes on."""

    @classmethod
    def between(cls, start: datetime | None, end: datetime | None) -> Self | None:
        """Return the span; None without a start. One never ends before it begins, whatever clocks say."""
        return cls(start, max(start, end) if end else None) if start else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpan:
    """One Batch task, as far as it is known."""

    job: str
    id: str
    item: str = ""
    """What it is about: a group of sensors."""
    state: str = ""
    """``active``, ``preparing``, ``running`` or ``completed``; lower case."""
    result: str = ""
    """``success`` or ``failure`` once completed; empty where only its files are left."""
    created: datetime | None = None
    requeued: datetime | None = None
    """When it was made to wait for a node again; None if it never was, or nobody says."""
    started: datetime | None = None
    """Of the latest attempt; None if there was none, or if the one before was lost and it waits again."""
    ended: datetime | None = None
    closed: datetime | None = None
    """When its job ended: what had no node by then never gets one. None while the job goes on."""
    node: str = ""
    """Of the latest attempt, as long as it has one."""
    exit_code: int | None = None
    requeues: int = 0
    """Requeues that the service counts, and one more if it waits again after it ran."""
    why: str = ""
    """How it failed, in one sentence."""

    @classmethod
    def of(cls, job: str, task: Mapping[str, Any], *, closed: datetime | None = None) -> Self:
        """Read a task as the service describes it, with :data:`SELECTED`.

        :param closed: when its job ended; None while that goes on
        """
        outcome = BatchTaskOutcome.of(task)
        execution: Mapping[str, Any] = task.get("executionInfo") or {}
        started = datetime_of(execution.get("startTime"))
        requeued = datetime_of(execution.get("lastRequeueTime"))
        # A start that is still shown while it waits is that of the attempt which was lost.
        is_lost = outcome.state == _WAITING and started is not None
        requeues = int(execution.get("requeueCount") or 0)
        return cls(
            job=job,
            id=outcome.batch_task_id,
            item=str(task.get("displayName") or ""),
            state=outcome.state,
            result=_result(outcome),
            created=datetime_of(task.get("creationTime")),
            requeued=datetime_of(task.get("stateTransitionTime")) if is_lost else requeued,
            started=None if is_lost else started,
            ended=datetime_of(execution.get("endTime")),
            closed=closed,
            node="" if is_lost else str((task.get("nodeInfo") or {}).get("nodeId") or ""),
            exit_code=outcome.exit_code,
            requeues=max(requeues, 1) if is_lost else requeues,
            why=outcome.describe() if outcome.is_ended and not outcome.is_success else "",
        )

    @property
    def is_ended(self) -> bool:
        """Whether the service will not run it again."""
        return self.state == "completed"

    @property
    def is_failure(self) -> bool:
        """Whether it ended, and not in success."""
        return self.result == "failure"

    @property
    def waited(self) -> Span | None:
        """When it last waited for a node; None if that is not known."""
        return Span.between(self.requeued or self.created, self.started or self.ended or self.closed)

    @property
    def ran(self) -> Span | None:
        """When its latest attempt ran; None if there is none."""
        return Span.between(self.started, self.ended or self.closed)


def _result(outcome: BatchTaskOutcome) -> str:
    if not outcome.is_ended:
        return ""
    return "success" if outcome.is_success else "failure"
