"""The part of a run's trace that a Batch task is: queue, node, the scorer's process and its stages. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from scoring_contract.messages.trace_context import trace_of
from scoring_contract.planned_at import read_planned_at
from sensor_scoring.telemetry.spans import Event, Span, span_id, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from scoring_contract.messages.report import Report
    from sensor_scoring.azure_batch.task_span import TaskSpan
    from sensor_scoring.telemetry.spans import Value

_MOST_EVENTS = 20
"""Failed sensors that a Batch task names."""
_MOST_STAGES = 20
_LONGEST = 1000
"""Characters of a reason."""
_WRONG_CLOCK = timedelta(days=1)
_SLACK = timedelta(minutes=1)
"""By how much a process may outlast its Batch task, whose times are coarser."""


def task_span_id(trace: str, task: TaskSpan) -> str:
    """Return the id of a Batch task's span.

    :param trace: its trace's id
    """
    return span_id(trace, "batch task", task.job, task.id)


def spans_of_task(trace: str, task: TaskSpan, report: Report | None, *, parent: str) -> Iterator[Span]:
    """Yield a Batch task and its parts; nothing of one whose beginning or end is not known.

    :param trace: the trace's id
    :param report: what it has reported; None if it has not
    :param parent: id of the span that it is a part of
    """
    if task.created is None or task.ended is None:
        return
    attributes: dict[str, Value] = {
        "azure.batch.job.id": task.job,
        "azure.batch.task.id": task.id,
        "azure.batch.node.id": task.node,
        "azure.batch.requeues": task.requeues,
        "sensor_scoring.group": task.item,
    }
    if task.exit_code is not None:
        attributes["azure.batch.exit_code"] = task.exit_code
    whole = Span(
        id=task_span_id(trace, task),
        parent=parent,
        name="Batch task",
        start=task.created,
        end=max(task.created, task.ended),
        attributes=attributes,
        failure=task.why,
    )
    yield whole
    if task.waited and task.waited.end:
        yield _part(trace, whole, "queue", task.waited.start, task.waited.end)
    if task.ran and task.ran.end:
        node = _part(trace, whole, "node", task.ran.start, task.ran.end)
        yield node
        if report is not None:
            yield from _process(trace, node, report)


def _process(trace: str, node: Span, report: Report) -> Iterator[Span]:
    """Yield the process of the scorer and its stages, from what it has reported of this trace."""
    started = read_planned_at(report.started_at)
    if started is None or trace_of(report.traceparent) != trace:
        return
    # A report is another program's word: what cannot be is not drawn.
    longest = (node.duration + _SLACK).total_seconds()
    if abs(started - node.start) > _WRONG_CLOCK or report.seconds > longest:
        return
    ended = started + timedelta(seconds=report.seconds)
    shift = within(started, ended, around=node)
    process = Span(
        id=span_id(trace, node.id, "scorer"),
        parent=node.id,
        name="scorer",
        start=started + shift,
        end=ended + shift,
        attributes={
            "sensor_scoring.sensors": len(report.sensors),
            "sensor_scoring.moved_seconds": shift.total_seconds(),
        },
        failure=f"{len(report.failed)} of {len(report.sensors)} sensors failed" if report.failed else "",
        events=tuple(_failed_sensors(report, ended + shift)),
    )
    yield process
    yield from _stages(trace, process, report)


def _stages(trace: str, process: Span, report: Report) -> Iterator[Span]:
    known = {stage.name: stage for stage in report.stages if stage.end <= report.seconds}
    for stage in list(known.values())[:_MOST_STAGES]:
        start, end = (process.start + timedelta(seconds=each) for each in (stage.start, stage.end))
        threads: dict[str, Value] = {"sensor_scoring.thread_seconds": round(stage.seconds, 6)}
        yield _part(trace, process, stage.name, start, end, attributes=threads)


def _part(
    trace: str,
    of: Span,
    name: str,
    start: datetime,
    end: datetime,
    *,
    attributes: Mapping[str, Value] | None = None,
) -> Span:
    return Span(
        id=span_id(trace, of.id, name),
        parent=of.id,
        name=name,
        start=start,
        end=max(start, end),
        attributes=attributes or {},
    )


def _failed_sensors(report: Report, at: datetime) -> Iterator[Event]:
    for sensor in report.failed[:_MOST_EVENTS]:
        said: Mapping[str, Value] = {
            "sensor_scoring.sensor": sensor.sensor,
            "sensor_scoring.cause": str(sensor.cause or ""),
            "sensor_scoring.reason": sensor.reason[:_LONGEST],
        }
        yield Event("sensor failed", at, said)
