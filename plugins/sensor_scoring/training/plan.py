"""Plan of a training run: sensors, their readings, and groups. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scoring_contract import json_message
from scoring_contract.layout import span_label_named
from scoring_contract.messages.span_label import concerns
from scoring_contract.messages.training import TrainingHours, TrainingOrder, TrainingSubject
from sensor_scoring.hourly.planning.packing import packed
from sensor_scoring.hourly.planning.readings import HourReadings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring_contract.fit_options import FitOptions
    from scoring_contract.messages.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """One run's plan, kept in ``runs`` for all later steps."""

    run: str
    planned_at: str
    """UTC, microseconds, ``Z``; texts of this form sort by time."""
    hours: TrainingHours
    groups: Mapping[str, tuple[str, ...]]
    """Group to its sensors. The order is that of the mapped task instances."""
    silent: tuple[str, ...]
    """Sensors with a model and without readings to train on."""

    def to_json(self) -> str:
        """Return the plan's text."""
        return json_message.render(
            {
                "run": self.run,
                "planned_at": self.planned_at,
                "hours": self.hours.to_json(),
                "groups": {group: list(sensors) for group, sensors in self.groups.items()},
                "silent": list(self.silent),
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a plan.

        :raises MessageError: naming the place that is wrong
        """
        root = json_message.parse("training plan", text)
        return cls(
            run=root["run"].text(),
            planned_at=root["planned_at"].text(),
            hours=TrainingHours.from_json(root["hours"]),
            groups={group: sensors.texts() for group, sensors in root["groups"].items()},
            silent=root["silent"].texts(),
        )


def plan_training(
    registry: Registry,
    training: Iterable[str],
    evaluation: Iterable[str],
    labels: Iterable[str],
    *,
    hours: TrainingHours,
    run: str,
    planned_at: str,
    options: FitOptions,
    sensors_per_task: int,
) -> tuple[TrainingPlan, list[TrainingOrder]]:
    """Find out who can be trained, and divide them into groups.

    Those are the sensors with a folder of their own in the training hours, and the registered sensors of the
    packs that have one: whose rows a pack's files really hold only the scorer sees.

    :param training: names of all blobs with readings of the training hours
    :param evaluation: likewise of the later hours
    :param labels: names of all blobs with labels of spans
    :param options: how to fit
    :return: the plan, and an order for each of its groups in the plan's order
    """
    trained, judged = HourReadings.among(training), HourReadings.among(evaluation)
    pack_of = {sensor: entry.pack for sensor, entry in registry.sensors.items() if entry.pack}
    known = {sensor for sensor, entry in registry.sensors.items() if trained.of(sensor, entry)}
    sensors = sorted(known | trained.of_sensor.keys())
    groups = packed(
        sensors,
        size=sensors_per_task,
        pack_of={sensor: pack_of[sensor] for sensor in sensors if sensor in pack_of},
    )
    labelled = _by_sensor(labels, hours)
    orders = [
        TrainingOrder(
            run=run,
            group=group,
            planned_at=planned_at,
            hours=hours,
            options=options,
            sensors=tuple(TrainingSubject.of(sensor, registry) for sensor in members),
            training=_blobs_of(trained, members, registry),
            evaluation=_blobs_of(judged, members, registry),
            labels=tuple(blob for sensor in members for blob in labelled.get(sensor, ())),
        )
        for group, members in groups.items()
    ]
    silent = tuple(sorted(registry.sensors.keys() - set(sensors)))
    plan = TrainingPlan(run=run, planned_at=planned_at, hours=hours, groups=groups, silent=silent)
    return plan, orders


def _by_sensor(labels: Iterable[str], hours: TrainingHours) -> Mapping[str, list[str]]:
    """Sort the labels of readings that are trained or evaluated on by their sensors."""
    ranges = ((hours.trained_from, hours.trained_until), (hours.evaluated_from, hours.evaluated_until))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for blob in labels:
        if (named := span_label_named(blob)) and any(concerns(blob, *bounds) for bounds in ranges):
            found[named[0]].append(blob)
    return found


def _blobs_of(readings: HourReadings, sensors: Iterable[str], registry: Registry) -> tuple[str, ...]:
    """Return the blobs of a group, each once, by name and therefore by hour."""
    names: set[str] = set()
    for sensor in sensors:
        entry = registry.sensors.get(sensor)
        names.update(readings.of(sensor, entry) if entry else readings.of_sensor.get(sensor, ()))
    return tuple(sorted(names))
