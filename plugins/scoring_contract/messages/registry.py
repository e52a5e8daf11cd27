"""The registry of models: all sensors, the versions of their models, and the current version of each.

It is one blob, written last and as a whole, so readers see either the old state or the new one. The
operations here are pure: they return a new registry, and the caller writes it with a conditional write.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scoring_contract import json_message
from scoring_contract.errors import LayoutError, RegistryError
from scoring_contract.messages.manifest import ModelRef, hour_at, pack_at, sensor_at
from scoring_contract.sensor_names import checked_sensor_id, display_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scoring_contract.hour import RunHour
    from scoring_contract.json_message import Node
    from scoring_contract.messages.manifest import PackSlice

MOST_FORMER = 5
"""Former current versions that are kept for each sensor, to roll back to."""
MOST_WAITING = 3
"""Versions that were never current and are kept for each sensor."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """One version of a sensor's model, and its origin."""

    ref: ModelRef
    trained_from: RunHour | None
    """First hour trained on; None for a model from elsewhere."""
    trained_until: RunHour | None
    """First hour after the training hours; None for a model from elsewhere."""
    rows: int
    """Readings trained on; 0 if unknown."""
    libraries: Mapping[str, str]
    """Versions of the libraries that fitted it, for example ``{"scikit-learn": "1.9.1"}``."""

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            **self.ref.to_json(),
            "trained_from": str(self.trained_from) if self.trained_from else None,
            "trained_until": str(self.trained_until) if self.trained_until else None,
            "rows": self.rows,
            "libraries": dict(sorted(self.libraries.items())),
        }

    @classmethod
    def from_json(cls, node: Node) -> TrainedModel:
        """Read the wire form."""
        return cls(
            ref=ModelRef.from_json(node),
            trained_from=_hour_or_none(node["trained_from"]),
            trained_until=_hour_or_none(node["trained_until"]),
            rows=node["rows"].count(),
            libraries={name: version.text() for name, version in node["libraries"].items()},
        )


@dataclass(frozen=True, slots=True)
class TrainedSensor:
    """A sensor and its new model, whose file is in storage."""

    sensor: str
    device: str
    tag: str
    model: TrainedModel

    @property
    def version(self) -> str:
        """Version of the new model."""
        return self.model.ref.version

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        model = self.model.to_json()
        return {"sensor": self.sensor, "device": self.device, "tag": self.tag, "model": model}

    @classmethod
    def from_json(cls, node: Node) -> TrainedSensor:
        """Read the wire form."""
        return cls(
            sensor=sensor_at(node["sensor"]),
            device=node["device"].text(),
            tag=node["tag"].text(),
            model=TrainedModel.from_json(node["model"]),
        )


@dataclass(frozen=True, slots=True)
class SensorEntry:
    """A sensor of the fleet and the versions of its model."""

    device: str
    tag: str
    current: str
    """Version used for scoring."""
    versions: Mapping[str, TrainedModel]
    pack: str = ""
    """Pack with which it shares files; empty if it shares none."""
    former_packs: tuple[str, ...] = ()
    """Packs that it has left; their files may contain its readings of past hours."""
    former: tuple[str, ...] = ()
    """Versions that were current before, the latest last, to roll back to."""

    @property
    def model(self) -> ModelRef:
        """The current model."""
        return self.versions[self.current].ref

    @property
    def packs(self) -> tuple[str, ...]:
        """All packs whose files may contain its readings, the present one first."""
        return (self.pack, *self.former_packs) if self.pack else self.former_packs

    def in_pack(self, pack: str) -> SensorEntry:
        """Return the entry in another pack.

        :param pack: empty for none
        """
        former = tuple(dict.fromkeys(name for name in self.packs if name != pack))
        return replace(self, pack=pack, former_packs=former)

    def adding(self, model: TrainedModel) -> SensorEntry:
        """Return the entry with one more version; the current one stays.

        :raises RegistryError: if the version exists with another file
        """
        version = model.ref.version
        known = self.versions.get(version)
        if known is None:
            kept = self._kept(besides=version)
            return replace(self, versions={**kept, version: model})
        if known.ref.sha256 != model.ref.sha256:
            raise RegistryError(f"version {version} already exists, with another file")
        # Keep the known one: only it has its position in a pack file.
        return self

    def _kept(self, *, besides: str) -> dict[str, TrainedModel]:
        """Return the versions to keep; every plan reads the whole registry, so old ones are dropped.

        Kept are the current version, the former ones to roll back to, and the latest of those that were never
        current. Files of dropped versions stay, so a manifest that names one can still be scored.

        :param besides: a new version, which was never current
        """
        on_the_way = {self.current, *self.former}
        waiting = sorted(version for version in self.versions if version not in on_the_way | {besides})
        kept = on_the_way.union(waiting[-(MOST_WAITING - 1) :])
        return {version: model for version, model in self.versions.items() if version in kept}

    def promoting(self, version: str) -> SensorEntry:
        """Return the entry with another current version; remember the previous one.

        :raises RegistryError: if there is no such version
        """
        if version not in self.versions:
            raise RegistryError(f"there is no version {version!r}, only {', '.join(sorted(self.versions))}")
        if version == self.current:
            return self
        return replace(self, current=version, former=(*self.former, self.current)[-MOST_FORMER:])

    def rolling_back(self) -> SensorEntry:
        """Return the entry with the previous current version.

        :raises RegistryError: if there was none
        """
        if not self.former:
            raise RegistryError(f"{self.current} is its first current version: there is none to roll back to")
        return replace(self, current=self.former[-1], former=self.former[:-1])

    def locating(self, version: str, place: PackSlice) -> SensorEntry:
        """Return the entry with a version's position in a pack file; unchanged if the version was dropped."""
        model = self.versions.get(version)
        if model is None:
            return self
        located = replace(model, ref=replace(model.ref, pack=place))
        return replace(self, versions={**self.versions, version: located})

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "device": self.device,
            "tag": self.tag,
            "current": self.current,
            "pack": self.pack,
            "former_packs": list(self.former_packs),
            "former": list(self.former),
            "versions": [self.versions[version].to_json() for version in sorted(self.versions)],
        }

    @classmethod
    def from_json(cls, node: Node) -> SensorEntry:
        """Read the wire form."""
        trained = [TrainedModel.from_json(version) for version in node["versions"].elements()]
        versions = {model.ref.version: model for model in trained}
        if len(versions) != len(trained):
            raise node["versions"].wrong("names a version twice")
        current = node["current"].text()
        former = () if node["former"].is_absent else tuple(each.text() for each in node["former"].elements())
        for place, version in (("current", current), *(("former", version) for version in former)):
            if version not in versions:
                raise node[place].wrong(f"is {version!r}, which is not among the versions")
        return cls(
            device=node["device"].text(),
            tag=node["tag"].text(),
            current=current,
            versions=versions,
            pack=pack_at(node["pack"]),
            former_packs=tuple(pack_at(pack) for pack in node["former_packs"].elements()),
            former=former,
        )


@dataclass(frozen=True, slots=True)
class Registry:
    """All sensors that have a model."""

    sensors: Mapping[str, SensorEntry] = field(default_factory=dict)

    def entry(self, sensor: str) -> SensorEntry:
        """Return a sensor's entry.

        :raises RegistryError: if it has none
        """
        if sensor not in self.sensors:
            raise RegistryError(f"the registry has no sensor {sensor!r}")
        return self.sensors[sensor]

    def sensor_called(self, name: str) -> str:
        """Return the id of the sensor that a person names: by its id, or by what is shown of it.

        :raises RegistryError: if there is none, or more than one
        """
        if name in self.sensors:
            return name
        found = [
            sensor for sensor, entry in self.sensors.items() if name == display_name(entry.device, entry.tag)
        ]
        if len(found) > 1:
            raise RegistryError(f"{name!r} can be {' or '.join(sorted(found))}: give the id of one of them")
        if not found:
            raise RegistryError(f"the registry has no sensor {name!r}")
        return found[0]

    def check_pair(self, sensor: str, device: str, tag: str) -> None:
        """Check that a sensor's id does not belong to another device and tag.

        :raises RegistryError: naming both pairs, if it does
        """
        entry = self.sensors.get(sensor)
        if entry and (entry.device, entry.tag) != (device, tag):
            raise RegistryError(
                f"its id belongs to device {entry.device!r} tag {entry.tag!r} and cannot also name "
                f"device {device!r} tag {tag!r}"
            )

    def objections(self, news: Iterable[TrainedSensor]) -> dict[str, str]:
        """Find new versions that cannot be added.

        :return: sensor to the reason, for these only
        """
        found = {}
        for new in news:
            try:
                self.check_pair(new.sensor, new.device, new.tag)
                if known := self.sensors.get(new.sensor):
                    known.adding(new.model)
            except RegistryError as error:
                found[new.sensor] = str(error)
        return found

    def adding(self, news: Iterable[TrainedSensor]) -> Registry:
        """Return the registry with more versions. The current ones stay; a new sensor's version is current.

        :raises RegistryError: if an id belongs to another device and tag, or a version to another file
        """
        sensors = dict(self.sensors)
        for new in news:
            with _naming(new.sensor):
                self.check_pair(new.sensor, new.device, new.tag)
                known = sensors.get(new.sensor)
                first = SensorEntry(new.device, new.tag, new.version, {new.version: new.model})
                sensors[new.sensor] = known.adding(new.model) if known else first
        return Registry(sensors)

    def promoting(self, versions: Mapping[str, str]) -> Registry:
        """Return the registry with other current versions.

        :param versions: sensor to version
        :raises RegistryError: if there is no such sensor or version
        """
        return self._changing({sensor: self._promoted(sensor, versions[sensor]) for sensor in versions})

    def publishing(self, news: Iterable[TrainedSensor]) -> Registry:
        """Return the registry with new versions as the current ones; raises as :meth:`adding`."""
        new = tuple(news)
        return self.adding(new).promoting({sensor.sensor: sensor.version for sensor in new})

    def rolling_back(self, sensor: str) -> Registry:
        """Return the registry with the previous current version of a sensor.

        :raises RegistryError: if there is no such sensor, or no previous version
        """
        with _naming(sensor):
            return self._changing({sensor: self.entry(sensor).rolling_back()})

    def packing(
        self, packs: Mapping[str, str], places: Mapping[str, tuple[str, PackSlice]] | None = None
    ) -> Registry:
        """Return the registry with other packs; sensors that were removed meanwhile are ignored.

        :param packs: sensor to pack, empty for none
        :param places: sensor to a version and its position in the pack file
        """
        entries = {
            sensor: self.sensors[sensor].in_pack(packs[sensor]) for sensor in packs if sensor in self.sensors
        }
        for sensor, (version, place) in (places or {}).items():
            if sensor in entries:
                entries[sensor] = entries[sensor].locating(version, place)
        return self._changing(entries)

    def _promoted(self, sensor: str, version: str) -> SensorEntry:
        with _naming(sensor):
            return self.entry(sensor).promoting(version)

    def _changing(self, entries: Mapping[str, SensorEntry]) -> Registry:
        return Registry({**self.sensors, **entries})

    def to_json(self) -> str:
        """Render the registry, ordered by sensor id."""
        return json_message.render(
            {"sensors": {name: self.sensors[name].to_json() for name in sorted(self.sensors)}}
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Registry:
        """Parse a registry.

        :raises MessageError: naming the invalid member
        """
        root = json_message.parse("registry", text)
        return cls(
            {_sensor_id(name, node): SensorEntry.from_json(node) for name, node in root["sensors"].items()}
        )


@contextmanager
def _naming(sensor: str) -> Iterator[None]:
    """Prefix errors about an entry with its sensor."""
    try:
        yield
    except RegistryError as error:
        raise RegistryError(f"{sensor}: {error}") from None  # the cause adds nothing


def _sensor_id(name: str, node: Node) -> str:
    try:
        return checked_sensor_id(name)
    except LayoutError as error:
        raise node.wrong(f"has an invalid name: {error}") from error


def _hour_or_none(node: Node) -> RunHour | None:
    return None if node.is_absent else hour_at(node)
