"""The sensors of the fleet, a column for each fact that registry and alert history know of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor_scoring.alerts.conditions import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoring_contract.hour import RunHour
    from scoring_contract.messages.registry import Registry
    from sensor_scoring.alerts.anomaly_rate import SpikeRule
    from sensor_scoring.alerts.history import AlertHistory


def registered(registry: Registry) -> dict[str, list[Any]]:
    """Return ids, in order, devices, tags and model versions."""
    sensors = sorted(registry.sensors)
    entries = [registry.sensors[sensor] for sensor in sensors]
    return {
        "sensors": sensors,
        "device": [entry.device for entry in entries],
        "tag": [entry.tag for entry in entries],
        "version": [entry.current for entry in entries],
        "trained_at": [_moment(entry.versions[entry.current].trained_until) for entry in entries],
    }


def remembered(sensors: Iterable[str], history: AlertHistory, rule: SpikeRule | None) -> dict[str, list[Any]]:
    """Return what rates of anomalies are usual, and who has a spike.

    :param rule: says how long a past has to be to show what is usual; None if nothing does
    """
    return {
        "baseline": [rule.baseline(history.rates.get(sensor, ())) if rule else None for sensor in sensors],
        "spiking": sorted(sensor for kind, sensor in history.conditions if kind is Kind.SPIKE),
    }


def _moment(hour: RunHour | None) -> str | None:
    return hour.start.strftime("%Y-%m-%dT%H:%M:%SZ") if hour else None
