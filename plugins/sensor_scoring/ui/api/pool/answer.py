"""How the answer about the pool is made of a look at it. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch.pool.evaluation import Evaluation
from sensor_scoring.azure_batch.pool.health import emptiness_of, troubles_of
from sensor_scoring.service_times import datetime_of
from sensor_scoring.ui.api.pool.model import (
    EvaluationPart,
    FloorPart,
    NextPart,
    Nodes,
    PoolAnswer,
    PoolJob,
    PoolNode,
)
from sensor_scoring.ui.api.run.model import UnknownPart
from sensor_scoring.ui.facts import unsigned
from sensor_scoring.ui.pool_outlook import Outlook
from sensor_scoring.ui.pool_review import review_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensor_scoring.azure_batch.onlooker import PoolSight
    from sensor_scoring.azure_batch.pool.spec import PoolSpec
    from sensor_scoring.ui.pool_look import JobAtWork, PoolLook


def answer_of(look: PoolLook, spec: PoolSpec) -> PoolAnswer:
    """Write the answer.

    :param spec: the pool as the settings make it
    """
    sight = look.sight
    pool: Mapping[str, Any] = sight.pool if sight else {}
    nodes = [_node(node) for node in (sight.nodes if sight else ())]
    queue = _queue(look)
    return PoolAnswer(
        id=spec.pool_id,
        as_of=look.at,
        state=_state(look),
        allocation_state=str(pool.get("allocationState") or "").lower(),
        allocation_since=datetime_of(pool.get("allocationStateTransitionTime")),
        vm_size=str(pool.get("vmSize") or ""),
        slots_per_node=int(pool.get("taskSlotsPerNode") or 1) if sight else None,
        scales=("autoscale" if sight.interval else "fixed size") if sight else None,
        interval_seconds=sight.interval.total_seconds() if sight and sight.interval else None,
        current=_nodes(pool, "current") if sight else None,
        target=_nodes(pool, "target") if sight else None,
        nodes=nodes,
        states=dict(Counter(node.state for node in nodes)),
        jobs=[_job(job) for job in look.jobs],
        other_jobs=look.other_jobs,
        queue=queue,
        formula=str(pool.get("autoScaleFormula") or "") or None,
        evaluation=_evaluation(pool),
        errors=_errors(look, sight, is_waited_for=bool(queue)),
        review=list(review_of(pool, spec, interval=sight.interval, now=look.at)) if sight else [],
        next=_next(sight, spec) if sight else None,
        unknown=[UnknownPart(part=each.part, why=each.why) for each in look.unknown],
    )


def _state(look: PoolLook) -> str | None:
    if look.sight is not None:
        return str(look.sight.pool.get("state") or "").lower()
    return None if any(each.part == "pool" for each in look.unknown) else "absent"


def _queue(look: PoolLook) -> int | None:
    if look.unknown or any(job.counts is None for job in look.jobs):
        return None
    return sum(job.counts[0] for job in look.jobs if job.counts)


def _nodes(pool: Mapping[str, Any], when: str) -> Nodes:
    counts = {
        name: int(pool.get(f"{when}{kind}Nodes") or 0)
        for name, kind in (("dedicated", "Dedicated"), ("spot", "LowPriority"))
    }
    return Nodes(**counts)


def _node(node: Mapping[str, Any]) -> PoolNode:
    return PoolNode(
        id=str(node["id"]),
        state=str(node.get("state") or "").lower(),
        since=datetime_of(node.get("stateTransitionTime")),
        allocated=datetime_of(node.get("allocationTime")),
        is_spot=not node.get("isDedicated", True),
        running=int(node.get("runningTasksCount") or 0),
        errors=[
            unsigned(f"{error.get('code')}: {error.get('message') or 'no details'}")
            for error in node.get("errors") or ()
        ],
    )


def _job(at_work: JobAtWork) -> PoolJob:
    job, counts = at_work.job, at_work.counts
    return PoolJob(
        id=str(job["id"]),
        state=str(job.get("state") or "").lower(),
        created=datetime_of(job.get("creationTime")),
        priority=int(job.get("priority") or 0),
        active=counts[0] if counts else None,
        running=counts[1] if counts else None,
    )


def _evaluation(pool: Mapping[str, Any]) -> EvaluationPart | None:
    found = Evaluation.of(pool)
    if found is None:
        return None
    return EvaluationPart(at=found.at, result=dict(found.results), error=found.error or None)


def _errors(look: PoolLook, sight: PoolSight | None, *, is_waited_for: bool) -> list[str]:
    if sight is None:
        absent = _state(look) == "absent"
        return ["there is no such pool; the next run makes it"] if absent else []
    found = troubles_of(sight.pool, sight.nodes, now=look.at)
    return found or (emptiness_of(sight.pool, sight.nodes) if is_waited_for else [])


def _next(sight: PoolSight, spec: PoolSpec) -> NextPart:
    outlook = Outlook.of(sight, spec.policy)
    floor = outlook.floor
    return NextPart(
        evaluation_at=outlook.evaluation_at,
        floor=FloorPart(nodes=floor.nodes, until=floor.until) if floor else None,
        sentences=list(outlook.sentences),
    )
