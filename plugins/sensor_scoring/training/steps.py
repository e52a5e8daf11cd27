"""The steps of a training run that are not Batch tasks: thin, each a few calls on nouns from elsewhere."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.messages.registry import Registry
from scoring_contract.planned_at import planned_at
from scoring_contract.sensor_names import display_of
from sensor_scoring.blob_storage.registry import parsed_registry
from sensor_scoring.blob_storage.store import CALLS_AT_ONCE
from sensor_scoring.errors import RegistryContended, RunFailed
from sensor_scoring.hourly.planning.readings_range import range_of_readings
from sensor_scoring.hourly.steps import ensure_pool_of
from sensor_scoring.training.fit_params import fit_options
from sensor_scoring.training.gate import TrainingGate
from sensor_scoring.training.plan import plan_training
from sensor_scoring.training.promotion import Decision, Promotion
from sensor_scoring.training.run import PROMOTE, TRAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring_contract.hour import RunHour
    from sensor_scoring.training.plan import TrainingPlan
    from sensor_scoring.training.run import TrainingRun

log = logging.getLogger(__name__)

_PRIORITY = -500
"""Batch priority of a training's job: every hour goes first, also one of a backfill."""
_WRITES = 8
"""Conditional writes before giving up; each failure means that another writer succeeded."""


def make_training_plan(run: TrainingRun) -> list[str]:
    """Write the run's plan and an order for each group.

    :return: the groups, in the order of the mapped task instances
    :raises LayoutError: if the run's hours cannot be meant
    :raises OptionError: if an option of the fit cannot be used
    :raises RunFailed: if there are no readings to train on
    """
    settings, hours = run.settings, run.hours
    text = run.store.read(settings.containers.models_container, layout.REGISTRY_BLOB)
    plan, orders = plan_training(
        parsed_registry(text, settings) if text else Registry(),
        _readings_of(run, hours.training),
        _readings_of(run, hours.evaluation),
        _labels_of(run),
        hours=hours,
        run=run.base,
        planned_at=planned_at(datetime.now(UTC)),
        options=fit_options(run.params),
        sensors_per_task=settings.training.train_sensors_per_task,
    )
    if not plan.groups:
        reason = f"there are no readings from {hours.trained_from} until {hours.trained_until}"
        raise RunFailed(f"{reason}; {_range_sentence(run)}")
    texts = {layout.order_blob(run.base, order.group): order.to_json() for order in orders}
    run.store.write_all(settings.containers.runs_container, texts)
    run.store.write(settings.containers.runs_container, layout.plan_blob(run.base), plan.to_json())
    log.info(
        "%s until %s: %d sensors to train in %d groups, %d without readings",
        *(hours.trained_from, hours.trained_until, sum(map(len, plan.groups.values()))),
        *(len(plan.groups), len(plan.silent)),
    )
    return list(plan.groups)


def open_training(run: TrainingRun) -> str:
    """Ensure that the pool can take the load, and open the run's Batch job.

    :return: id of the Batch job
    """
    plan, settings = run.training_plan(), run.settings
    groups = len(plan.groups) if plan else 0
    ensure_pool_of(run.pool_id, settings.pool.scoring_image, settings, batch_tasks=groups)
    job = run.hook.jobs.open(run.base, generation=run.generation, pool_id=run.pool_id, priority=_PRIORITY)
    log.info("Batch job %s on pool %s", job, run.pool_id)
    return job


def promote(run: TrainingRun) -> dict[str, int]:
    """Decide who becomes current, write the registry once, and the run's summary.

    :return: counts of the decisions
    :raises RunFailed: if no plan was made
    :raises RegistryContended: if others changed the registry each time we wanted to
    """
    plan = run.training_plan()
    if plan is None:
        raise RunFailed("no plan was made, so there is nothing to promote; see the log of 'plan'")
    promotion = _promoted(run, plan)
    text = promotion.to_json(dag_run_id=run.dag_run_id)
    run.store.write(run.settings.containers.runs_container, layout.summary_blob(run.base), text)
    for line in promotion.decisions:
        log.info("%s %s%s", display_of(line.sensor), line.decision, f": {line.reason}" if line.reason else "")
    log.info("%s; see %s", promotion.counts(), layout.summary_blob(run.base))
    return promotion.counts()


def give_training_verdict(run: TrainingRun, counts: Mapping[str, int] | None) -> None:
    """Fail, naming why, if sensors were not trained for a cause that may pass, or if no sensor was.

    Some sensors that the gate refused, or that have too few readings, fail nothing: their current models
    score on. A run in which every sensor is one of these says something about the run.

    :param counts: what :func:`promote` has returned
    :raises RunFailed: if so, or if there was no promotion
    """
    if not run.states.is_success(PROMOTE) or counts is None:
        raise RunFailed("nothing was promoted; see the log of the first step that failed")
    reasons = f"{layout.summary_blob(run.base)} gives the reasons"
    if counts[Decision.FAILED]:
        raise RunFailed(f"{counts[Decision.FAILED]} sensors were not trained; {reasons}")
    if not counts[Decision.PROMOTED] + counts[Decision.KEPT]:
        raise RunFailed(
            f"no sensor got a model: {counts[Decision.REFUSED]} refused by the gate, "
            f"{counts[Decision.UNTRAINED]} not trainable; {reasons}"
        )


def _promoted(run: TrainingRun, plan: TrainingPlan) -> Promotion:
    store, container = run.store, run.settings.containers.models_container
    reports, failures = run.training_reports(plan), run.failures(TRAIN)
    gate = TrainingGate.of(run.settings)
    for _ in range(_WRITES):
        found = store.read_versioned(container, layout.REGISTRY_BLOB)
        registry = parsed_registry(found[0], run.settings) if found else Registry()
        promotion = Promotion.decided(plan, reports, registry, gate, failures)
        changed = promotion.applied(registry)
        if changed == registry or store.write_if_unchanged(
            container, layout.REGISTRY_BLOB, changed.to_json(), etag=found[1] if found else None
        ):
            return promotion
    blob = f"{container}/{layout.REGISTRY_BLOB}"
    raise RegistryContended(f"another writer changed {blob} before each of {_WRITES} attempts to write it")


def _range_sentence(run: TrainingRun) -> str:
    """Say which hours have readings, and what to trigger."""
    container = run.settings.containers.data_container
    found = range_of_readings(lambda folder: run.store.folders(container, folder))
    if found is None:
        return f"there are none at all in the container {container}"
    first, last = found
    return f'they reach from {first} to {last}; try {{"from": "{first}", "until": "{last}"}}'


def _labels_of(run: TrainingRun) -> list[str]:
    """List the labels that people gave to spans: Batch tasks may read blobs, and list none."""
    container = run.settings.containers.data_container
    return [blob.name for blob in run.store.found(container, layout.span_labels_folder())]


def _readings_of(run: TrainingRun, hours: Iterable[RunHour]) -> list[str]:
    """List the readings of many hours, some at a time."""
    container = run.settings.containers.data_container

    def names(hour: RunHour) -> list[str]:
        return [blob.name for blob in run.store.found(container, layout.readings_folder(hour))]

    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        return [name for found in pool.map(names, hours) for name in found]
