"""A fleet of any size and what its hours have left, generated. Pure.

Some sensors fail, are silent or have a spike, one is new, two hours are missing and one is red; who and when
follows from numbers, so that a test can tell what it should see.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, SensorEntry, TrainedModel
from scoring_contract.planned_at import planned_at
from scoring_contract.sensor_names import sensor_id_of
from sensor_scoring.alerts.anomaly_rate import AnomalyRate
from sensor_scoring.alerts.conditions import Kind, Lasting
from sensor_scoring.alerts.history import AlertHistory
from sensor_scoring.azure_batch.ids import run_base
from sensor_scoring.azure_batch.pool.usage import PoolUse
from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = "<img src=x onerror=alert(1)>"
"""Device of the last sensor: it must be shown as a text, whatever page shows it."""
UNMODELLED = "new_1"
"""A sensor that sends in the last :data:`NEW_HOURS` and has no model."""
NEW_HOURS = 4
MISSING, RED = (20, 33), 27
"""Hours that have no record, and the one in which a third of the fleet failed: so many before the last."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls some sensors for some hours.

    :param every: one sensor of so many
    :param first: the first one's number
    :param ago: hours before the last one
    """

    every: int
    first: int
    ago: range

    def befalls(self, number: int, ago: int) -> bool:
        """Whether a sensor has it in an hour."""
        return number % self.every == self.first and ago in self.ago


SILENCES = (Trouble(100, 4, range(18)),)
FAILURES = Trouble(150, 7, range(35, 38)), Trouble(3, 0, range(RED, RED + 1))
SPIKES = Trouble(200, 1, range(3)), Trouble(200, 8, range(21, 23))

_TAGS = 10
_SPIKE_RATE = 0.45
_BASELINE_HOURS = 24
_READINGS = 60


@dataclass(frozen=True)
class GeneratedFleet:
    """A fleet and its history.

    :param size: number of sensors with a model
    :param last: its last hour
    :param hours: length of its history
    """

    size: int
    last: RunHour
    hours: int = 48

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Device and tag of each sensor."""
        pairs = [(str(number // _TAGS + 1), str(number % _TAGS + 1)) for number in range(self.size - 1)]
        return [*pairs, (IMAGE, "1")]

    @cached_property
    def sensors(self) -> list[str]:
        """Ids, in the order of the pairs."""
        return [sensor_id_of(*pair) for pair in self.pairs]

    def hour(self, ago: int) -> RunHour:
        """Return the hour so many before the last one."""
        return RunHour(self.last.start - timedelta(hours=ago))

    def outcome(self, number: int, ago: int) -> Outcome:
        """Return how a sensor fared in an hour."""
        for outcome, troubles in ((Outcome.SILENT, SILENCES), (Outcome.FAILED, FAILURES)):
            if any(trouble.befalls(number, ago) for trouble in troubles):
                return outcome
        return Outcome.SCORED

    def has_spike(self, number: int, ago: int) -> bool:
        """Whether a sensor has far more anomalies than usual in an hour."""
        return any(spike.befalls(number, ago) for spike in SPIKES)

    @cached_property
    def _usual(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Usual anomaly rate of each sensor, shape (n_sensors,)."""
        return np.random.default_rng(0).beta(1, 40, self.size)

    def rates(self, ago: int) -> list[AnomalyRate]:
        """Return each sensor's anomalies and readings in an hour, were it scored."""
        random = np.random.default_rng(ago + 1)
        readings = _READINGS - random.binomial(6, 0.1, self.size)
        spikes = np.array([self.has_spike(number, ago) for number in range(self.size)]) * _SPIKE_RATE
        anomalies = random.binomial(readings, np.minimum(self._usual + spikes, 1.0))
        return [AnomalyRate(*each) for each in zip(anomalies.tolist(), readings.tolist(), strict=True)]

    def summary(self, ago: int) -> Summary:
        """Return the outcome of an hour."""
        hour, rates = self.hour(ago), self.rates(ago)
        lines = [
            _line(sensor, self.outcome(number, ago), rate)
            for number, (sensor, rate) in enumerate(zip(self.sensors, rates, strict=True))
        ]
        if ago < NEW_HOURS:
            lines.append(SensorOutcome(sensor=UNMODELLED, outcome=Outcome.UNMODELLED))
        is_whole = all(line.outcome is not Outcome.FAILED for line in lines)
        dag_run = f"scheduled__{hour.end:%Y-%m-%dT%H:%M:%S}+00:00"
        return Summary(
            hour=hour,
            run=run_base("scoring", hour, dag_id=DAG_ID, run_id=dag_run),
            dag_run_id=dag_run,
            sensors=tuple(sorted(lines, key=lambda line: line.sensor)),
            planned_at=planned_at(self.planned(ago)),
            colour="green" if is_whole else "red" if ago == RED else "amber",
            pool=PoolUse(pool_id="sensor-scoring", nodes=2, node_hours=0.2, cost=0.02),
        )

    def planned(self, ago: int) -> datetime:
        """Return when the run of an hour made its plan."""
        return self.hour(ago).end + timedelta(minutes=6)

    def registry(self) -> Registry:
        """Return a model for every sensor; the files do not exist."""
        entries = (_entry(device, tag, number, self.last) for number, (device, tag) in enumerate(self.pairs))
        return Registry(dict(zip(self.sensors, entries, strict=True)))

    def alert_history(self) -> AlertHistory:
        """Return the rates of the last day, and the spikes of the last hour."""
        days = [self.rates(ago) for ago in range(min(self.hours, _BASELINE_HOURS) - 1, -1, -1)]
        spiking = [sensor for number, sensor in enumerate(self.sensors) if self.has_spike(number, 0)]
        return AlertHistory(
            hour=self.last,
            conditions={(Kind.SPIKE, sensor): Lasting("", self.hour(2), self.last) for sensor in spiking},
            rates={
                sensor: tuple(rates[number].thousandths for rates in days)
                for number, sensor in enumerate(self.sensors)
            },
        )

    def records(self) -> Iterator[HourRecord]:
        """Yield the records, oldest first."""
        for ago in range(self.hours - 1, -1, -1):
            if ago not in MISSING:
                yield HourRecord.of(self.summary(ago))


def _line(sensor: str, outcome: Outcome, rate: AnomalyRate) -> SensorOutcome:
    if outcome is not Outcome.SCORED:
        reason = "the model is not the ordered one" if outcome is Outcome.FAILED else ""
        return SensorOutcome(sensor=sensor, outcome=outcome, reason=reason)
    return SensorOutcome(
        sensor=sensor,
        outcome=outcome,
        readings=rate.readings,
        anomalies=rate.anomalies,
        rejected=_READINGS - rate.readings,
        seconds=(rate.anomalies + rate.readings) / 20_000,
    )


def _entry(device: str, tag: str, number: int, last: RunHour) -> SensorEntry:
    until = RunHour(last.start - timedelta(hours=24 * (1 + number % 40)))
    version = f"{until.compact}-{hashlib.sha256(f'{device}/{tag}'.encode()).hexdigest()[:10]}"
    ref = ModelRef(version, layout.model_blob(sensor_id_of(device, tag), version), "00" * 32, "ocsvm-json/2")
    trained = TrainedModel(ref, RunHour(until.start - timedelta(hours=168)), until, 10_080, {})
    return SensorEntry(device, tag, current=version, versions={version: trained})
