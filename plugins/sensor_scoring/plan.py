"""What a run sets out to do: which sensors it scores, in which groups, and which it cannot score. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scoring_contract import layout, reading
from scoring_contract.manifest import Manifest, SensorOrder, hour_at
from sensor_scoring.gate import Expectation
from sensor_scoring.packing import packed, size_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring_contract.hour import RunHour
    from scoring_contract.reading import Node
    from scoring_contract.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run's plan, kept in ``runs`` for all later steps."""

    hour: RunHour
    run: str
    planned_at: str
    """UTC, microseconds, ``Z``; texts of this form sort by time."""
    groups: Mapping[str, tuple[str, ...]]
    """Group to its sensors. The order is that of the mapped task instances."""
    silent: tuple[str, ...]
    """Sensors with a model and without readings in the hour."""
    unmodelled: tuple[str, ...]
    """Sensors with readings and without a model."""

    @property
    def expectation(self) -> Expectation:
        """The predictions that this plan owes."""
        sensors = tuple(sensor for group in self.groups.values() for sensor in group)
        return Expectation(self.hour, self.planned_at, sensors)

    def to_json(self) -> str:
        """Return the plan's text."""
        return reading.render(
            {
                "hour": str(self.hour),
                "run": self.run,
                "planned_at": self.planned_at,
                "groups": {group: list(sensors) for group, sensors in self.groups.items()},
                "silent": list(self.silent),
                "unmodelled": list(self.unmodelled),
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a plan.

        :raises MessageError: naming the place that is wrong
        """
        root = reading.parse("plan", text)
        return cls(
            hour=hour_at(root["hour"]),
            run=root["run"].text(),
            planned_at=root["planned_at"].text(),
            groups={group: _texts(sensors) for group, sensors in root["groups"].items()},
            silent=_texts(root["silent"]),
            unmodelled=_texts(root["unmodelled"]),
        )


def plan_hour(
    registry: Registry,
    readings: Mapping[str, Iterable[str]],
    *,
    hour: RunHour,
    run: str,
    planned_at: str,
    sensors_per_task: int = 0,
) -> tuple[Plan, list[Manifest]]:
    """Compare the fleet with what it sent, and divide what can be scored into groups.

    :param readings: sensor to its reading blobs of the hour
    :param sensors_per_task: size of a group; 0 lets :func:`sensor_scoring.packing.size_for` choose
    :return: the plan, and a manifest for each of its groups in the plan's order
    """
    scored = sorted(sensor for sensor in registry.sensors if sensor in readings)
    groups = packed(scored, size=size_for(len(scored), wanted=sensors_per_task))
    manifests = [
        Manifest(
            hour=hour,
            run=run,
            group=group,
            planned_at=planned_at,
            sensors=tuple(_order(registry, sensor, readings[sensor]) for sensor in sensors),
        )
        for group, sensors in groups.items()
    ]
    plan = Plan(
        hour=hour,
        run=run,
        planned_at=planned_at,
        groups=groups,
        silent=tuple(sorted(set(registry.sensors) - set(readings))),
        unmodelled=tuple(sorted(set(readings) - set(registry.sensors))),
    )
    return plan, manifests


def readings_by_sensor(blobs: Iterable[str]) -> dict[str, list[str]]:
    """Sort the reading blobs of an hour by sensor; blobs that are nobody's readings are left out."""
    found: dict[str, list[str]] = {}
    for blob in sorted(blobs):
        sensor = layout.sensor_of_readings(blob)
        if sensor is not None:
            found.setdefault(sensor, []).append(blob)
    return found


def _order(registry: Registry, sensor: str, readings: Iterable[str]) -> SensorOrder:
    entry = registry.sensors[sensor]
    return SensorOrder(
        sensor=sensor, device=entry.device, tag=entry.tag, model=entry.model, readings=tuple(readings)
    )


def _texts(node: Node) -> tuple[str, ...]:
    return tuple(element.text() for element in node.elements())
