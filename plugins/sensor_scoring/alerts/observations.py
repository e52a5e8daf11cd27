"""Conditions that a run shows, read from its summary. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract import layout
from sensor_scoring.alerts.anomaly_rate import AnomalyRate
from sensor_scoring.alerts.conditions import Condition, Kind, Observation, cause_key
from sensor_scoring.hourly.outcome.summary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scoring_contract.hour import RunHour
    from sensor_scoring.alerts.anomaly_rate import SpikeRule
    from sensor_scoring.alerts.conditions import Place
    from sensor_scoring.hourly.outcome.summary import Summary

_OF_SENSORS = frozenset({Kind.FAILED, Kind.SILENT, Kind.UNMODELLED, Kind.SPIKE})
_ENDS_ELSEWHERE = frozenset({Kind.LATE, Kind.SPIKE, Kind.STUCK})


def observation_of(summary: Summary, *, late: str = "", rule: SpikeRule | None = None) -> Observation:
    """Return what the summary of a run shows.

    A sensor's condition ends when the sensor is scored (failed) or sends data (silent). Any other condition
    ends when the run does not have it.

    :param late: why the run counts as late; empty if it does not
    :param rule: when an anomaly rate is a spike; none if spikes raise no alert
    """
    outcomes = {line.sensor: line.outcome for line in summary.sensors}

    def is_over(place: Place) -> bool:
        kind, name = place
        if kind is Kind.FAILED:
            return outcomes.get(name) is Outcome.SCORED
        if kind is Kind.SILENT:
            return outcomes.get(name) in {Outcome.SCORED, Outcome.FAILED}
        return kind not in _ENDS_ELSEWHERE

    def is_gone(place: Place) -> bool:
        return place[0] in _OF_SENSORS and place[1] not in outcomes

    conditions = (*_conditions(summary), *_late(summary.dag_run_id, late))
    return Observation(
        hour=summary.hour,
        conditions=conditions,
        is_over=is_over,
        is_gone=is_gone,
        rates=_rates(summary),
        rule=rule,
    )


def observation_without_summary(hour: RunHour, failed_steps: Mapping[str, str]) -> Observation:
    """Return what a run without a summary shows: the steps that failed, and the end of nothing."""
    steps = tuple(Condition(Kind.STEP, name, reason) for name, reason in failed_steps.items())
    return _wrong(hour, steps or (Condition(Kind.STEP, "summarise"),))


def observation_of_late_run(
    hour: RunHour, dag_run_id: str, late: str, pool_trouble: Iterable[str]
) -> Observation:
    """Return what an unfinished run shows: why it is late, and pool problems."""
    return _wrong(hour, (*_late(dag_run_id, late), *_pool(pool_trouble)))


def _wrong(hour: RunHour, conditions: tuple[Condition, ...]) -> Observation:
    """Return conditions that show the end of nothing."""
    return Observation(
        hour=hour,
        conditions=conditions,
        is_over=lambda _place: False,
        is_gone=lambda _place: False,
        is_complete=False,
    )


def _rates(summary: Summary) -> dict[str, AnomalyRate]:
    return {
        line.sensor: AnomalyRate(line.anomalies, line.readings)
        for line in summary.having(Outcome.SCORED)
        if line.readings
    }


def _late(dag_run_id: str, late: str) -> Iterator[Condition]:
    if late:
        yield Condition(Kind.LATE, dag_run_id, late)


def _pool(troubles: Iterable[str]) -> Iterator[Condition]:
    # By cause: two nodes that are unusable for one reason are one piece of news.
    yield from {
        name: Condition(Kind.POOL, name, trouble) for trouble in troubles for name in [cause_key(trouble)]
    }.values()


def _conditions(summary: Summary) -> Iterator[Condition]:
    yield from (Condition(Kind.STEP, step, reason) for step, reason in summary.failed_steps.items())
    for line in summary.sensors:
        if line.outcome is Outcome.FAILED and not _is_of_a_step(line.reason, summary):
            yield Condition(Kind.FAILED, line.sensor, line.reason)
        elif line.outcome is Outcome.SILENT:
            yield Condition(Kind.SILENT, line.sensor)
        elif line.outcome is Outcome.UNMODELLED:
            yield Condition(Kind.UNMODELLED, line.sensor)
    yield from (Condition(Kind.PACK, pack) for pack in summary.unknown_packs)
    if summary.unclaimed:
        yield Condition(Kind.UNCLAIMED, "readings", _unclaimed(summary))
    yield from _pool(summary.pool_trouble)


def _unclaimed(summary: Summary) -> str:
    named = ", ".join(summary.unclaimed_named)
    more = summary.unclaimed - len(summary.unclaimed_named)
    return (
        f"{named}{f' and {more} more' if more else ''}: no sensor's folder, which would be "
        f"{layout.readings_folder(summary.hour)}<sensor id>/<file>"
    )


def _is_of_a_step(reason: str, summary: Summary) -> bool:
    # No sensor is to blame, and thousands of them would be news, and news again when they are scored.
    return bool(summary.failed_steps) and reason == summary.unsaid
