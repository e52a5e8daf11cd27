"""Trials on the pool: the image is started, and one sensor is scored end to end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.messages.invocation import PROGRAM
from scoring_contract.messages.manifest import Manifest, SensorOrder
from scoring_contract.messages.report import Report, SensorState
from scoring_contract.planned_at import planned_at
from sensor_scoring.hourly.blob_needs import blobs_needed, call_of
from sensor_scoring.hourly.outcome.reports import report_text
from sensor_scoring.hourly.planning.readings import HourReadings
from sensor_scoring.hourly.task import score_task
from sensor_scoring.preflight.finding import fine, missing, warning
from sensor_scoring.preflight.trial_task import TrialTask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.azure_batch.task_state import BatchTaskOutcome
    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

_LOOK_AT_THE_POOL = "look at the pool in the Azure portal, or wait and try again"


def image(deployment: Deployment) -> Iterator[Finding]:
    """Start a Batch task that only starts: a node pulls the image, and finds the scorer in it."""
    task = TrialTask.new(deployment, RunHour.containing(datetime.now(UTC)).previous)
    name = deployment.spec.image
    began = time.monotonic()
    try:
        outcome = task.outcome([*PROGRAM, "--help"], lambda _: {})
        if outcome is None:
            yield missing(task.no_node(f"started {name}"), _LOOK_AT_THE_POOL)
        elif not outcome.is_success:
            yield missing(
                f"a node could not start the scorer in {name}: {task.failure(outcome)}",
                "push the image under that name, and let the nodes pull it",
            )
        else:
            yield fine(f"a node started {name} in {time.monotonic() - began:.0f} s, waiting included")
    finally:
        task.clear()


def one_sensor(deployment: Deployment) -> Iterator[Finding]:
    """Score a sensor that has readings and a model, from its blobs to its predictions."""
    trial = Trial.of(deployment)
    if trial is None:
        yield warning("no sensor has both a model and readings in the newest hour", "train its model first")
        return
    began = time.monotonic()
    try:
        outcome = trial.outcome()
        if outcome is None:
            yield missing(trial.task.no_node(f"scored {trial.shown}"), _LOOK_AT_THE_POOL)
        elif complaint := trial.complaint(outcome):
            yield missing(f"{trial.shown} was not scored: {complaint}", "")
        else:
            yield fine(f"{trial.shown} was scored in {time.monotonic() - began:.0f} s, waiting included")
    finally:
        trial.clear()


@dataclass(frozen=True, slots=True)
class Trial:
    """One Batch task that scores one sensor of an hour.

    :param order: of a sensor that does not exist, with device, tag, model and readings of one that does
    """

    deployment: Deployment
    hour: RunHour
    order: SensorOrder
    task: TrialTask

    @classmethod
    def of(cls, deployment: Deployment) -> Trial | None:
        """Choose a sensor of the newest hour; None if none of it has readings and a model."""
        hour = deployment.newest_readings
        if hour is None:
            return None
        container = deployment.settings.containers.data_container
        blobs = deployment.store.found(container, layout.readings_folder(hour))
        readings = HourReadings.among(blob.name for blob in blobs)
        task = TrialTask.new(deployment, hour)
        for sensor, entry in sorted(deployment.registry.sensors.items()):
            if own := readings.of(sensor, entry):
                order = SensorOrder(task.item, entry.device, entry.tag, entry.model, own)
                return cls(deployment, hour, order, task)
        return None

    @property
    def shown(self) -> str:
        """The sensor in words."""
        return f"device {self.order.device}, tag {self.order.tag}, hour {self.hour}"

    def outcome(self) -> BatchTaskOutcome | None:
        """Submit the Batch task and wait for it; None if it does not end in time."""
        settings = self.deployment.settings
        manifest = Manifest(
            self.hour,
            run=self.task.base,
            group=self.task.item,
            planned_at=planned_at(datetime.now(UTC)),
            sensors=(self.order,),
            image=settings.pool.scoring_image,
        )
        text, command = manifest.to_json(), score_task(settings)["command"]
        blob = layout.manifest_blob(self.task.base, self.task.item)
        self.deployment.store.write(settings.containers.runs_container, blob, text)
        return self.task.outcome(command, lambda names: blobs_needed(call_of(names, command), text.encode()))

    def complaint(self, outcome: BatchTaskOutcome) -> str:
        """Say why the sensor was not scored; empty if it was, and its predictions are there."""
        names, store, task = self.deployment.settings.containers, self.deployment.store, self.task
        if not outcome.is_success:
            return task.failure(outcome)
        text = report_text(store, names.runs_container, layout.report_blob(task.base, task.job, task.task))
        if text is None:
            return "the Batch task ended in success and left no report"
        (report,) = Report.from_json(text).sensors
        if report.state is not SensorState.SCORED or not report.readings:
            return f"{report.state.value}: {report.reason or 'none of its readings could be scored'}"
        if not store.exists(names.predictions_container, self.order.prediction_blob(self.hour)):
            return "the report says that it was scored, and its predictions are not there"
        return ""

    def clear(self) -> None:
        """Remove all that the trial left; what cannot be removed is logged."""
        container = self.deployment.settings.containers.predictions_container
        self.deployment.store.discard(container, self.order.prediction_blob(self.hour))
        self.task.clear()
