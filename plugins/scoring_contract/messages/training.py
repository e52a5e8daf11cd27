"""The training order, for one Batch task: sensors, readings to train on, and later ones to evaluate on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scoring_contract import json_message
from scoring_contract.errors import LayoutError
from scoring_contract.fit_options import FitOptions
from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import ModelRef, hour_at, pack_at, sensor_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring_contract.json_message import Node
    from scoring_contract.messages.registry import Registry


@dataclass(frozen=True, slots=True)
class TrainingHours:
    """The hours to train on, and the later hours to evaluate the new models on.

    :raises LayoutError: if a range is empty, or the second starts before the first ends
    """

    trained_from: RunHour
    trained_until: RunHour
    """First hour after the training hours."""
    evaluated_from: RunHour
    evaluated_until: RunHour
    """First hour after the evaluation hours."""

    def __post_init__(self) -> None:
        if self.trained_until <= self.trained_from:
            raise LayoutError(
                f"training ends at {self.trained_until}, not after its start {self.trained_from}"
            )
        if self.evaluated_until <= self.evaluated_from:
            raise LayoutError(
                f"evaluation ends at {self.evaluated_until}, not after its start {self.evaluated_from}"
            )
        if self.evaluated_from < self.trained_until:
            raise LayoutError(
                f"evaluation from {self.evaluated_from} overlaps with training until {self.trained_until}: "
                "a model must be evaluated on readings that it has not seen"
            )

    @property
    def training(self) -> tuple[RunHour, ...]:
        """Hours to train on, oldest first."""
        return tuple(_hours(self.trained_from, self.trained_until))

    @property
    def evaluation(self) -> tuple[RunHour, ...]:
        """Hours to evaluate on, oldest first."""
        return tuple(_hours(self.evaluated_from, self.evaluated_until))

    def to_json(self) -> dict[str, str]:
        """Return the wire form."""
        return {name: str(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_json(cls, node: Node) -> TrainingHours:
        """Read the wire form."""
        hours = {name: hour_at(node[name]) for name in cls.__slots__}
        try:
            return cls(**hours)
        except LayoutError as error:
            raise node.wrong(str(error)) from error


@dataclass(frozen=True, slots=True)
class TrainingSubject:
    """One sensor to train."""

    sensor: str
    pair: tuple[str, str] | None = None
    """Its device and tag in the registry; None for a sensor without a model."""
    current: ModelRef | None = None
    """Its current model, to compare the new one with."""
    packs: tuple[str, ...] = ()
    """Packs whose files may also contain its readings, the present one first."""

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "sensor": self.sensor,
            "device": self.pair[0] if self.pair else None,
            "tag": self.pair[1] if self.pair else None,
            "current": self.current.to_json() if self.current else None,
            "packs": list(self.packs),
        }

    @classmethod
    def of(cls, sensor: str, registry: Registry) -> TrainingSubject:
        """Return a sensor as the registry knows it, or as one without a model."""
        entry = registry.sensors.get(sensor)
        if entry is None:
            return cls(sensor)
        return cls(sensor, (entry.device, entry.tag), entry.model, entry.packs)

    @classmethod
    def from_json(cls, node: Node) -> TrainingSubject:
        """Read the wire form."""
        is_new = node["device"].is_absent
        return cls(
            sensor=sensor_at(node["sensor"]),
            pair=None if is_new else (node["device"].text(), node["tag"].text()),
            current=None if node["current"].is_absent else ModelRef.from_json(node["current"]),
            packs=tuple(pack_at(pack) for pack in node["packs"].elements()),
        )


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """The order to train one group of sensors."""

    run: str
    group: str
    planned_at: str
    """As in a manifest."""
    hours: TrainingHours
    options: FitOptions
    sensors: tuple[TrainingSubject, ...]
    training: tuple[str, ...]
    """Blobs in ``data`` with the readings to train on, of sensors and of packs, in the order of hours. Each
    is listed once, however many sensors share it: its name contains its sensor or pack."""
    evaluation: tuple[str, ...]
    """Blobs with the readings to evaluate on, likewise."""
    labels: tuple[str, ...] = ()
    """Blobs in ``data`` with the labels that people gave to spans of these sensors' readings."""

    def to_json(self) -> str:
        """Render the order."""
        return json_message.render(
            {
                "run": self.run,
                "group": self.group,
                "planned_at": self.planned_at,
                "hours": self.hours.to_json(),
                "options": self.options.to_json(),
                "sensors": [sensor.to_json() for sensor in self.sensors],
                "training": list(self.training),
                "evaluation": list(self.evaluation),
                "labels": list(self.labels),
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> TrainingOrder:
        """Parse an order.

        :raises MessageError: naming the invalid member
        """
        root = json_message.parse("training order", text)
        sensors = tuple(TrainingSubject.from_json(node) for node in root["sensors"].elements())
        if len({sensor.sensor for sensor in sensors}) != len(sensors):
            raise root["sensors"].wrong("names a sensor twice")
        return cls(
            run=root["run"].text(),
            group=root["group"].text(),
            planned_at=root["planned_at"].text(),
            hours=TrainingHours.from_json(root["hours"]),
            options=FitOptions.from_json(root["options"]),
            sensors=sensors,
            training=root["training"].texts(),
            evaluation=root["evaluation"].texts(),
            # Orders of before have none.
            labels=() if root["labels"].is_absent else root["labels"].texts(),
        )


def hours_after(hour: RunHour, count: int) -> RunHour:
    """Return the hour that is ``count`` hours later; a negative count means earlier."""
    return RunHour(hour.start + timedelta(hours=count))


def _hours(first: RunHour, until: RunHour) -> Iterator[RunHour]:
    while first < until:
        yield first
        first = first.next
