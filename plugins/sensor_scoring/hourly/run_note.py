"""Note of a run: its hour, its outcome, and the sensors with most anomalies. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract.sensor_names import display_of
from sensor_scoring.hourly.outcome.summary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoring_contract.hour import RunHour
    from sensor_scoring.hourly.outcome.summary import Summary

LONGEST = 1000
"""Characters that Airflow keeps of a note."""


def note_of(hour: RunHour | None, summary: Summary | None, faults: Sequence[str] = ()) -> str:
    """Write a run's note, like ``2026-11-27T09: 15 scored, 282 anomalies; most: 2_4 (31)``.

    :param hour: None if the run was asked for what is no hour
    :param faults: why the run is red; said where there is no summary
    """
    said = "; ".join(_parts(summary)) if summary else "; ".join(faults) or "no summary"
    return f"{hour or 'no hour'}: {said}"[:LONGEST]


def _parts(summary: Summary) -> Iterator[str]:
    counts = [f"{count} {outcome}" for outcome, count in summary.counts().items() if count]
    anomalies = sum(line.anomalies for line in summary.sensors)
    yield ", ".join([*(counts or ["no sensor"]), f"{anomalies} anomalies"])
    yield from (f"{step} failed" for step in summary.failed_steps)
    kept = sum(not line.readings for line in summary.having(Outcome.SCORED))
    if kept:
        yield f"{kept} by a later run, whose note counts their anomalies"
    most = max(summary.having(Outcome.SCORED), key=lambda line: line.anomalies, default=None)
    if most and most.anomalies:
        yield f"most: {display_of(most.sensor)} ({most.anomalies})"
