"""Which runs of a DAG have not ended, asked of Airflow by a task of another DAG.

The Task SDK has no public call for this: ``ti.get_previous_dagrun`` asks for the task's own DAG. Its message
takes any DAG, and a state; tests of ``dags test`` and of a standing Airflow hold it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SOON = timedelta(days=1)
"""A run by hand may have a date that is yet to come."""
_MOST_QUEUED = 50
"""A backfill queues all its runs at once: they are not all gone through each time."""


class UnfinishedRun(Protocol):
    """A DAG run as the Task SDK describes it."""

    dag_id: str
    run_id: str
    run_type: Any
    state: Any
    logical_date: datetime | None
    data_interval_start: datetime | None
    run_after: datetime
    start_date: datetime | None
    clear_number: int | None
    conf: Any


if TYPE_CHECKING:
    RunBefore = Callable[[datetime, str], UnfinishedRun | None]
    """Returns the run in a state with the latest logical date before a moment."""


def unfinished_runs(run_before: RunBefore, *, now: datetime) -> Iterator[UnfinishedRun]:
    """Yield the runs that are under way, and the newest of those that wait; each the newest first.

    Runs without a logical date are not among them: Airflow tells a task nothing of these.
    """
    yield from _in_state(run_before, "running", before=now + _SOON)
    yield from islice(_in_state(run_before, "queued", before=now + _SOON), _MOST_QUEUED)


def runs_of(dag_id: str) -> RunBefore:
    """Return a way to ask Airflow for runs of a DAG; works inside a task only."""
    from airflow.sdk.execution_time.comms import GetPreviousDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    def run_before(moment: datetime, state: str) -> UnfinishedRun | None:
        asked = GetPreviousDagRun(dag_id=dag_id, logical_date=moment, state=state)
        return cast("UnfinishedRun | None", cast("Any", SUPERVISOR_COMMS.send(asked)).dag_run)

    return run_before


def _in_state(run_before: RunBefore, state: str, *, before: datetime) -> Iterator[UnfinishedRun]:
    while (run := run_before(before, state)) is not None:
        yield run
        before = cast("datetime", run.logical_date)
