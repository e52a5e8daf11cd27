"""When steps of a run worked: each says so at its end, for the run's trace.

Airflow tells a task instance its own times and no other's.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from sensor_scoring.azure_batch.failure_note import sentence_of
from sensor_scoring.service_times import datetime_of
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

log = logging.getLogger(__name__)

TIMED = ("settle", "plan", "open", "confirm")
"""Steps that are asked. When ``submit`` and ``score`` worked, Azure Batch says."""
_TIMES = "times"
"""Key of the XCom."""


@dataclass(frozen=True, slots=True)
class StepTimes:
    """When a step worked."""

    start: datetime
    """Of its last try."""
    end: datetime
    failure: str = ""
    """Why it failed, a sentence; empty if it did not."""

    def to_json(self) -> dict[str, str]:
        """Return the value of the XCom."""
        return {"start": self.start.isoformat(), "end": self.end.isoformat(), "failure": self.failure}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self | None:
        """Read the value; None if it is not one of ours."""
        start, end = datetime_of(said.get("start")), datetime_of(said.get("end"))
        return cls(start, end, str(said.get("failure") or "")) if start and end else None


@contextmanager
def times_said(ti: Any) -> Iterator[None]:
    """Leave the times of a task instance that ends with the block; nothing where there is no telemetry.

    :param ti: the task instance
    :raises Exception: the error that the block raises
    """
    try:
        yield  # a deferral is no Exception, and no end
    except Exception as error:
        _say(ti, failure=sentence_of(error))
        raise
    _say(ti)


def _say(ti: Any, *, failure: str = "") -> None:
    if Settings.from_environ(os.environ).telemetry.is_on and ti.task_id in TIMED:
        times = StepTimes(ti.start_date, datetime.now(UTC), failure)
        try:
            ti.xcom_push(key=_TIMES, value=times.to_json())
        except Exception:  # the step has done its work, or has an error of its own
            log.warning("The trace of this run will lack this step", exc_info=True)


def times_of(ti: Any, step: str) -> StepTimes | None:
    """Return what a step has left; None if it has left nothing.

    :param ti: the task instance that asks
    """
    said = ti.xcom_pull(task_ids=step, key=_TIMES, map_indexes=-1)
    return StepTimes.from_json(said) if said else None
