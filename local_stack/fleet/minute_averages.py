"""Averages of a minute, as the Stream Analytics query makes them, of simulated readings and their labels."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from statistics import fmean
from typing import TYPE_CHECKING

from ingest.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from ingest.simulator import Label


def averages_of(readings: Iterable[Reading]) -> Iterator[Reading]:
    """Yield the average of each sensor and minute, at the minute's start.

    :param readings: sorted by time
    """
    for minute, of_minute in groupby(readings, key=lambda reading: _minute(reading.moment)):
        values: dict[tuple[str, str], list[float]] = {}
        for reading in of_minute:
            values.setdefault((reading.device, reading.tag), []).append(float(reading.value))
        for (device, tag), found in values.items():
            yield Reading(minute, device, tag, repr(fmean(found)))


def labels_of_averages(labels: Iterable[Label]) -> Iterator[Label]:
    """Yield a label for each average with an anomaly in it.

    :param labels: sorted by time
    """
    seen = set()
    for label in labels:
        minute = replace(label, moment=_minute(label.moment))
        key = minute.moment, label.device, label.tag
        if key not in seen:
            seen.add(key)
            yield minute


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
