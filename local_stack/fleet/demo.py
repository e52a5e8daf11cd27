"""The runs that score the day of a new stack, once in its life: a backfill behind the live hour.

It is Airflow's own, so it goes on after a restart, and people can watch, pause and cancel it. With the first
readings of people's own it ends, and nothing of it is left among what their runs find.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from local_stack.airflow.client import ENDED
from local_stack.fleet.demo_day import DemoDay
from local_stack.services.private_files import write_private
from scoring_contract.hour import RunHour
from sensor_scoring.hourly.names import DAG_ID

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.airflow.client import AirflowClient
    from local_stack.fleet.live_fleet import LiveFleet

ACTIVE_RUNS = 3
"""Of the backfill: each waits most of the time, for Batch and for Airflow's loops."""
_AT_WORK = frozenset({"queued", "running"})
"""States of a task instance that has a process, or is about to have one."""
_RECORDING = frozenset({"summarise", "alert", "verdict"})
"""Tasks that record what has become of an hour."""


@dataclass(slots=True)
class Demo:
    """Where the demo stands, kept in a file.

    :param file: keeps it
    :param backfill: id of the backfill; None before it
    """

    day: DemoDay
    file: Path
    backfill: int | None = None
    is_over: bool = False
    """Whether people have loaded their own readings."""
    _is_on: bool = False

    @classmethod
    def of(cls, file: Path, *, new: RunHour | None, is_wanted: bool = True) -> Self | None:
        """Return the demo of a stack; None if it has none.

        :param new: the last hour of its day, if the stack is new
        :param is_wanted: whether it may begin; one that has begun goes on
        """
        if file.exists():
            kept = json.loads(file.read_text())
            demo = cls(DemoDay(RunHour.parse(kept["last"])), file, kept["backfill"], is_over=kept["is_over"])
        elif new:
            demo = cls(DemoDay(new), file)
        else:
            return None
        if demo.is_coming and not is_wanted:
            file.unlink(missing_ok=True)
            return None
        demo._keep()
        return demo

    @property
    def is_coming(self) -> bool:
        """Whether its runs are still to be made."""
        return self.backfill is None and not self.is_over

    @property
    def has_begun(self) -> bool:
        """Whether its runs are made, and nothing has ended them."""
        return self.backfill is not None and not self.is_over

    def is_due(self, *, is_sending: bool) -> bool:
        """Whether there is something to do.

        :param is_sending: whether the simulated fleet still sends readings
        """
        return self.is_coming or not (is_sending or self.is_over)

    def go_on(self, web: AirflowClient, fleet: LiveFleet) -> str:
        """Do what is due.

        :param fleet: whose readings are scored
        :return: what was done, in a sentence; empty if Airflow is not ready for it
        :raises StackError: if Airflow refuses
        """
        if not web.knows(DAG_ID):
            return ""
        if not fleet.is_sending:
            return self._end(web, fleet)
        if not self._is_on:
            web.unpause(DAG_ID)
            self._is_on = True
        return self._begin(web) if _has_gone_ahead(web) else ""

    def _begin(self, web: AirflowClient) -> str:
        first, last = self.day.hours[0], self.day.last
        ours = [each for each in web.backfills(DAG_ID) if _is_of(each, self.day)]
        self.backfill = (
            ours[0]["id"]
            if ours
            else web.backfill(
                DAG_ID,
                first.start.isoformat(),
                last.start.isoformat(),
                max_active_runs=ACTIVE_RUNS,
                run_backwards=True,
                reprocess_behavior="none",
            )
        )
        self._keep()
        return f"the hours from {first} to {last} are being scored, the newest first"

    def _end(self, web: AirflowClient, fleet: LiveFleet) -> str:
        if self.backfill is not None:
            web.cancel_backfill(self.backfill)
        active = [str(run["dag_run_id"]) for run in web.runs(DAG_ID) if _is_left_over(run)]
        if active:
            # Their Batch jobs are closed by a teardown, which a paused DAG does not run.
            web.unpause(DAG_ID)
            for run in active:
                if not _is_recording(web, run):
                    web.mark_run(DAG_ID, run, "failed")
            return ""
        web.pause(DAG_ID)
        fleet.forget()
        self.is_over = True
        self._keep()
        return f"the simulated day is over, its results are removed, and {DAG_ID} is paused"

    def _keep(self) -> None:
        kept = {"last": str(self.day.last), "backfill": self.backfill, "is_over": self.is_over}
        write_private(self.file, json.dumps(kept))


def _is_of(backfill: dict[str, Any], day: DemoDay) -> bool:
    """Whether a backfill is one that was begun for a day: people may have begun others."""
    dates = (datetime.fromisoformat(backfill[name]) for name in ("from_date", "to_date"))
    return tuple(dates) == (day.hours[0].start, day.last.start)


def _is_left_over(run: dict[str, Any]) -> bool:
    """Whether nobody has asked for a run that is not over."""
    return run["state"] not in ENDED and run["run_type"] != "manual"


def _is_recording(web: AirflowClient, run: str) -> bool:
    """Whether a process of a run may be about to write what is then to be removed."""
    instances = web.task_instances(DAG_ID, run)
    return any(one.task_id in _RECORDING and one.state in _AT_WORK for one in instances)


def _has_gone_ahead(web: AirflowClient) -> bool:
    """Whether the scheduler's own run has scored the newest hour, or waits for late readings of it."""
    newest = next(iter(web.runs(DAG_ID)), None)
    if newest is None or newest["state"] in ENDED:
        return newest is not None
    settle = web.task_instances(DAG_ID, newest["dag_run_id"], task_id="settle")
    return any(instance.state == "deferred" for instance in settle)
