"""The predictions of one sensor in one hour, a column for each fact. Pure."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from scoring_contract.predictions import COLUMNS
from scoring_contract.sensor_names import sensor_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NOT_FEATURES = tuple(name for name in COLUMNS if name != "Value")
_MICROSECONDS = 1000


class PredictionsUnreadable(ValueError):
    """Predictions are not what the scorer writes; the text completes "the predictions ..."."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose rows are looked for.

    :param sensor: id of the sensor
    :param pair: its device and tag in the registry; None for a sensor that is not there
    """

    sensor: str
    pair: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class PredictedHour:
    """Readings with their predictions, sorted by time; all columns have the same length."""

    pair: tuple[str, str]
    """Device and tag."""
    features: tuple[str, ...]
    micros: array[int]
    """Timestamps in microseconds since 1970."""
    values: tuple[array[float], ...]
    """A column for each feature."""
    anomalies: bytes
    """1 for an anomaly, else 0."""
    scores: array[float]

    def __len__(self) -> int:
        return len(self.micros)

    @property
    def millis(self) -> Iterable[int]:
        """Timestamps in milliseconds since 1970; digits below are cut off."""
        return (micros // _MICROSECONDS for micros in self.micros)

    def flagged(self, first: int, last: int) -> list[int]:
        """Return the timestamps of anomalies in a span, in microseconds since 1970.

        :param first: milliseconds since 1970
        :param last: likewise; belongs to the span
        """
        return [
            micros
            for micros, is_anomaly in zip(self.micros, self.anomalies, strict=True)
            if is_anomaly and first <= micros // _MICROSECONDS <= last
        ]


def features_among(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a prediction file that are features, in order.

    :raises PredictionsUnreadable: unless they are the columns of predictions
    """
    missing = [name for name in _NOT_FEATURES if name not in columns]
    features = tuple(name for name in columns if name not in _NOT_FEATURES)
    if missing or not features or len(set(columns)) != len(columns):
        raise PredictionsUnreadable(f"have the columns {', '.join(columns)[:200]!r}")
    return features


def pair_among(pairs: Iterable[tuple[str, str]], owner: Owner) -> tuple[str, str]:
    """Return the one device and tag of rows.

    :raises PredictionsUnreadable: if there is none, or another sensor's
    """
    found = set(pairs)
    if len(found) != 1:
        raise PredictionsUnreadable(f"have {'rows of several sensors' if found else 'no row of the sensor'}")
    (pair,) = found
    if sensor_named(*pair) != owner.sensor:
        raise PredictionsUnreadable(f"are of device {pair[0][:100]!r} and tag {pair[1][:100]!r}")
    return pair


def predicted_hour(
    pair: tuple[str, str],
    features: tuple[str, ...],
    *,
    micros: Iterable[int],
    values: Iterable[Iterable[float]],
    anomalies: Iterable[int],
    scores: Iterable[float],
) -> PredictedHour:
    """Put columns together, sorted by time; rows with equal timestamps keep their order.

    :raises PredictionsUnreadable: if something is no number, or an anomaly neither 0 nor 1
    """
    try:
        hour = PredictedHour(
            pair,
            features,
            array("q", micros),
            tuple(array("d", column) for column in values),
            bytes(anomalies),
            array("d", scores),
        )
    except (ValueError, TypeError, OverflowError) as error:
        raise PredictionsUnreadable(f"have a row that cannot be read: {error}") from error
    if hour.anomalies.translate(None, b"\0\1"):
        raise PredictionsUnreadable("have a prediction that is neither 0 nor 1")
    if any(later < earlier for earlier, later in pairwise(hour.micros)):
        return _sorted(hour)
    return hour


def _sorted(hour: PredictedHour) -> PredictedHour:
    order = sorted(range(len(hour)), key=hour.micros.__getitem__)
    return PredictedHour(
        hour.pair,
        hour.features,
        array("q", map(hour.micros.__getitem__, order)),
        tuple(array("d", map(column.__getitem__, order)) for column in hour.values),
        bytes(map(hour.anomalies.__getitem__, order)),
        array("d", map(hour.scores.__getitem__, order)),
    )
