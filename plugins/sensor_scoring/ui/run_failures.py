"""The sensors of a run that failed, or whose Batch task did, and the Batch tasks that say why. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sensor_scoring.azure_batch import ids
from sensor_scoring.hourly.outcome.summary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scoring_contract.messages.report import Report
    from sensor_scoring.azure_batch.task_span import TaskSpan
    from sensor_scoring.hourly.outcome.summary import Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A sensor that failed or, before the run is summed up, a group whose Batch task did."""

    sensor: str = ""
    """Empty for a group of several of which no report says who failed."""
    group: str = ""
    sensor_count: int = 0
    reason: str = ""
    job: str = ""
    batch_task: str = ""
    """The newest of the group; empty if none is known."""


def newest_of_groups(spans: Iterable[TaskSpan]) -> dict[str, TaskSpan]:
    """Return the newest Batch task of each group, by the group's key; it replaces those before."""
    newest: dict[str, tuple[tuple[int, int], TaskSpan]] = {}
    for span in spans:
        attempt = ids.AttemptId.parse(span.id)
        if attempt is not None:
            age = (attempt.epoch, attempt.attempt)
            if attempt.key not in newest or newest[attempt.key][0] < age:
                newest[attempt.key] = (age, span)
    return {key: span for key, (_, span) in newest.items()}


def failures_in_summary(
    summary: Summary, groups: Mapping[str, tuple[str, ...]], spans: Iterable[TaskSpan]
) -> Iterator[Failure]:
    """Yield the sensors that failed, in the words of the summary."""
    newest = newest_of_groups(spans)
    group_of = {sensor: group for group, sensors in groups.items() for sensor in sensors}
    for line in summary.having(Outcome.FAILED):
        group = group_of.get(line.sensor, "")
        span = newest.get(ids.group_key(group)) if group else None
        yield Failure(
            sensor=line.sensor,
            group=group,
            sensor_count=1,
            reason=line.reason,
            job=span.job if span else "",
            batch_task=span.id if span else "",
        )


def failures_in_report(failure: Failure, report: Report) -> list[Failure]:
    """Return the sensors that a report calls failed, in its words; the failure itself if it names none."""
    named = [
        replace(failure, sensor=sensor.sensor, sensor_count=1, reason=sensor.reason or failure.reason)
        for sensor in report.failed
    ]
    return named or [failure]


def failures_so_far(groups: Mapping[str, tuple[str, ...]], spans: Iterable[TaskSpan]) -> Iterator[Failure]:
    """Yield the groups whose newest Batch task has failed; Airflow may try them again."""
    for span in newest_of_groups(spans).values():
        if span.is_failure:
            sensors = groups.get(span.item, ())
            yield Failure(
                sensor=sensors[0] if len(sensors) == 1 else "",
                group=span.item,
                sensor_count=len(sensors),
                reason=span.why,
                job=span.job,
                batch_task=span.id,
            )
