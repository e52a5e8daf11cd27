"""Constraints of settings and of operators' arguments. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from croniter import croniter

from sensor_scoring.errors import SettingsError

_PRESETS = frozenset({"@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly"})


class Constraint(Protocol):
    """A constraint of a value; its text completes the sentence "it must be"."""

    def allows(self, value: Any) -> bool:
        """Whether a value is allowed."""


@dataclass(frozen=True, slots=True)
class Range:
    """A number between two others, both allowed. Neither NaN nor infinity is in any range."""

    least: float
    most: float

    def allows(self, value: Any) -> bool:
        """Whether a number is in it."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and self.least <= value <= self.most

    def __str__(self) -> str:
        """Return both ends."""
        return f"{self.least:,} to {self.most:,}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def allows(self, value: Any) -> bool:
        """Whether a word is one of them."""
        return value in self.words

    def __str__(self) -> str:
        """Return the words."""
        return f"one of {', '.join(self.words)}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text of a form.

    :param form: regular expression for all of it
    :param meaning: the form in words
    """

    form: str
    meaning: str

    def allows(self, value: Any) -> bool:
        """Whether a text has the form."""
        return re.fullmatch(self.form, value, re.ASCII) is not None

    def __str__(self) -> str:
        """Return the form in words."""
        return self.meaning


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron expression or a preset of Airflow's.

    :param never: the word for no schedule
    """

    never: str = ""

    def allows(self, value: Any) -> bool:
        """Whether Airflow can follow it."""
        return value == self.never or value in _PRESETS or croniter.is_valid(value)

    def __str__(self) -> str:
        """Return what it can be."""
        return f"cron, a preset like @daily, or {self.never or 'empty'}"


POLL_SECONDS = Range(0.05, 3600)
"""Poll interval of a service: never 0, and never so long that polling stops."""
WAIT_SECONDS = Range(0, 86_400)
WALL_CLOCK_SECONDS = Range(1, 7 * 86_400)
"""Limit of a Batch task: the service keeps none for longer than a week by default."""
JOB_WALL_CLOCK_SECONDS = Range(60, 180 * 86_400)
"""Limit of a Batch job: no task of it can live longer than 180 days."""
SLOTS = Range(1, 256)
"""Task slots of a node: the service allows 256."""
LATENESS_MINUTES = Range(0, 1440)


def check(name: str, value: Any, constraint: Constraint) -> None:
    """Raise unless a value is allowed.

    :param name: of the setting or argument, as whoever set it knows it
    :raises SettingsError: with name, value and what is allowed
    """
    if not constraint.allows(value):
        raise SettingsError(f"{name} is {value!r}; it must be {constraint}")
