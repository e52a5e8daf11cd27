"""What there is to do: tasks that arrive in every hour, or whatever the period is. No clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from azure_batch_lab.errors import BadInput
from azure_batch_lab.simulation.durations import Durations
from azure_batch_lab.spans import parse_span

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_TASKS = 5_000_000
_MOST_ROUNDS = 100_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """Tasks that come at one moment."""

    round: int
    """Which hour they belong to; from 0."""
    at: timedelta
    """Since the beginning of the first hour."""
    seconds: tuple[float, ...]
    """How long each task takes."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Tasks that come again in every hour."""

    tasks: int
    at: timedelta
    """Since the beginning of the hour."""
    durations: Durations
    rounds: frozenset[int] | None = None
    """Hours in which they come; None for all."""

    def __post_init__(self) -> None:
        if self.tasks < 0 or self.at < timedelta():
            raise BadInput("tasks and the moment they come at are not negative")


@dataclass(frozen=True, slots=True)
class Workload:
    """All tasks of a simulation, drawn once, so that every policy meets the same."""

    arrivals: tuple[Arrival, ...]
    """In the order of time."""
    every: timedelta
    """The period: an hour, as a rule."""
    length: timedelta
    """How long is measured: a whole number of periods."""

    @property
    def tasks(self) -> int:
        """Count the tasks."""
        return sum(len(arrival.seconds) for arrival in self.arrivals)

    @property
    def rounds(self) -> int:
        """Count the periods."""
        return self.length // self.every

    @classmethod
    def drawn(
        cls, patterns: Iterable[Pattern], *, every: timedelta, length: timedelta, seed: int
    ) -> Workload:
        """Draw how long every task takes.

        :raises BadInput: if the period does not fit the length, or there is too much to do
        """
        if every <= timedelta() or length < every or length % every or length // every > _MOST_ROUNDS:
            raise BadInput("the length must be a whole number of periods, from 1 to 100,000")
        chosen, count = list(patterns), length // every
        if sum(pattern.tasks for pattern in chosen) * count > MOST_TASKS:
            raise BadInput(f"more than {MOST_TASKS:,} tasks")
        random = Random(f"workload {seed}")
        arrivals = [
            Arrival(
                number,
                number * every + one.at,
                tuple(one.durations.draw(random) for _ in range(one.tasks)),
            )
            for number in range(count)
            for one in chosen
            if one.tasks and (one.rounds is None or number in one.rounds)
        ]
        return cls(tuple(sorted(arrivals, key=lambda arrival: arrival.at)), every, length)

    @classmethod
    def parse(cls, text: str, *, seed: int) -> Workload:
        """Read a workload written as JSON.

        ``{"every": "60m", "length": "24h", "arrivals": [{"tasks": 1000, "at": "2m",
        "duration": "lognormal(120s, 0.4)", "hours": [0, 1]}]}``; without ``hours`` they come in every hour.

        :raises BadInput: if it is no such thing
        """
        try:
            document = json.loads(text)
            patterns = [_pattern(entry) for entry in document["arrivals"]]
            every, length = (
                parse_span(str(document.get("every", "60m"))),
                parse_span(str(document.get("length", "24h"))),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            raise BadInput(f"the workload cannot be read: {type(problem).__name__}: {problem}") from None
        return cls.drawn(patterns, every=every, length=length, seed=seed)


def _pattern(entry: dict[str, Any]) -> Pattern:
    hours = entry.get("hours")
    return Pattern(
        int(entry["tasks"]),
        parse_span(str(entry.get("at", "0s"))),
        Durations.parse(str(entry["duration"])),
        None if hours is None else frozenset(map(int, hours)),
    )
