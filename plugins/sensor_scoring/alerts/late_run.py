"""Whether a run is late, and since when. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sensor_scoring.enum_text import enum_text
from sensor_scoring.hourly.hour import scoring_hour

if TYPE_CHECKING:
    from datetime import datetime

    from scoring_contract.hour import RunHour
    from sensor_scoring.alerts.unfinished_runs import UnfinishedRun


class LateRun:
    """A DAG run that has not ended.

    :param run: as Airflow describes it
    """

    def __init__(self, run: UnfinishedRun) -> None:
        self._run = run

    @property
    def hour(self) -> RunHour:
        """The hour that is scored."""
        asked = {"params": self._run.conf, "data_interval_start": self._run.data_interval_start}
        return scoring_hour(asked, now=self._run.run_after)

    @property
    def is_under_way(self) -> bool:
        """Whether it has begun."""
        return enum_text(self._run.state) == "running"

    def why(self, *, limit_minutes: float, now: datetime) -> str:
        """Say why it counts as late; empty if it does not.

        The hour's own run is measured from the end of its hour, also while it waits to begin. One that was
        cleared, or that a person asked for, is measured from its own start: its hour can be years ago. One
        that was cleared and waits is not late yet. A backfill is never late.
        """
        if enum_text(self._run.run_type) == "backfill":
            return ""
        since = self._since()
        if since is None or now - since < timedelta(minutes=limit_minutes):
            return ""
        state = "is still running" if self.is_under_way else "has not started"
        return f"it {state} {limit_minutes:g} minutes after {self._beginning()}"

    def _since(self) -> datetime | None:
        run = self._run
        if self._is_of_its_hour or (run.start_date is None and not run.clear_number):
            return run.run_after
        # `airflow dags test` dates the start of a run back to its hour.
        return max(run.start_date, run.run_after) if run.start_date else None

    def _beginning(self) -> str:
        if self._is_of_its_hour:
            return "the end of its hour"
        return "it started" if self._run.start_date else "it was due"

    @property
    def _is_of_its_hour(self) -> bool:
        return enum_text(self._run.run_type) == "scheduled" and not self._run.clear_number
