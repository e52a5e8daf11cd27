"""The trace of a run: DAG run, steps, Batch tasks, stages of the scorer. Pure.

All of it is made when the run is summed up, with the times at which things happened: those of steps by the
clocks of workers, those of Batch tasks by the service's, those of stages by the node's. A later summary of
the same plan, after a clear, adds to what was told before: spans that were sent are never sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.messages.trace_context import traceparent
from sensor_scoring.azure_batch import ids
from sensor_scoring.hourly.outcome.task_trace import spans_of_task, task_span_id
from sensor_scoring.telemetry.metrics import Attribute
from sensor_scoring.telemetry.spans import Span, Trace, span_id, trace_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from sensor_scoring.azure_batch.task_span import TaskSpan
    from sensor_scoring.hourly.outcome.run_facts import RunFacts
    from sensor_scoring.telemetry.metrics import Point
    from sensor_scoring.telemetry.spans import Value

MOST_TASKS = 500
"""Batch tasks of a trace, the failed ones first, then the longest: more than a default run has."""
_SCORE = "score"


def score_context(run: str, planned_at: str) -> str:
    """Return the trace context for a run's manifests: its parent is the step that scores.

    :param run: base of its Batch ids
    :param planned_at: of its plan
    """
    trace = trace_id(run, planned_at)
    return traceparent(trace, span_id(trace, _SCORE))


def id_of(facts: RunFacts) -> tuple[str, str]:
    """Return the ids of a run's trace and of the span that stands for what this summary sums up."""
    trace = trace_id(facts.plan.run, facts.plan.planned_at)
    return trace, span_id(trace, "run", str(facts.summary.clears))


def trace_of_run(
    facts: RunFacts, points: Sequence[Point], *, root: str = "", told: AbstractSet[str] = frozenset()
) -> Trace:
    """Return the trace.

    :param points: the run's metrics, which its span has as attributes
    :param root: the first span that was sent of this trace; empty if none was
    :param told: ids of the spans of steps and Batch tasks that were sent
    """
    trace, run_span = id_of(facts)
    return Trace(trace, tuple(_Telling(facts, trace, run_span, root or run_span, told).spans(points)))


class _Telling:
    """One telling of a trace, of which a part may have been told."""

    def __init__(self, facts: RunFacts, trace: str, run_span: str, root: str, told: AbstractSet[str]) -> None:
        self._facts = facts
        self._trace = trace
        self._run_span = run_span
        self._root = root
        self._told = told

    def _id(self, *about: str) -> str:
        return span_id(self._trace, *about)

    def spans(self, points: Sequence[Point]) -> Iterator[Span]:
        yield self._run(points)
        tasks, left_out = self._tasks()
        for span in (*self._steps(), *self._batch_steps(tasks, left_out)):
            if span.id not in self._told:
                yield span
        for task in tasks:
            report = self._facts.reports.get((task.job, task.id))
            yield from spans_of_task(self._trace, task, report, parent=self._id(_SCORE))

    def _run(self, points: Sequence[Point]) -> Span:
        facts = self._facts
        attributes: dict[str, Value] = {
            "sensor_scoring.hour": str(facts.summary.hour),
            "sensor_scoring.run.id": facts.summary.run,
            "sensor_scoring.dag_run.id": facts.summary.dag_run_id,
            "sensor_scoring.colour": facts.summary.colour,
            "sensor_scoring.clears": facts.summary.clears,
            str(Attribute.RUN_TYPE): facts.type,
            str(Attribute.POOL): facts.pool_id,
        }
        return Span(
            id=self._run_span,
            parent="" if self._run_span == self._root else self._root,
            name=facts.dag_id,
            start=facts.started,
            end=facts.ended,
            attributes=attributes | {point.flat_name: point.value for point in points},
            failure="; ".join(facts.faults),
            is_request=True,
        )

    def _steps(self) -> Iterator[Span]:
        for step, times in self._facts.steps.items():
            yield Span(
                id=self._id("step", step, times.start.isoformat()),
                parent=self._run_span,
                name=step,
                start=times.start,
                end=max(times.start, times.end),
                failure=times.failure,
            )

    def _tasks(self) -> tuple[list[TaskSpan], int]:
        """Return the Batch tasks to tell of, and how many are left out: too many, or not at their end."""
        untold = [task for task in self._facts.tasks if task_span_id(self._trace, task) not in self._told]
        ended = [task for task in untold if task.created and task.is_ended and task.ended]
        ranked = sorted(ended, key=lambda task: (not task.is_failure, -_seconds_of(task)))
        chosen = {(task.job, task.id) for task in ranked[:MOST_TASKS]}
        tasks = [task for task in ended if (task.job, task.id) in chosen]
        return tasks, len(untold) - len(tasks)

    def _batch_steps(self, tasks: Sequence[TaskSpan], left_out: int) -> Iterator[Span]:
        made = [task.created for task in tasks if task.created]
        if not made:
            return
        if first := _made_by_submit(tasks):
            yield Span(
                id=self._id("submit"),
                parent=self._run_span,
                name="submit",
                start=min(first),
                end=max(first),
            )
        yield Span(
            id=self._id(_SCORE),
            parent=self._run_span,
            name=_SCORE,
            start=min(made),
            end=max(task.ended for task in tasks if task.ended),
            attributes={
                "sensor_scoring.batch_tasks": len(self._facts.tasks),
                "sensor_scoring.batch_tasks.left_out": left_out,
            },
        )


def _seconds_of(task: TaskSpan) -> float:
    return (task.ended - task.created).total_seconds() if task.ended and task.created else 0.0


def _made_by_submit(tasks: Sequence[TaskSpan]) -> list[datetime]:
    """Return when the Batch tasks were made that are the first of their groups."""
    named = [(ids.AttemptId.parse(task.id), task.created) for task in tasks]
    first = min((name.epoch for name, _ in named if name), default=0)
    return [made for name, made in named if name and made and (name.epoch, name.attempt) == (first, 0)]
