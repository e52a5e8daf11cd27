"""The Airflow sensor that checks predictions; a *sensor* without "Airflow" in front is a device."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from scoring_contract.messages.report import SensorState
from sensor_scoring.azure_batch.failure_note import failure_noted
from sensor_scoring.errors import PredictionsIncomplete
from sensor_scoring.hourly.outcome.reports import last_words, reports_of
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.hourly.step_times import times_said
from sensor_scoring.hourly.task_states import TaskStates
from sensor_scoring.retries import RETRY_TABLE
from sensor_scoring.setting_values.constraints import POLL_SECONDS, WAIT_SECONDS, check

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow.sdk import Context

    from scoring_contract.messages.report import Report
    from sensor_scoring.blob_storage.listing import FoundBlob
    from sensor_scoring.hourly.gate import Expectation, GateVerdict


class PredictionBlobSensor(BaseSensorOperator):
    """Is green when every prediction that a plan owes is there: for this hour, with rows, not stale.

    It waits, deferred, only for those whose scoring succeeded; what a failed task owes will not come, and is
    named at once. A sensor that turned out to be silent owes nothing. Predictions that nobody expects are
    named too.

    :param plan_blob: the run's plan (templated)
    :param plan_container: its container
    :param predictions_container: container of the predictions
    :param score_task_id: mapped task that scores, an instance for each group in the plan's order
    :param wait_seconds: how long to wait for predictions whose scoring succeeded
    :param poll_seconds: pause between two listings
    :param wasb_conn_id: connection of the storage account
    """

    template_fields: Sequence[str] = ("plan_blob",)

    def __init__(
        self,
        *,
        plan_blob: str,
        plan_container: str = "runs",
        predictions_container: str = "predictions",
        score_task_id: str = "score",
        wait_seconds: float = 60.0,
        poll_seconds: float = 5.0,
        wasb_conn_id: str = "wasb_default",
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("retry_policy", RETRY_TABLE)
        super().__init__(**kwargs)
        self.plan_blob = plan_blob
        self.plan_container = plan_container
        self.predictions_container = predictions_container
        self.score_task_id = score_task_id
        self.wait_seconds = wait_seconds
        self.poll_seconds = poll_seconds
        self.wasb_conn_id = wasb_conn_id

    def execute(self, context: Context) -> None:
        """Check, and wait for what may still come.

        :raises PredictionsIncomplete: naming what is missing, empty or stale
        :raises SettingsError: naming a number that cannot work
        """
        with failure_noted(context["ti"]), times_said(context["ti"]):
            self._check_and_wait(context)

    def _check_and_wait(self, context: Context) -> None:
        check("poll_seconds", self.poll_seconds, POLL_SECONDS)
        check("wait_seconds", self.wait_seconds, WAIT_SECONDS)
        look = self._look()
        awaited = look.plan.expectation.without(self._given_up(context, look.plan))
        if not look.verdict(awaited).is_complete:
            self._wait(awaited.without(look.silent))
        self._raise_if_incomplete(look)

    def execute_complete(self, context: Context, event: Any = None) -> None:  # noqa: ARG002  Airflow's signature
        """Check once more, whatever the trigger saw."""
        with failure_noted(context["ti"]), times_said(context["ti"]):
            self._raise_if_incomplete(self._look())

    def _look(self) -> _Look:
        from sensor_scoring.blob_storage.store import BlobStore

        if not self.plan_blob:
            raise PredictionsIncomplete("there is no plan, so the expected predictions are unknown")
        store = BlobStore(self.wasb_conn_id)
        text = store.read(self.plan_container, self.plan_blob)
        if text is None:
            raise PredictionsIncomplete(
                f"there is no plan {self.plan_blob}, so the expected predictions are unknown"
            )
        plan = Plan.from_json(text)
        found = list(store.found(self.predictions_container, plan.expectation.folder))
        return _Look(plan, found, lambda: reports_of(store, self.plan_container, plan))

    def _given_up(self, context: Context, plan: Plan) -> list[str]:
        states = TaskStates.of(context).mapped(self.score_task_id)
        return [
            sensor
            for index, sensors in enumerate(plan.groups.values())
            if states.get(index) != "success"
            for sensor in sensors
        ]

    def _wait(self, expectation: Expectation) -> None:
        from sensor_scoring.hourly.sensor_trigger import PredictionBlobTrigger

        self.defer(
            trigger=PredictionBlobTrigger(
                gate=expectation.to_json(),
                container=self.predictions_container,
                wasb_conn_id=self.wasb_conn_id,
                poll_seconds=self.poll_seconds,
                until=time.time() + self.wait_seconds,
            ),
            method_name="execute_complete",
        )

    def _raise_if_incomplete(self, look: _Look) -> None:
        verdict, hour = look.verdict(look.plan.expectation), look.plan.hour
        if not verdict.is_complete:
            raise PredictionsIncomplete(f"predictions of {hour}: {verdict.describe()}")
        self.log.info("Predictions of %s: %d, %s", hour, len(verdict.fresh), verdict.describe())


class _Look:
    """One look at an hour: its plan, and what lay in Blob Storage then.

    :param reports: reads the reports of the run's Batch tasks, which only a gap asks for
    """

    def __init__(self, plan: Plan, found: Sequence[FoundBlob], reports: Callable[[], list[Report]]) -> None:
        self.plan = plan
        self._found = found
        self._reports = reports

    @cached_property
    def silent(self) -> list[str]:
        """Sensors that turned out to have no readings: only the scorer sees into shared files."""
        said = last_words(self._reports(), planned_at=self.plan.planned_at)
        return [name for name, report in said.items() if report.state is SensorState.SKIPPED]

    def verdict(self, expectation: Expectation) -> GateVerdict:
        """Judge what lay there; those who had nothing to say owe nothing."""
        verdict = expectation.judge(self._found)
        return verdict if verdict.is_complete else expectation.without(self.silent).judge(self._found)
