"""The registry in storage: read, merged with new models, and written back in one conditional write.

Two trainings at once do not lose each other's work: the later write fails, reads again and merges again.
Older versions stay listed, so an order that names one can still be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import BlobConflict, BlobMissing, DataFault, ModelFault
from scoring_contract.errors import MessageError
from scoring_contract.layout import REGISTRY_BLOB
from scoring_contract.registry import Registry, SensorEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scorer.storage import BlobContainer
    from scoring_contract.registry import TrainedModel

ATTEMPTS = 8
"""Conditional writes before giving up; each failure means that another training has succeeded."""


@dataclass(frozen=True, slots=True)
class TrainedSensor:
    """A sensor and its new model, whose file is in storage."""

    sensor: str
    device: str
    tag: str
    model: TrainedModel


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The registry as it was read, and the tag that says whether it still is."""

    registry: Registry
    etag: str | None

    @classmethod
    def read(cls, models: BlobContainer) -> Catalogue:
        """Read the registry; an empty one if there is none yet.

        :raises ModelFault: if there is one and it cannot be read: it must not be written over
        :raises StorageFault: if storage refuses or does not answer
        """
        try:
            blob = models.read_versioned(REGISTRY_BLOB)
        except BlobMissing:
            return cls(Registry(), None)
        try:
            return cls(Registry.from_json(blob.data), blob.etag)
        except MessageError as error:
            raise ModelFault(f"the registry is damaged and was left alone: {error}") from error

    def check_pair(self, sensor: str, device: str, tag: str) -> None:
        """Check that a sensor's id still means the same device and tag.

        :raises DataFault: naming both pairs
        """
        entry = self.registry.sensors.get(sensor)
        if entry and (entry.device, entry.tag) != (device, tag):
            raise DataFault(
                f"its id belongs to device {entry.device!r} tag {entry.tag!r} and cannot also name "
                f"device {device!r} tag {tag!r}"
            )


def publish(catalogue: Catalogue, models: BlobContainer, trained: Iterable[TrainedSensor]) -> Registry:
    """Make new models the current ones.

    :param catalogue: the registry as it was read when training began
    :return: the registry as it is now in storage
    :raises DataFault: if another training has meanwhile given one of the ids to another device or tag
    :raises BlobConflict: if other trainings won every attempt
    :raises StorageFault: if storage refuses or does not answer
    """
    news = tuple(trained)
    for attempt in range(1, ATTEMPTS + 1):
        for sensor in news:
            catalogue.check_pair(sensor.sensor, sensor.device, sensor.tag)
        merged = merge(catalogue.registry, news)
        if merged == catalogue.registry:
            return merged
        try:
            models.write_if_unchanged(
                REGISTRY_BLOB,
                merged.to_json().encode(),
                content_type="application/json",
                etag=catalogue.etag,
            )
        except BlobConflict:
            if attempt == ATTEMPTS:
                raise
            catalogue = Catalogue.read(models)
        else:
            return merged
    raise AssertionError("the last attempt either returns or raises")


def merge(registry: Registry, trained: Iterable[TrainedSensor]) -> Registry:
    """Add versions and make them current; what is there already stays."""
    sensors = dict(registry.sensors)
    for news in trained:
        known = sensors.get(news.sensor)
        versions = {**(known.versions if known else {}), news.model.ref.version: news.model}
        sensors[news.sensor] = SensorEntry(news.device, news.tag, news.model.ref.version, versions)
    return Registry(sensors)
