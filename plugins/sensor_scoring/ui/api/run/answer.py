"""How the answer about a run is made of a look at it. Pure."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.pool.evaluation import Evaluation, values_of
from sensor_scoring.azure_batch.pool.health import emptiness_of, troubles_of
from sensor_scoring.azure_batch.pool.load_curve import LoadCurve, nodes_of
from sensor_scoring.service_times import datetime_of
from sensor_scoring.ui.api.run.model import (
    BatchTask,
    FailedSensor,
    Job,
    Node,
    OverTime,
    PoolOfRun,
    RunAnswer,
    SlowSensor,
    UnknownPart,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor_scoring.hourly.outcome.summary import Summary
    from sensor_scoring.ui.run_failures import Failure
    from sensor_scoring.ui.run_look import RunLook

MOST_SLOWEST = 10
"""Sensors that are listed as the slowest."""


def answer_of(look: RunLook) -> RunAnswer:
    """Write the answer."""
    summary, use = look.summary, look.use
    hour = ids.hour_of_run(look.base)
    curve = LoadCurve.of(look.spans)
    return RunAnswer(
        hour=str(hour) if hour else None,
        run=look.base,
        as_of=look.at,
        is_live=look.sight.is_live if look.sight else None,
        colour=summary.colour or None if summary else None,
        counts=summary.counts() if summary else None,
        jobs=list(_jobs(look)),
        tasks=list(_tasks(look)),
        tasks_from="Azure Batch" if look.is_from_batch else "files",
        over_time=OverTime(
            at=list(curve.at),
            waiting=list(curve.waiting),
            running=list(curve.running),
            nodes=list(curve.nodes),
        ),
        nodes=list(_nodes(look)),
        pool=_pool(look),
        node_hours=use.node_hours if use else None,
        spot_node_hours=use.spot_node_hours if use else None,
        cost=use.cost if use else None,
        slowest=list(_slowest(summary, look.groups)) if summary else [],
        failed=[_failed(failure, look) for failure in look.failures],
        failed_count=look.failure_count,
        notes=list(_notes(look)),
        unknown=[UnknownPart(part=each.part, why=each.why) for each in look.unknown],
    )


def _jobs(look: RunLook) -> Iterator[Job]:
    for job in look.sight.jobs if look.sight else ():
        execution: Mapping[str, Any] = job.get("executionInfo") or {}
        spans = [span for span in look.spans if span.job == job["id"]]
        yield Job(
            id=str(job["id"]),
            state=str(job.get("state") or "").lower(),
            created=datetime_of(job.get("creationTime")),
            ended=datetime_of(execution.get("endTime")),
            why_ended=str(execution.get("terminateReason") or ""),
            active=sum(span.state == "active" for span in spans),
            running=sum(span.state in {"preparing", "running"} for span in spans),
            succeeded=sum(span.result == "success" for span in spans),
            failed=sum(span.is_failure for span in spans),
        )


def _tasks(look: RunLook) -> Iterator[BatchTask]:
    index_of = {group: index for index, group in enumerate(look.groups)}
    for span in look.spans:
        attempt = ids.AttemptId.parse(span.id)
        yield BatchTask(
            id=span.id,
            job=span.job,
            group=span.item,
            map_index=index_of.get(span.item),
            attempt=attempt.attempt if attempt else None,
            sensor_count=len(look.groups[span.item]) if span.item in look.groups else None,
            state=span.state,
            result=span.result,
            created=span.created,
            waits_since=span.requeued or span.created,
            started=span.started,
            ended=span.ended,
            node=span.node,
            exit_code=span.exit_code,
            requeues=span.requeues,
            why=span.why,
        )


def _nodes(look: RunLook) -> Iterator[Node]:
    there = {str(node["id"]): node for node in look.pool.nodes} if look.pool else {}
    used = {use.id: use for use in nodes_of(look.spans, now=look.at)}
    for name in [*used, *(name for name in there if name not in used)]:
        use, node = used.get(name), there.get(name, {})
        yield Node(
            id=name,
            state=str(node.get("state") or "").lower(),
            since=datetime_of(node.get("stateTransitionTime")),
            is_spot=not node["isDedicated"] if "isDedicated" in node else None,
            tasks=use.tasks if use else 0,
            running=use.running if use else 0,
            failed=use.failed if use else 0,
            first=use.first if use else None,
            last=use.last if use else None,
            busy_seconds=use.busy_seconds if use else 0.0,
        )


def _pool(look: RunLook) -> PoolOfRun | None:
    if look.pool is not None:
        evaluation = Evaluation.of(look.pool.pool) or Evaluation()
        waits = any(span.state == "active" for span in look.spans)
        troubles = troubles_of(look.pool.pool, look.pool.nodes, now=look.at)
        if waits and not troubles:
            troubles = emptiness_of(look.pool.pool, look.pool.nodes)
        return PoolOfRun(
            id=str(look.pool.pool["id"]),
            at="now",
            formula=str(look.pool.pool.get("autoScaleFormula") or "") or None,
            evaluated_at=evaluation.at,
            result=dict(evaluation.results),
            error=evaluation.error or None,
            troubles=troubles,
        )
    use = look.summary.pool if look.summary else None
    if look.summary is None or use is None:
        return None
    return PoolOfRun(
        id=use.pool_id,
        at="the end of the run",
        formula=None,
        evaluated_at=datetime_of(use.evaluated_at),
        result=values_of(use.evaluation),
        error=use.evaluation_error or None,
        troubles=list(look.summary.pool_trouble),
    )


def _slowest(summary: Summary, groups: Mapping[str, tuple[str, ...]]) -> Iterator[SlowSensor]:
    group_of = {sensor: group for group, sensors in groups.items() for sensor in sensors}
    for line in nlargest(MOST_SLOWEST, summary.sensors, key=lambda line: line.seconds):
        if line.seconds:
            yield SlowSensor(
                sensor=line.sensor,
                group=group_of.get(line.sensor, ""),
                seconds=line.seconds,
                readings=line.readings,
            )


def _failed(failure: Failure, look: RunLook) -> FailedSensor:
    tail = look.tails.get((failure.job, failure.batch_task))
    return FailedSensor(
        sensor=failure.sensor or None,
        group=failure.group,
        sensor_count=failure.sensor_count,
        reason=failure.reason,
        job=failure.job,
        batch_task=failure.batch_task,
        stderr_tail=tail.lines if tail else None,
        stderr_place=tail.place if tail else "",
    )


def _notes(look: RunLook) -> Iterator[str]:
    if look.is_reworked:
        yield "The run works again since it was last summed up; what it makes of that is known at its end."
    if look.is_live and look.pool is None and not any(each.part == "pool" for each in look.unknown):
        yield "The pool of the run's Batch job is gone; the next run makes it."
    if look.sight is not None and not look.sight.jobs:
        yield (
            "Azure Batch has no job of this run (any more): its Batch tasks are known by the files that they "
            "left, so each has an end alone, and no node."
        )
    if not look.has_plan and not any(each.part == "plan" for each in look.unknown):
        yield "The run's plan is gone, so nobody knows which sensors a Batch task was about."
    if any(span.requeues for span in look.spans):
        yield (
            "Some Batch tasks had to wait for a node again. Azure Batch keeps the latest attempt alone, so "
            "what they did before is missing here."
        )
