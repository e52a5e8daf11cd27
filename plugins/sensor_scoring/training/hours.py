"""Which hours a run trains on and which it judges by: the one place that decides it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scoring_contract.hour import RunHour
from scoring_contract.messages.training import TrainingHours, hours_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sensor_scoring.settings import Settings


def training_hours(params: Mapping[str, Any], *, now: datetime, settings: Settings) -> TrainingHours:
    """Return the hours of a run.

    What a person gave counts; the rest follows from it. With nothing given, the last hours whose readings
    are complete are for judging, and those before them for training.

    :param params: ``from``, ``until``, ``evaluate_from`` and ``evaluate_until``, each an hour or nothing; the
        ends are the first hours that are not used any more
    :param now: timezone-aware; used only when no end of a range is given
    :raises LayoutError: if a text is no hour, or the ranges cannot be meant
    """
    given = {name: RunHour.read(str(text)) for name in _NAMES if (text := params.get(name))}
    judged_for = settings.training.train_evaluation_hours
    until = given.get("until") or given.get("evaluate_from")
    if until is None:
        complete = RunHour.containing(now - timedelta(minutes=settings.hourly.lateness_minutes))
        until = hours_after(given.get("evaluate_until", complete), -judged_for)
    evaluated_from = given.get("evaluate_from", until)
    return TrainingHours(
        trained_from=given.get("from") or hours_after(until, -settings.training.train_hours),
        trained_until=until,
        evaluated_from=evaluated_from,
        evaluated_until=given.get("evaluate_until") or hours_after(evaluated_from, judged_for),
    )


_NAMES = ("from", "until", "evaluate_from", "evaluate_until")
