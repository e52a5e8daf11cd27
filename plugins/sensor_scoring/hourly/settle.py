"""Waiting for late readings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import BaseOperator

from sensor_scoring.azure_batch.failure_note import failure_noted
from sensor_scoring.hourly.hour import check_asked, scoring_hour
from sensor_scoring.hourly.step_times import times_said
from sensor_scoring.retries import RETRY_TABLE
from sensor_scoring.setting_values.constraints import LATENESS_MINUTES, check

if TYPE_CHECKING:
    from airflow.sdk import Context


class SettleOperator(BaseOperator):
    """Waits, deferred, until an hour's readings can be complete; not at all for hours long past.

    :param lateness_minutes: how long after its end the hour's readings may still arrive
    """

    def __init__(self, *, lateness_minutes: float, **kwargs: Any) -> None:
        kwargs.setdefault("retry_policy", RETRY_TABLE)
        super().__init__(**kwargs)
        self.lateness_minutes = lateness_minutes

    def execute(self, context: Context) -> None:
        """Return if the time has come, else defer until then.

        :raises LayoutError: if the run was asked for what is no hour
        :raises SettingsError: if it was asked for what is no parameter
        """
        with failure_noted(context["ti"]), times_said(context["ti"]):
            self._wait(context)

    def _wait(self, context: Context) -> None:
        check("lateness_minutes", self.lateness_minutes, LATENESS_MINUTES)
        check_asked(context)
        hour = scoring_hour(context, now=context["dag_run"].run_after)
        ready = hour.end + timedelta(minutes=self.lateness_minutes)
        if datetime.now(UTC) >= ready:
            self.log.info("Scoring %s", hour)
            return
        self.log.info("Scoring %s from %s on, when late readings have arrived", hour, ready.isoformat())
        self.defer(trigger=DateTimeTrigger(moment=ready, end_from_trigger=True), method_name="settled")

    def settled(self, context: Context, event: object = None) -> None:  # noqa: ARG002  Airflow's signature
        """Go on: the trigger has waited."""
        with times_said(context["ti"]):
            self.log.info("Late readings have had their time")
