"""One DAG run of training as its steps see it: its hours, its folders, what it has planned and reported."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scoring_contract import layout
from scoring_contract.errors import ContractError
from scoring_contract.messages.report import Cause
from scoring_contract.messages.training_report import TrainingReport, TrainingResult
from sensor_scoring.azure_batch import ids
from sensor_scoring.hourly.outcome.reports import group_of_report, report_blobs_of, report_texts
from sensor_scoring.hourly.run import PLAN, Run
from sensor_scoring.settings import TRAINING_PREFIX
from sensor_scoring.training.hours import training_hours
from sensor_scoring.training.plan import TrainingPlan

if TYPE_CHECKING:
    from scoring_contract.messages.training import TrainingHours
    from sensor_scoring.blob_storage.store import BlobStore

log = logging.getLogger(__name__)

TRAIN, PROMOTE = "train", "promote"
"""Ids of the DAG's tasks that others ask about."""


class TrainingRun(Run):
    """A DAG run of training.

    :param context: Airflow's context of the task that asks
    :param settings: the deployment's settings
    """

    @cached_property
    def hours(self) -> TrainingHours:
        """The hours to train on and to judge by."""
        # Not the clock: a run must not change its hours between two steps.
        started = self._context["dag_run"].run_after
        return training_hours(self.params, now=started, settings=self.settings)

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the run."""
        return dict(self._context.get("params") or {})

    @cached_property
    def base(self) -> str:
        """First part of the run's Batch ids, and the name of its folders."""
        return ids.run_base(
            TRAINING_PREFIX, self.hours.trained_until, dag_id=self._ti.dag_id, run_id=self.dag_run_id
        )

    @property
    def pool_id(self) -> str:
        """Batch pool that trains."""
        return self.settings.training.train_pool_id or self.settings.pool.pool_id

    def training_plan(self) -> TrainingPlan | None:
        """Return the plan; None if this run has not made one, whatever an earlier try left there."""
        if not self.states.is_success(PLAN):
            return None
        text = self.store.read(self.settings.containers.runs_container, layout.plan_blob(self.base))
        return TrainingPlan.from_json(text) if text else None

    def training_reports(self, plan: TrainingPlan) -> list[TrainingReport]:
        """Return the reports of all Batch tasks of the run, a group's in the order of its attempts.

        One that cannot be read stands for the failure of its group's sensors, and names itself.
        """
        return training_reports_of(self.store, self.settings.containers.runs_container, plan)


def training_reports_of(store: BlobStore, container: str, plan: TrainingPlan) -> list[TrainingReport]:
    """Return the reports of a plan's Batch tasks, as :meth:`TrainingRun.training_reports` does."""
    names = report_blobs_of(store, container, plan.run)
    texts = report_texts(store, container, names)
    return [report for name, text in texts if (report := _read(name, text, plan))]


def _read(name: str, text: bytes, plan: TrainingPlan) -> TrainingReport | None:
    try:
        return TrainingReport.from_json(text)
    except ContractError as error:
        log.warning("The report %s is unreadable: %s", name, error)
        reason = f"its report {name} is unreadable: {error}"
    group = group_of_report(name, plan.groups)
    if group is None:  # of nobody whom this plan knows
        return None
    results = (TrainingResult(sensor, cause=Cause.UNEXPECTED, reason=reason) for sensor in plan.groups[group])
    return TrainingReport(plan.run, group, plan.planned_at, 0.0, tuple(results))
