"""Whether an hour can be scored with the readings there are, and which one can if not. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_stack.options import WrongOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring_contract.hour import RunHour


def check_hour(hour: RunHour, hours: Sequence[RunHour]) -> None:
    """Refuse an hour without readings, or without readings before it to train a model on.

    :param hours: all with readings, in order, never empty
    :raises WrongOption: naming the nearest hour that can be scored, if there is one
    """
    later = hours[1:]
    if not later:
        reason = "a model for an hour is trained on hours before it, and there are none"
        raise WrongOption(f"all readings are of {hours[0]}: {reason}")
    nearest = min(later, key=lambda other: abs(other.start - hour.start))
    if hour <= hours[0]:
        reason = f"the readings begin in {hours[0]}: there is nothing before {hour} to train a model on"
        raise WrongOption(f"{reason}; try HOUR={nearest}")
    if hour not in set(hours):
        raise WrongOption(f"{no_readings(hour, hours)}; try HOUR={nearest}")


def no_readings(hour: RunHour, hours: Sequence[RunHour]) -> str:
    """Say that an hour has no readings, and which have."""
    return f"no readings in {hour}; they reach from {hours[0]} to {hours[-1]}"
