"""One Batch task that is only a trial, on the pool of runs, and its removal."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from scoring_contract import layout
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.grants import GrantMaker
from sensor_scoring.azure_batch.task import BatchTaskTemplate, Names
from sensor_scoring.errors import ScoringError
from sensor_scoring.hourly.planning.capacity import prepare_pool, release_pool
from sensor_scoring.hourly.task import score_task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scoring_contract.hour import RunHour
    from sensor_scoring.azure_batch.task_state import BatchTaskOutcome
    from sensor_scoring.preflight.deployment import Deployment

log = logging.getLogger(__name__)

_DAG = "preflight"
_FOR_A_NODE = timedelta(minutes=20)
"""A node boots in four minutes, with a large image in ten."""
_PAUSE_SECONDS = 2.0
_LOG_BYTES = 2000
_AHEAD = timedelta(days=1)
"""What was written before so long from now goes: all of it, whatever the clocks say."""


@dataclass(frozen=True, slots=True)
class TrialTask:
    """A Batch task like those that score, under names that no run has.

    :param item: stands for a sensor
    :param base: of its job's id
    """

    deployment: Deployment
    item: str
    base: str

    @classmethod
    def new(cls, deployment: Deployment, hour: RunHour) -> Self:
        """Choose names.

        :param hour: for the id of the job
        """
        token = uuid4().hex[:8]
        prefix = deployment.settings.hourly.job_prefix
        return cls(deployment, f"preflight-{token}", ids.run_base(prefix, hour, dag_id=_DAG, run_id=token))

    @property
    def job(self) -> str:
        """Id of its job."""
        return ids.job_id(self.base, generation=0)

    @property
    def task(self) -> str:
        """Id of the Batch task."""
        return str(self._attempt)

    @property
    def _attempt(self) -> ids.AttemptId:
        return ids.AttemptId(ids.group_key(self.item), 0, 1)

    @property
    def patience(self) -> timedelta:
        """How long it may take, a node's boot included."""
        return _FOR_A_NODE + timedelta(minutes=self.deployment.settings.hourly.task_minutes)

    def outcome(
        self,
        command: Sequence[str],
        blobs: Callable[[Names], Mapping[str, Mapping[str, str]]],
    ) -> BatchTaskOutcome | None:
        """Submit it and wait for it; None if it does not end in time.

        :param command: words of its command line
        :param blobs: variable of a container to the blobs that are needed of it, each with its permissions
        """
        settings, hook = self.deployment.settings, self.deployment.hook
        prepare_pool(hook, self.deployment.spec, settings, batch_tasks=1)
        job = hook.jobs.open(self.base, generation=0, pool_id=settings.pool.pool_id)
        self._submit(job, command, blobs)
        until = time.monotonic() + self.patience.total_seconds()
        while time.monotonic() < until:
            for found in hook.tasks_of(job, key=self._attempt.key):
                if found.is_ended:
                    return found
            time.sleep(_PAUSE_SECONDS)
        return None

    def _submit(
        self, job: str, command: Sequence[str], blobs: Callable[[Names], Mapping[str, Mapping[str, str]]]
    ) -> None:
        asked = score_task(self.deployment.settings)
        template = BatchTaskTemplate(
            command=command,
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
        names = Names(item=self.item, job=job, task=self.task)
        self.deployment.hook.add_task(job, template.request(names, maker.grants(blobs(names))))

    def no_node(self, what: str) -> str:
        """Say that it did not end in time, and what is wrong with the pool.

        :param what: what no node has done
        """
        pool_id = self.deployment.settings.pool.pool_id
        troubles = self.deployment.hook.pools.troubles(pool_id, is_waited_for=True)
        said = f"no node has {what} in {self.patience // timedelta(minutes=1)} minutes"
        return "; ".join((said, *troubles))

    def failure(self, outcome: BatchTaskOutcome) -> str:
        """Say how it failed, with the last line that it wrote."""
        container = self.deployment.settings.containers.logs_container
        blob = f"{layout.log_folder(self.base, self.job, self.task)}/stderr.txt"
        last = self.deployment.store.tail(container, blob, size=_LOG_BYTES).strip().splitlines()[-1:]
        return "; ".join((outcome.describe(), *last))

    def clear(self) -> None:
        """Remove job, blobs and the claim on nodes; what cannot be removed is logged."""
        hook, store = self.deployment.hook, self.deployment.store
        names, before = self.deployment.settings.containers, datetime.now(UTC) + _AHEAD
        for attempt in (
            lambda: hook.jobs.close(self.base),
            lambda: hook.jobs.delete(self.job),
            lambda: release_pool(hook, self.deployment.spec, base=self.base),
            lambda: store.delete_folder(names.runs_container, self.base, before=before),
            lambda: store.delete_folder(names.logs_container, self.base, before=before),
        ):
            try:
                attempt()
            except ScoringError as error:
                log.warning("The trial left something behind: %s", error)
