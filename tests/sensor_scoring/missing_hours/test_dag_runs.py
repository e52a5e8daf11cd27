"""The DAG runs at an hour's logical date."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from airflow.models.dagrun import DagRun

from scoring_contract.hour import RunHour
from sensor_scoring.missing_hours.dag_runs import slots_among, slots_told
from sensor_scoring.missing_hours.repair import Slot

if TYPE_CHECKING:
    from datetime import datetime

HOUR = RunHour.parse("2018-08-29T02")
OWN, EARLIER = HOUR.start, HOUR.previous.start


def a_run(state: str, *, interval: datetime | None = OWN, hour: str = "", run_id: str = "") -> DagRun:
    """Return a run at the hour's logical date."""
    run = DagRun(dag_id="hourly_scoring", run_id=run_id or f"scheduled__{HOUR.end.isoformat()}")
    run.logical_date, run.run_after, run.state = HOUR.start, HOUR.end, state
    run.data_interval_start = interval
    run.conf = {"hour": hour} if hour else {}
    return run


MANUAL = f"manual__{HOUR.start.isoformat()}"
CASES = [
    pytest.param([], Slot.FREE, id="none"),
    pytest.param([a_run("success")], Slot.DONE, id="ended-well"),
    pytest.param([a_run("failed")], Slot.FAILED, id="failed"),
    pytest.param([a_run("queued")], Slot.ACTIVE, id="queued"),
    pytest.param([a_run("running")], Slot.ACTIVE, id="running"),
    pytest.param([a_run("success", interval=EARLIER, run_id=MANUAL)], Slot.TAKEN, id="by-hand"),
    pytest.param([a_run("running", interval=EARLIER, run_id=MANUAL)], Slot.TAKEN, id="by-hand-and-running"),
]


@dataclass
class ATaskInstance:
    """A task instance that counts runs as the api-server does."""

    runs: list[DagRun] = field(default_factory=list)

    def get_dr_count(
        self,
        dag_id: str,
        logical_dates: list[datetime] | None = None,
        run_ids: list[str] | None = None,
        states: list[str] | None = None,
    ) -> int:
        """Count the runs that match all criteria."""
        return sum(
            run.dag_id == dag_id
            and (logical_dates is None or run.logical_date in logical_dates)
            and (run_ids is None or run.run_id in run_ids)
            and (states is None or run.state in states)
            for run in self.runs
        )


@pytest.mark.parametrize(("runs", "slot"), CASES)
def test_the_database_and_a_task_are_told_the_same(runs, slot) -> None:
    """A manual run for the hour's start has its logical date, but scores the hour before."""
    assert slots_among(runs, [HOUR]) == {HOUR: slot}
    assert slots_told(ATaskInstance(runs), [HOUR]) == {HOUR: slot}


def test_a_run_that_was_told_its_hour_is_judged_by_that() -> None:
    """Only the database shows a run's parameters."""
    assert slots_among([a_run("success", hour="2018-08-28T11")], [HOUR]) == {HOUR: Slot.TAKEN}
    none = a_run("failed", hour="2018-02-30T02", run_id=MANUAL)
    assert slots_among([none], [HOUR]) == {HOUR: Slot.TAKEN}, "no hour is another one, and stops no search"
    asked = a_run("success", interval=EARLIER, hour=str(HOUR), run_id=MANUAL)
    assert slots_among([asked], [HOUR]) == {HOUR: Slot.DONE}


def test_a_run_of_another_hour_says_nothing() -> None:
    """Each hour is looked up by its own date."""
    hours = [HOUR, HOUR.next]
    assert slots_among([a_run("success")], hours) == {HOUR: Slot.DONE, HOUR.next: Slot.FREE}
