"""The metrics of a run. Pure: what is not known has no value, and never a 0 in its place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensor_scoring.hourly.outcome.summary import Outcome
from sensor_scoring.service_times import datetime_of
from sensor_scoring.telemetry import metrics
from sensor_scoring.telemetry.metrics import Attribute, Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sensor_scoring.azure_batch.task_span import TaskSpan
    from sensor_scoring.hourly.outcome.run_facts import RunFacts
    from sensor_scoring.telemetry.metrics import Metric

_QUANTILES = (0.5, 0.95)
_MINUTE_SECONDS = 60


def points_of(facts: RunFacts) -> list[Point]:
    """Return the values of a run's metrics."""
    return [*_outcomes(facts), *_durations(facts), *_use(facts)]


def _outcomes(facts: RunFacts) -> Iterator[Point]:
    counts, totals = facts.summary.counts(), facts.summary.totals()
    for outcome, count in counts.items():
        yield _point(metrics.SENSORS, count, facts, {Attribute.OUTCOME: outcome})
    yield _point(metrics.READINGS, totals["readings"], facts)
    yield _point(metrics.REJECTED, totals["rejected"], facts)
    yield _point(metrics.ANOMALIES, totals["anomalies"], facts)
    yield _point(metrics.FAILED_STEPS, len(facts.summary.failed_steps), facts)


def _durations(facts: RunFacts) -> Iterator[Point]:
    whole = (facts.ended - facts.started).total_seconds()
    yield _point(metrics.RUN_SECONDS, whole, facts)
    if facts.late_minutes:
        yield _point(metrics.LATENESS, whole - facts.late_minutes * _MINUTE_SECONDS, facts)
    scored = [line.seconds for line in facts.summary.having(Outcome.SCORED)]
    yield from _quantiles(metrics.SENSOR_SECONDS, scored, facts)
    yield from _quantiles(metrics.QUEUE_SECONDS, _waits(facts.tasks), facts)
    yield from _quantiles(metrics.BOOT_SECONDS, _boots(facts), facts)


def _use(facts: RunFacts) -> Iterator[Point]:
    use = facts.summary.pool
    if use is None:
        return
    yield _point(metrics.NODE_TIME, use.node_hours, facts, {Attribute.NODE_KIND: "dedicated"})
    yield _point(metrics.NODE_TIME, use.spot_node_hours, facts, {Attribute.NODE_KIND: "spot"})
    if use.cost is not None:
        yield _point(metrics.COST, use.cost, facts)


def _waits(tasks: Iterable[TaskSpan]) -> list[float]:
    """Return how long Batch tasks waited, in seconds; one that nobody began has waited for nothing yet."""
    waits = (task.waited for task in tasks if task.started)
    return [(wait.end - wait.start).total_seconds() for wait in waits if wait and wait.end]


def _boots(facts: RunFacts) -> list[float]:
    """Return how long nodes took from allocation to work that waited for them by then, in seconds."""
    first: dict[str, tuple[datetime, datetime]] = {}
    for task in facts.tasks:
        if task.node and task.started and task.waited:
            began = task.started, task.waited.start
            first[task.node] = min(began, first.get(task.node, began))
    allocated = ((str(node["id"]), datetime_of(node.get("allocationTime"))) for node in facts.nodes)
    return [
        (first[node][0] - since).total_seconds()
        for node, since in allocated
        if since and node in first and first[node][1] <= since <= first[node][0]
    ]


def _quantiles(metric: Metric, values: list[float], facts: RunFacts) -> Iterator[Point]:
    if values:
        ranked = sorted(values)
        for share in _QUANTILES:
            # The nearest rank: a value that there was, also of few.
            value = ranked[math.ceil(share * len(ranked)) - 1]
            yield _point(metric, value, facts, {Attribute.QUANTILE: f"{share:g}"})


def _point(
    metric: Metric, value: float, facts: RunFacts, attributes: dict[Attribute, str] | None = None
) -> Point:
    common = {Attribute.POOL: facts.pool_id, Attribute.RUN_TYPE: facts.type}
    return Point(metric, value, {**common, **(attributes or {})})
