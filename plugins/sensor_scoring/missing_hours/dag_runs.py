"""DAG runs at the logical dates of hours: asked by a task, or listed by Airflow's CLI.

An hour's own run has the hour's start as its logical date; a run that was triggered by hand for the hour's
start has it too, and scores the hour before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from scoring_contract.errors import LayoutError
from sensor_scoring.enum_text import enum_text
from sensor_scoring.hourly.hour import scoring_hour
from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.missing_hours.repair import Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from scoring_contract.hour import RunHour

_ACTIVE = ("queued", "running")


class FoundRun(Protocol):
    """A run as Airflow's database has it."""

    conf: Any
    data_interval_start: datetime | None
    logical_date: datetime | None
    run_after: datetime
    state: str


class CountsRuns(Protocol):
    """A task instance that can ask Airflow."""

    def get_dr_count(
        self,
        dag_id: str,
        logical_dates: list[datetime] | None = None,
        run_ids: list[str] | None = None,
        states: list[str] | None = None,
    ) -> int:
        """Return how many runs there are."""


def slots_among(runs: Iterable[FoundRun], hours: Iterable[RunHour]) -> dict[RunHour, Slot]:
    """Sort the runs that have the logical dates of hours."""
    found = {run.logical_date: run for run in runs}
    return {hour: _slot_of(found[hour.start], hour) if hour.start in found else Slot.FREE for hour in hours}


def slots_told(ti: CountsRuns, hours: Iterable[RunHour]) -> dict[RunHour, Slot]:
    """Ask Airflow from within a task, which may only count runs."""
    return {hour: _slot_told(ti, hour) for hour in hours}


def _slot_of(run: FoundRun, hour: RunHour) -> Slot:
    context: Mapping[str, Any] = {"params": run.conf, "data_interval_start": run.data_interval_start}
    try:
        is_its_own = scoring_hour(context, now=run.run_after) == hour
    except LayoutError:  # a person asked it for what is no hour
        is_its_own = False
    if not is_its_own:
        return Slot.TAKEN
    state = enum_text(run.state)
    if state in _ACTIVE:
        return Slot.ACTIVE
    return Slot.FAILED if state == "failed" else Slot.DONE


def _slot_told(ti: CountsRuns, hour: RunHour) -> Slot:
    date = [hour.start]
    if not ti.get_dr_count(DAG_ID, logical_dates=date):
        return Slot.FREE
    # A run keeps its id when a backfill takes it over, so the id tells for whom it was made.
    own = [f"{kind}__{hour.end.isoformat()}" for kind in ("scheduled", "backfill")]
    if not ti.get_dr_count(DAG_ID, logical_dates=date, run_ids=own):
        return Slot.TAKEN
    if ti.get_dr_count(DAG_ID, logical_dates=date, states=list(_ACTIVE)):
        return Slot.ACTIVE
    return Slot.FAILED if ti.get_dr_count(DAG_ID, logical_dates=date, states=["failed"]) else Slot.DONE
