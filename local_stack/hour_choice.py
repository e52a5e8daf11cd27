"""Checks that the available readings suffice to score an hour, or suggests another hour. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_stack.options import WrongOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring_contract.hour import RunHour


def check_hour(hour: RunHour, hours: Sequence[RunHour]) -> None:
    """Refuse an hour without readings, or without readings before it to train a model on.

    :param hours: all hours with readings, in order, at least one
    :raises WrongOption: suggesting the nearest hour that can be scored, if there is one
    """
    later = hours[1:]
    if not later:
        reason = "training needs readings of earlier hours"
        raise WrongOption(f"all readings are of {hours[0]}: {reason}")
    nearest = min(later, key=lambda other: abs(other.start - hour.start))
    if hour <= hours[0]:
        reason = f"the readings start in {hours[0]}: there are none before {hour} to train on"
        raise WrongOption(f"{reason}; try HOUR={nearest}")
    if hour not in set(hours):
        raise WrongOption(f"{no_readings(hour, hours)}; try HOUR={nearest}")


def no_readings(hour: RunHour, hours: Sequence[RunHour]) -> str:
    """Return a sentence about an hour without readings, with the range of hours that have some."""
    return f"no readings in {hour}; they range from {hours[0]} to {hours[-1]}"
