"""One DAG run as its steps see it: its hour, its folders, the state of its task instances."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.errors import LayoutError
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.failure_note import FAILURE
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.azure_batch.links import run_page
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.enum_text import enum_text
from sensor_scoring.hourly.hour import scoring_hour
from sensor_scoring.hourly.outcome.reports import reports_of
from sensor_scoring.hourly.outcome.summary import Summary
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.hourly.step_times import TIMED, StepTimes, times_of
from sensor_scoring.hourly.task_states import TaskStates
from sensor_scoring.patience import Patience

if TYPE_CHECKING:
    from airflow.sdk import Context

    from scoring_contract.hour import RunHour
    from scoring_contract.messages.report import Report
    from sensor_scoring.settings import Settings

PLAN, SCORE, SUMMARISE, ALERT = "plan", "score", "summarise", "alert"
"""Ids of the DAG's tasks that others ask about."""

_UNTOLD = "untold"
"""XCom with the addresses that the alert missed."""
_AFTERWARDS = frozenset({SCORE, "confirm", SUMMARISE, ALERT, "verdict", "close"})


class Run:
    """A DAG run.

    :param context: Airflow's context of the task that asks
    :param settings: the deployment's settings
    """

    def __init__(self, context: Context, settings: Settings) -> None:
        self.settings = settings
        self._context = context
        self._ti = context["ti"]

    @cached_property
    def hour(self) -> RunHour:
        """The hour that is scored."""
        # Not the clock: a run without an interval must not change its hour between two steps.
        return scoring_hour(self._context, now=self._context["dag_run"].run_after)

    @property
    def hourless(self) -> str:
        """Why the run has no hour, and so neither folder nor Batch job; empty if it has one."""
        try:
            _ = self.base
        except LayoutError as error:
            return str(error)
        return ""

    @property
    def dag_run_id(self) -> str:
        """Airflow's id of the run."""
        return str(self._ti.run_id)

    @property
    def dag_id(self) -> str:
        """The DAG."""
        return str(self._ti.dag_id)

    @property
    def page(self) -> str:
        """Address of the run in Airflow's web UI; empty if ``[api] base_url`` is not set."""
        return run_page(self._ti.dag_id, self.dag_run_id)

    @cached_property
    def base(self) -> str:
        """First part of the run's Batch ids, and the name of its folders."""
        return ids.run_base(
            self.settings.hourly.job_prefix, self.hour, dag_id=self._ti.dag_id, run_id=self.dag_run_id
        )

    @cached_property
    def store(self) -> BlobStore:
        """The storage account."""
        return BlobStore(self.settings.connections.wasb_conn_id)

    @cached_property
    def hook(self) -> ScoringBatchHook:
        """The Batch account."""
        return ScoringBatchHook(
            azure_batch_conn_id=self.settings.connections.batch_conn_id, patience=Patience()
        )

    @property
    def generation(self) -> int:
        """How often the asking task instance was asked to work: constant under retries."""
        return int(self._ti.max_tries)

    @property
    def is_last_try(self) -> bool:
        """Whether the asking task instance is not tried again."""
        return int(self._ti.try_number) > int(self._ti.max_tries)

    @property
    def type(self) -> str:
        """How the run came about: ``scheduled``, ``manual``, ``backfill`` or another word of Airflow's."""
        return enum_text(self._context["dag_run"].run_type)

    @property
    def is_backfill(self) -> bool:
        """Whether the run makes up for an hour of the past."""
        return self.type == "backfill"

    @property
    def has_company(self) -> bool:
        """Whether another run of the DAG is under way or about to begin."""
        return int(self._ti.get_dr_count(self._ti.dag_id, states=["queued", "running"])) > 1

    @cached_property
    def states(self) -> TaskStates:
        """States of the run's task instances."""
        return TaskStates.of(self._context)

    @property
    def started(self) -> datetime:
        """When the run began, or went on after a clear."""
        dag_run = self._context["dag_run"]
        # In `airflow dags test` a run of an old hour has started in that hour, as far as its start says.
        return max(dag_run.start_date or dag_run.run_after, dag_run.run_after)

    @property
    def late(self) -> str:
        """Why the run counts as late; empty if it does not."""
        limit = self.settings.alerts.late_minutes
        minutes = (datetime.now(UTC) - self.started).total_seconds() / 60
        return f"it took {minutes:.0f} minutes; the limit is {limit:g}" if 0 < limit < minutes else ""

    @property
    def is_troubled(self) -> bool:
        """Whether something went wrong that the pool may be the cause of."""
        return bool(self.late or self.step_failures() or self.states.failed_indexes(SCORE))

    @cached_property
    def clears(self) -> int:
        """How often something in the run was cleared before the asking task instance began."""
        return int(self._context["dag_run"].clear_number or 0)

    def step_times(self) -> dict[str, StepTimes]:
        """Return when steps worked, of those that have said so; the asking one ends now."""
        said = {step: times for step in TIMED if (times := times_of(self._ti, step))}
        return {**said, str(self._ti.task_id): StepTimes(self._ti.start_date, datetime.now(UTC))}

    def step_failures(self) -> dict[str, str]:
        """Return the steps before scoring that failed, and why in their own words, which may be none."""
        failed = [
            name
            for name in self.states.failed_tasks()
            if name not in _AFTERWARDS and not name.startswith(f"{SCORE}_")
        ]
        return {name: self._words_of(name) for name in failed}

    def _words_of(self, step: str) -> str:
        said = self._ti.xcom_pull(task_ids=step, key=FAILURE, map_indexes=-1)
        return str(said["reason"]) if said else ""

    @property
    def alert_failed(self) -> bool:
        """Whether the step that sends the alert failed."""
        return ALERT in self.states.failed_tasks()

    def keep_untold(self, untold: list[str]) -> None:
        """Keep for the verdict which addresses the alert missed, though it reached others."""
        if untold:
            self._ti.xcom_push(key=_UNTOLD, value=untold)

    def untold(self) -> list[str]:
        """Return a sentence for each channel that missed an address of the run's alert."""
        found = (self._ti.xcom_pull(task_ids=task, key=_UNTOLD) for task in (ALERT, "verdict"))
        return [sentence for sentences in found for sentence in sentences or ()]

    def plan(self) -> Plan | None:
        """Return the plan; None if this run has not made one, whatever an earlier try left there."""
        if not self.states.is_success(PLAN):
            return None
        text = self.store.read(self.settings.containers.runs_container, layout.plan_blob(self.base))
        return Plan.from_json(text) if text else None

    def summary(self) -> Summary | None:
        """Return the summary; None likewise."""
        if not self.states.is_success(SUMMARISE):
            return None
        text = self.store.read(self.settings.containers.runs_container, layout.summary_blob(self.base))
        return Summary.from_json(text) if text else None

    def reports(self, plan: Plan) -> list[Report]:
        """Return the reports of all Batch tasks of the run, a group's in the order of its attempts."""
        return reports_of(self.store, self.settings.containers.runs_container, plan)

    def failures(self, task_id: str = SCORE) -> dict[str, str]:
        """Return why groups failed, in the words of the operator that gave up on them.

        :param task_id: the mapped task
        """
        failed = self.states.failed_indexes(task_id)
        if not failed:
            return {}
        said = self._ti.xcom_pull(task_ids=task_id, key=FAILURE, map_indexes=failed)
        # Positions mean nothing: an instance that said nothing leaves no gap.
        return {entry["item"]: entry["reason"] for entry in said or () if entry}
