"""Plan of a run: the sensors it scores, in groups, and those it cannot score. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from scoring_contract import json_message
from scoring_contract.messages.manifest import Manifest, SensorOrder, hour_at, predictions_format_at
from scoring_contract.predictions import PredictionFormat
from sensor_scoring.hourly.gate import Expectation
from sensor_scoring.hourly.planning.packing import packed, size_for
from sensor_scoring.hourly.planning.predictions_there import NO_PREDICTIONS, PredictionsThere

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.hour import RunHour
    from scoring_contract.messages.registry import Registry, SensorEntry
    from sensor_scoring.hourly.planning.readings import HourReadings


_NAMED = 2
"""Unclaimed blobs that a plan names: their paths show what is wrong with all of them."""


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
    pack_of: Mapping[str, str] = field(default_factory=dict)
    """Sensor to the pack whose prediction blob it shares; empty if every sensor has a blob of its own."""
    unknown_packs: tuple[str, ...] = ()
    """Packs with readings to which no sensor of the registry belongs."""
    unclaimed: int = 0
    """Blobs among the hour's readings that lie in the folder of no sensor and no pack."""
    unclaimed_named: tuple[str, ...] = ()
    """Two of them."""
    predictions_format: PredictionFormat = PredictionFormat.CSV
    """Format of the predictions."""

    @property
    def expectation(self) -> Expectation:
        """The predictions that this plan owes."""
        sensors = tuple(sensor for group in self.groups.values() for sensor in group)
        return Expectation(self.hour, self.planned_at, sensors, self.pack_of, self.predictions_format)

    def to_json(self) -> str:
        """Return the plan's text."""
        return json_message.render(
            {
                "hour": str(self.hour),
                "run": self.run,
                "planned_at": self.planned_at,
                "groups": {group: list(sensors) for group, sensors in self.groups.items()},
                "silent": list(self.silent),
                "unmodelled": list(self.unmodelled),
                "pack_of": dict(self.pack_of),
                "unknown_packs": list(self.unknown_packs),
                "unclaimed": self.unclaimed,
                "unclaimed_named": list(self.unclaimed_named),
                "predictions_format": self.predictions_format.value,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a plan.

        :raises MessageError: naming the place that is wrong
        """
        root = json_message.parse("plan", text)
        return cls(
            hour=hour_at(root["hour"]),
            run=root["run"].text(),
            planned_at=root["planned_at"].text(),
            groups={group: sensors.texts() for group, sensors in root["groups"].items()},
            silent=root["silent"].texts(),
            unmodelled=root["unmodelled"].texts(),
            pack_of={sensor: pack.text() for sensor, pack in root["pack_of"].items()},
            unknown_packs=root["unknown_packs"].texts(),
            # Plans of before have none.
            unclaimed=0 if root["unclaimed"].is_absent else root["unclaimed"].count(),
            unclaimed_named=() if root["unclaimed"].is_absent else root["unclaimed_named"].texts(),
            predictions_format=predictions_format_at(root["predictions_format"]),
        )


def plan_hour(
    registry: Registry,
    readings: HourReadings,
    *,
    hour: RunHour,
    run: str,
    planned_at: str,
    sensors_per_task: int = 0,
    packed_predictions: bool = False,
    predictions_format: PredictionFormat = PredictionFormat.CSV,
    image: str = "",
    there: PredictionsThere = NO_PREDICTIONS,
) -> tuple[Plan, list[Manifest]]:
    """Compare the fleet with what it sent, and divide what can be scored into groups.

    :param sensors_per_task: size of a group; 0 lets
        :func:`sensor_scoring.hourly.planning.packing.size_for` choose
    :param packed_predictions: whether the sensors of a pack share one prediction blob
    :param predictions_format: what predictions are written as, unless some are there
    :param image: container image that scores
    :param there: the predictions that the hour already has
    :return: the plan, and a manifest for each of its groups in the plan's order
    """
    blobs = {sensor: readings.of(sensor, entry) for sensor, entry in registry.sensors.items()}
    scored = sorted(sensor for sensor in blobs if blobs[sensor])
    pack_of = {sensor: pack for sensor in scored if (pack := registry.sensors[sensor].pack)}
    members: dict[str, list[str]] = {}
    for sensor, pack in pack_of.items():
        members.setdefault(pack, []).append(sensor)
    packs = {pack for pack in members if there.are_packed(members[pack], wanted=packed_predictions)}
    shared = {sensor: pack for sensor, pack in pack_of.items() if pack in packs}
    form = there.form or predictions_format
    groups = packed(scored, size=size_for(len(scored), wanted=sensors_per_task), pack_of=pack_of)
    manifests = [
        Manifest(
            hour=hour,
            run=run,
            group=group,
            planned_at=planned_at,
            sensors=tuple(
                _order(registry.sensors[sensor], sensor, blobs[sensor], pack=shared.get(sensor, ""))
                for sensor in sensors
            ),
            predictions_format=form,
            image=image,
        )
        for group, sensors in groups.items()
    ]
    plan = Plan(
        hour=hour,
        run=run,
        planned_at=planned_at,
        groups=groups,
        silent=tuple(sorted(sensor for sensor in blobs if not blobs[sensor])),
        unmodelled=tuple(sorted(set(readings.of_sensor) - set(registry.sensors))),
        pack_of=shared,
        unknown_packs=tuple(
            sorted(set(readings.of_pack).difference(*(entry.packs for entry in registry.sensors.values())))
        ),
        unclaimed=len(readings.unclaimed),
        unclaimed_named=tuple(map(_shown, readings.unclaimed[:_NAMED])),
        predictions_format=form,
    )
    return plan, manifests


def _order(entry: SensorEntry, sensor: str, readings: tuple[str, ...], *, pack: str) -> SensorOrder:
    return SensorOrder(
        sensor=sensor, device=entry.device, tag=entry.tag, model=entry.model, readings=readings, pack=pack
    )


def _shown(blob: str) -> str:
    # Whoever wrote it may have used any character; it is to stand in a line of a log.
    return blob if blob.isprintable() else blob.encode("unicode_escape").decode()
