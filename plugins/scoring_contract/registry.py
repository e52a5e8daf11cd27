"""The registry of models: which sensors there are, and which version of each model is current.

One blob, written last and whole by training; readers see the old state or the new one, never a mixture.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scoring_contract import reading
from scoring_contract.manifest import ModelRef, hour_at, pack_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.hour import RunHour
    from scoring_contract.reading import Node


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """One version of a sensor's model and where it comes from."""

    ref: ModelRef
    trained_from: RunHour
    trained_until: RunHour
    """First hour that was not trained on."""
    rows: int
    libraries: Mapping[str, str]
    """Versions that fitted it, for example ``{"scikit-learn": "1.9.1"}``."""

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            **self.ref.to_json(),
            "trained_from": str(self.trained_from),
            "trained_until": str(self.trained_until),
            "rows": self.rows,
            "libraries": dict(sorted(self.libraries.items())),
        }

    @classmethod
    def from_json(cls, node: Node) -> TrainedModel:
        """Read the wire form."""
        return cls(
            ref=ModelRef.from_json(node),
            trained_from=hour_at(node["trained_from"]),
            trained_until=hour_at(node["trained_until"]),
            rows=node["rows"].count(),
            libraries={name: version.text() for name, version in node["libraries"].items()},
        )


@dataclass(frozen=True, slots=True)
class SensorEntry:
    """A sensor of the fleet and the versions of its model."""

    device: str
    tag: str
    current: str
    """Version that scores."""
    versions: Mapping[str, TrainedModel]
    pack: str = ""
    """Sensors of one pack may share files; empty for a sensor that shares none."""
    former_packs: tuple[str, ...] = ()
    """Packs that it has left: its readings of past hours may lie in their files."""

    @property
    def model(self) -> ModelRef:
        """The current model."""
        return self.versions[self.current].ref

    @property
    def packs(self) -> tuple[str, ...]:
        """Every pack in whose files its readings may be."""
        return (self.pack, *self.former_packs) if self.pack else self.former_packs

    def in_pack(self, pack: str) -> SensorEntry:
        """Move the sensor to another pack; empty for none."""
        former = tuple(dict.fromkeys(name for name in self.packs if name != pack))
        return replace(self, pack=pack, former_packs=former)

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "device": self.device,
            "tag": self.tag,
            "current": self.current,
            "pack": self.pack,
            "former_packs": list(self.former_packs),
            "versions": [self.versions[version].to_json() for version in sorted(self.versions)],
        }

    @classmethod
    def from_json(cls, node: Node) -> SensorEntry:
        """Read the wire form."""
        trained = [TrainedModel.from_json(version) for version in node["versions"].elements()]
        versions = {model.ref.version: model for model in trained}
        current = node["current"].text()
        if current not in versions:
            raise node["current"].wrong(f"is {current!r}, which is not among the versions")
        return cls(
            device=node["device"].text(),
            tag=node["tag"].text(),
            current=current,
            versions=versions,
            pack=pack_at(node["pack"]),
            former_packs=tuple(pack_at(pack) for pack in node["former_packs"].elements()),
        )


@dataclass(frozen=True, slots=True)
class Registry:
    """All sensors that have a model."""

    sensors: Mapping[str, SensorEntry] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the registry's text, sensors in order of their ids."""
        return reading.render(
            {"sensors": {name: self.sensors[name].to_json() for name in sorted(self.sensors)}}
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Registry:
        """Read a registry.

        :raises MessageError: naming the place that is wrong
        """
        root = reading.parse("registry", text)
        return cls({name: SensorEntry.from_json(node) for name, node in root["sensors"].items()})
