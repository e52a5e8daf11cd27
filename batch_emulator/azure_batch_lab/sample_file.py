"""Samples in files: rows of variable, time and value, as CSV or JSON.

A row without a time is what the variable is when it is read bare: a number of the moment, such as
``$TaskSlotsPerNode`` or ``$CurrentDedicatedNodes``, or the pool's present ``$TargetDedicatedNodes``.
"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.autoscale import SampleSeries, Surroundings
from azure_batch_emulator.autoscale.names import (
    ALIASES,
    FULL_NAMES,
    OLD_NAMES,
    READABLE_BARE,
    SAMPLED,
    TARGET_DEDICATED,
    TARGET_LOW_PRIORITY,
)
from azure_batch_emulator.autoscale.samples import LAG
from azure_batch_emulator.moments import parse_moment
from azure_batch_lab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

_LARGEST_TARGET = 2**31 - 1


@dataclass(frozen=True, slots=True)
class SampleFile:
    """What was measured on a pool."""

    samples: dict[str, tuple[tuple[datetime, float], ...]]
    """By variable, oldest first."""
    numbers: dict[str, float]
    """What variables are when they are read bare."""

    @classmethod
    def parse(cls, text: str) -> SampleFile:
        """Read a file: a JSON list of objects, or CSV with a head, of ``variable``, ``time``, ``value``.

        :raises BadInput: naming the row that cannot be read
        """
        samples: dict[str, dict[datetime, float]] = {}
        numbers: dict[str, float] = {}
        for number, row in enumerate(_rows(text), 1):
            variable, moment, value = _row(number, row)
            if moment is None:
                numbers[variable] = value
            else:
                samples.setdefault(variable, {})[moment] = value
        return cls({name: tuple(sorted(series.items())) for name, series in samples.items()}, numbers)

    def earliest_complete(self, lag: timedelta = LAG) -> datetime | None:
        """Tell when the newest sample can be seen; None if there is none.

        :param lag: how late it is seen
        """
        newest = max((series[-1][0] for series in self.samples.values()), default=None)
        return None if newest is None else newest + lag

    def surroundings(self, now: datetime, *, lag: timedelta = LAG) -> Surroundings:
        """Make them what a formula sees at a moment.

        :param lag: how late samples are seen
        """
        return Surroundings(
            now=now,
            samples={name: SampleSeries(series, lag=lag) for name, series in self.samples.items()},
            numbers={name: value for name, value in self.numbers.items() if name in READABLE_BARE},
            target_dedicated=int(self.numbers.get(TARGET_DEDICATED, 0)),
            target_low_priority=int(self.numbers.get(TARGET_LOW_PRIORITY, 0)),
        )


def _rows(text: str) -> Iterable[Any]:
    if text.lstrip()[:1] in {"[", "{"}:
        try:
            rows = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise BadInput(f"the samples are not JSON: {problem}") from None
        if not isinstance(rows, list):
            raise BadInput("the samples are not a list of rows")
        return rows
    try:
        return list(csv.DictReader(io.StringIO(text), skipinitialspace=True))
    except csv.Error as problem:
        raise BadInput(f"the samples are not CSV: {problem}") from None


def _row(number: int, row: Any) -> tuple[str, datetime | None, float]:
    try:
        time = str(row.get("time") or "").strip()
        name, value = str(row["variable"]).strip(), float(row["value"])
        moment = parse_moment(time) if time else None
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as problem:
        raise BadInput(f"row {number} of the samples: {type(problem).__name__}: {problem}") from None
    name = OLD_NAMES.get(name) or FULL_NAMES.get(name, name)
    if name not in (SAMPLED if moment else READABLE_BARE | {*ALIASES}):
        raise BadInput(f"row {number} of the samples: {name} has no {'samples' if moment else 'number'}")
    largest = _LARGEST_TARGET if name in ALIASES else math.inf
    if not math.isfinite(value) or (name in ALIASES and not 0 <= value <= largest):
        raise BadInput(f"row {number} of the samples: {value} cannot be the value of {name}")
    return name, moment, value
