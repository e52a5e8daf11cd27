"""Scores one sensor end to end, under a name of its own, and removes what that left."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from scoring_contract import layout
from scoring_contract.manifest import Manifest, SensorOrder
from scoring_contract.planned_at import planned_at
from scoring_contract.report import Report, SensorState
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.grants import GrantMaker
from sensor_scoring.azure_batch.task import BatchTaskTemplate, Names
from sensor_scoring.errors import ScoringError
from sensor_scoring.hourly.blob_needs import blobs_needed, call_of
from sensor_scoring.hourly.planning.capacity import prepare_pool, release_pool
from sensor_scoring.hourly.planning.readings import HourReadings
from sensor_scoring.hourly.task import score_task
from sensor_scoring.preflight.finding import fine, missing, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring_contract.hour import RunHour
    from sensor_scoring.azure_batch.task_state import BatchTaskOutcome
    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

log = logging.getLogger(__name__)

_DAG = "preflight"
_FOR_A_NODE = timedelta(minutes=20)
"""A node boots in four minutes, with a large image in ten."""
_PAUSE_SECONDS = 2.0
_LOG_BYTES = 2000
_AHEAD = timedelta(days=1)
"""What was written before so long from now goes: all of it, whatever the clocks say."""


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
            troubles = deployment.hook.pools.troubles(deployment.settings.pool.pool_id, is_waited_for=True)
            said = f"no node has scored {trial.shown} in {trial.patience // timedelta(minutes=1)} minutes"
            yield missing(
                "; ".join((said, *troubles)), "look at the pool in the Azure portal, or wait and try again"
            )
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
    base: str

    @classmethod
    def of(cls, deployment: Deployment) -> Trial | None:
        """Choose a sensor of the newest hour; None if none of it has readings and a model."""
        hour = deployment.newest_readings
        if hour is None:
            return None
        container = deployment.settings.containers.data_container
        blobs = deployment.store.found(container, layout.readings_folder(hour))
        readings = HourReadings.among(blob.name for blob in blobs)
        token = uuid4().hex[:8]
        for sensor, entry in sorted(deployment.registry.sensors.items()):
            if own := readings.of(sensor, entry):
                order = SensorOrder(f"preflight-{token}", entry.device, entry.tag, entry.model, own)
                prefix = deployment.settings.hourly.job_prefix
                return cls(deployment, hour, order, ids.run_base(prefix, hour, dag_id=_DAG, run_id=token))
        return None

    @property
    def shown(self) -> str:
        """The sensor in words."""
        return f"device {self.order.device}, tag {self.order.tag}, hour {self.hour}"

    @property
    def patience(self) -> timedelta:
        """How long it may take, a node's boot included."""
        return _FOR_A_NODE + timedelta(minutes=self.deployment.settings.hourly.task_minutes)

    @property
    def _job(self) -> str:
        return ids.job_id(self.base, generation=0)

    @property
    def _task(self) -> ids.AttemptId:
        return ids.AttemptId(ids.group_key(self.order.sensor), 0, 1)

    def outcome(self) -> BatchTaskOutcome | None:
        """Submit the Batch task and wait for it; None if it does not end in time."""
        settings, hook = self.deployment.settings, self.deployment.hook
        manifest = Manifest(
            self.hour,
            run=self.base,
            group=self.order.sensor,
            planned_at=planned_at(datetime.now(UTC)),
            sensors=(self.order,),
            image=settings.pool.scoring_image,
        )
        text = manifest.to_json()
        blob = layout.manifest_blob(self.base, self.order.sensor)
        self.deployment.store.write(settings.containers.runs_container, blob, text)
        prepare_pool(hook, self.deployment.spec, settings, batch_tasks=1)
        job = hook.jobs.open(self.base, generation=0, pool_id=settings.pool.pool_id)
        self._submit(job, text)
        until = time.monotonic() + self.patience.total_seconds()
        while time.monotonic() < until:
            for found in hook.tasks_of(job, key=self._task.key):
                if found.is_ended:
                    return found
            time.sleep(_PAUSE_SECONDS)
        return None

    def _submit(self, job: str, manifest: str) -> None:
        asked = score_task(self.deployment.settings)
        template = BatchTaskTemplate(
            command=asked["command"],
            image=asked["image"],
            registry_server=asked["registry_server"],
            environment=asked["environment"],
            max_wall_clock=asked["max_wall_clock"],
        )
        maker = GrantMaker(
            store=self.deployment.store,
            containers=asked["containers"],
            log_container=asked["log_container"],
            lasts=self.patience,
            identity=asked["node_identity"],
            identity_client_id=asked["node_identity_client_id"],
        )
        names = Names(item=self.order.sensor, job=job, task=str(self._task))
        grants = maker.grants(blobs_needed(call_of(names, template.command), manifest.encode()))
        self.deployment.hook.add_task(job, template.request(names, grants))

    def complaint(self, outcome: BatchTaskOutcome) -> str:
        """Say why the sensor was not scored; empty if it was, and its predictions are there."""
        names, store = self.deployment.settings.containers, self.deployment.store
        if not outcome.is_success:
            log_blob = f"{layout.log_folder(self.base, self._job, str(self._task))}/stderr.txt"
            last = store.tail(names.logs_container, log_blob, size=_LOG_BYTES).strip().splitlines()[-1:]
            return "; ".join((outcome.describe(), *last))
        text = store.read(names.runs_container, layout.report_blob(self.base, self._job, str(self._task)))
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
        settings, hook, store = self.deployment.settings, self.deployment.hook, self.deployment.store
        names, before = settings.containers, datetime.now(UTC) + _AHEAD
        store.discard(names.predictions_container, self.order.prediction_blob(self.hour))
        for attempt in (
            lambda: hook.jobs.close(self.base),
            lambda: hook.jobs.delete(self._job),
            lambda: release_pool(hook, self.deployment.spec, base=self.base),
            lambda: store.delete_folder(names.runs_container, self.base, before=before),
            lambda: store.delete_folder(names.logs_container, self.base, before=before),
        ):
            try:
                attempt()
            except ScoringError as error:
                log.warning("The trial left something behind: %s", error)
