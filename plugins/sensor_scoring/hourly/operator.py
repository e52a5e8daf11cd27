"""The operator that scores a group of sensors: the general one, with an eye for what its reports say."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scoring_contract import layout
from scoring_contract.errors import ContractError
from scoring_contract.messages.manifest import Manifest
from scoring_contract.messages.report import Report
from scoring_contract.sensor_names import display_of
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.operators import AzureBatchTaskOperator, FailureCause
from sensor_scoring.hourly.blob_needs import blobs_needed, call_of
from sensor_scoring.hourly.outcome.reports import lines_of, report_text
from sensor_scoring.hourly.planning.packing import shown_group
from sensor_scoring.hourly.task import MANIFEST_BLOB
from sensor_scoring.hourly.task_states import TaskStates
from sensor_scoring.settings import Settings
from sensor_scoring.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from sensor_scoring.azure_batch.grants import Blobs
    from sensor_scoring.azure_batch.task import Names
    from sensor_scoring.azure_batch.task_state import BatchTaskOutcome
    from sensor_scoring.hourly.trigger import ScoringTrigger

_NAMED = 5


class SensorScoringOperator(AzureBatchTaskOperator):
    """Scores one group of sensors in a Batch task; fails only for those that could not be scored.

    When some sensors of a packed group fail, the retry scores just these: it writes an order of its own,
    without the sensors that the attempts before have settled. If none of the failures would pass, there is no
    retry. A clear is a request to score anew, and scores the whole group.

    The arguments are those of :class:`AzureBatchTaskOperator`; ``commit_blob`` is the report. The command is
    not templated here: it comes from settings, and every instance of every hour would render and record it.
    """

    template_fields: Sequence[str] = ("item", "job_id", "pool_id")

    @property
    def shown_item(self) -> str:
        """What people read as the name of the group."""
        return shown_group(self.item)

    def command_for(self, names: Names) -> Sequence[str]:
        """Return the command; in later attempts with an order for what the ones before have not settled."""
        words = super().command_for(names)
        attempt = ids.AttemptId.parse(names.task)
        if attempt is None or attempt.attempt == 0:
            return words
        narrowed = self._narrowed_order(names, attempt)
        return [narrowed if word == MANIFEST_BLOB else word for word in words]

    def blobs_for(self, names: Names, command: Sequence[str]) -> Blobs:
        """Return the blobs that the Batch task's own manifest names, that manifest and the report."""
        call = call_of(names, command)
        return blobs_needed(call, self.store.read(self.commit_container, call.manifest))

    def successor_of(self, job_id: str, context: Context) -> str:
        """Return the run's next Batch job, with nodes announced for all instances that wait for it."""
        from sensor_scoring.hourly.planning.capacity import pool_spec, prepare_pool

        settings = Settings.from_environ(os.environ)
        job, is_new = self.hook.jobs.reopen(job_id, pool_id=settings.pool.pool_id)
        if is_new:
            states = TaskStates.of(context).mapped(self.task_id)
            waiting = [index for index, state in states.items() if state != "success"]
            prepare_pool(self.hook, pool_spec(settings), settings, batch_tasks=len(waiting))
        return job

    def is_committed(self, names: Names) -> bool:
        """Whether the report is there; it is read, because its counts are wanted next."""
        return self._report_text(names) is not None

    def note_success(self, names: Names) -> None:
        """Log the counts of each sensor."""
        report = self._report(names)
        for line in lines_of(report) if report else ():
            self.log.info("%s", line)

    def waiting_trigger(self, **arguments: Any) -> ScoringTrigger:
        """Return a trigger that logs the counts."""
        from sensor_scoring.hourly.trigger import ScoringTrigger

        return ScoringTrigger(**arguments)

    def explain(self, outcome: BatchTaskOutcome, names: Names) -> FailureCause:
        """Name the sensors that failed and why, in the words of the report if there is one."""
        cause = super().explain(outcome, names)
        report = self._report(names)
        if report is None or not report.failed:
            return cause
        causes = {sensor.cause for sensor in report.failed}
        is_permanent = all(cause is not None and cause.is_permanent for cause in causes)
        return FailureCause(_sentence(report), is_permanent)

    def _narrowed_order(self, names: Names, attempt: ids.AttemptId) -> str:
        """Write an order for the sensors that are left; return its blob, or that of the whole group's."""
        manifest = self._manifest(names)
        settled = self._settled_before(names, attempt, manifest)
        left = manifest.without(settled)
        if not settled or not left.sensors:
            return MANIFEST_BLOB
        blob = layout.narrowed_manifest_blob(ids.base_of(names.job), names.job, names.task)
        self.store.write(self.commit_container, blob, left.to_json())
        self.log.info(
            "%s: %d of %d sensors are left", self.shown_item, len(left.sensors), len(manifest.sensors)
        )
        return blob

    def _settled_before(self, names: Names, attempt: ids.AttemptId, manifest: Manifest) -> set[str]:
        before = (
            self._report(names.of_task(str(ids.AttemptId(attempt.key, attempt.epoch, number))))
            for number in range(attempt.attempt)
        )
        return {
            sensor
            for report in before
            if report is not None and report.planned_at == manifest.planned_at
            for sensor in report.settled
        }

    def _manifest(self, names: Names) -> Manifest:
        text = self.store.read(self.commit_container, names.fill(MANIFEST_BLOB))
        return Manifest.from_json(text or "")

    def _report(self, names: Names) -> Report | None:
        text = self._report_text(names)
        try:
            return Report.from_json(text) if text else None
        except ContractError as error:
            # The summary counts its sensors as failed; here it must not hide how the Batch task ended.
            self.log.warning("The report %s is unreadable: %s", names.fill(self.commit_blob), error)
            return None

    def _report_text(self, names: Names) -> bytes | None:
        """Return the report of a Batch task that has ended, read once; None if it wrote none."""
        blob = names.fill(self.commit_blob)
        text = self._texts.get(blob) or report_text(self.store, self.commit_container, blob)
        if text is not None:
            self._texts[blob] = text
        return text

    @cached_property
    def _texts(self) -> dict[str, bytes]:
        return {}


def _sentence(report: Report) -> str:
    failed = report.failed
    if len(report.sensors) == 1:
        return "; ".join(sensor.reason for sensor in failed)
    reasons = [f"{display_of(sensor.sensor)}: {sensor.reason}" for sensor in failed]
    said = listed(reasons, most=_NAMED, separator="; ")
    return f"{len(failed)} of {len(report.sensors)} sensors failed: {said}"
