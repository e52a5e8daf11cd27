"""What a run saw, out of its summary. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract import layout
from sensor_scoring.alerts.anomaly_rate import Share
from sensor_scoring.alerts.conditions import Condition, Kind, Observed, cause_key
from sensor_scoring.hourly.outcome.summary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scoring_contract.hour import RunHour
    from sensor_scoring.alerts.anomaly_rate import JumpRule
    from sensor_scoring.alerts.conditions import Place
    from sensor_scoring.hourly.outcome.summary import Summary

_OF_SENSORS = frozenset({Kind.FAILED, Kind.SILENT, Kind.UNMODELLED, Kind.JUMP})
_ENDS_ELSEWHERE = frozenset({Kind.LATE, Kind.JUMP})


def seen_in(summary: Summary, *, late: str = "", rule: JumpRule | None = None) -> Observed:
    """Return what a run with a summary saw.

    Its sensors show the end of their own conditions: a failed one must be scored, a silent one must have
    sent something. What else is not wrong in the run is over.

    :param late: why the run counts as late; empty if it does not
    :param rule: when a sensor's share of anomalies jumps; none if nobody wants to know
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
    return Observed(
        hour=summary.hour,
        conditions=conditions,
        is_over=is_over,
        is_gone=is_gone,
        shares=_shares(summary),
        rule=rule,
    )


def seen_without_summary(hour: RunHour, failed_steps: Mapping[str, str]) -> Observed:
    """Return what a run saw that came to no summary: the steps that failed, and no end of anything."""
    steps = tuple(Condition(Kind.STEP, name, reason) for name, reason in failed_steps.items())
    return _wrong(hour, steps or (Condition(Kind.STEP, "summarise"),))


def seen_late(hour: RunHour, dag_run_id: str, late: str, pool_trouble: Iterable[str]) -> Observed:
    """Return what is seen of a run that still goes on: why it is late, and its pool."""
    return _wrong(hour, (*_late(dag_run_id, late), *_pool(pool_trouble)))


def _wrong(hour: RunHour, conditions: tuple[Condition, ...]) -> Observed:
    """Return conditions that show the end of nothing."""
    return Observed(
        hour=hour,
        conditions=conditions,
        is_over=lambda _place: False,
        is_gone=lambda _place: False,
        is_whole=False,
    )


def _shares(summary: Summary) -> dict[str, Share]:
    return {
        line.sensor: Share(line.anomalies, line.readings)
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
        f"{layout.readings_folder(summary.hour)}<device>_<tag>/<file>"
    )


def _is_of_a_step(reason: str, summary: Summary) -> bool:
    # No sensor is to blame, and thousands of them would be news, and news again when they are scored.
    return bool(summary.failed_steps) and reason == summary.unsaid
