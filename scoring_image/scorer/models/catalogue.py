"""The registry in storage: read, changed, and written back in one conditional write.

Two changes at once do not lose each other's work: the later write fails, reads again and changes again.
Older versions stay listed, so an order that names one can still be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import BlobConflict, BlobMissing, ModelFault
from scoring_contract.errors import MessageError
from scoring_contract.layout import REGISTRY_BLOB
from scoring_contract.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from scorer.storage import BlobContainer
    from scoring_contract.registry import TrainedSensor

ATTEMPTS = 8
"""Conditional writes before giving up; each failure means that another training has succeeded."""


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


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did."""

    registry: Registry
    """As it is now in storage."""
    refused: Mapping[str, str]
    """Sensor to why the registry cannot have its new model."""


def publish(catalogue: Catalogue, models: BlobContainer, trained: Iterable[TrainedSensor]) -> Published:
    """Make new models the current ones; those that the registry cannot take keep no other one away.

    :param catalogue: the registry as it was read when training began
    :raises BlobConflict: if others won every attempt
    :raises ModelFault: if the registry cannot be read
    :raises StorageFault: if storage refuses or does not answer
    """
    news = tuple(trained)
    refused: dict[str, str] = {}

    def change(registry: Registry) -> Registry:
        # Asked again of every registry that is written over: another training may have taken an id meanwhile.
        refused.clear()
        refused.update(registry.objections(news))
        return registry.publishing(new for new in news if new.sensor not in refused)

    return Published(amend(models, change, catalogue=catalogue), refused)


def amend(
    models: BlobContainer, change: Callable[[Registry], Registry], *, catalogue: Catalogue | None = None
) -> Registry:
    """Change the registry in one conditional write; nothing is written if the change changes nothing.

    :param change: makes the new registry from the old; called again if somebody else was faster
    :param catalogue: the registry as it was read before, to save reading it again
    :return: the registry as it is now in storage
    :raises RegistryError: if the registry cannot take the change
    :raises BlobConflict: if others won every attempt
    :raises ModelFault: if the registry cannot be read
    :raises StorageFault: if storage refuses or does not answer
    """
    seen = catalogue or Catalogue.read(models)
    for attempt in range(1, ATTEMPTS + 1):
        changed = change(seen.registry)
        if changed == seen.registry:
            return changed
        try:
            models.write_if_unchanged(
                REGISTRY_BLOB, changed.to_json().encode(), content_type="application/json", etag=seen.etag
            )
        except BlobConflict:
            if attempt == ATTEMPTS:
                raise
            seen = Catalogue.read(models)
        else:
            return changed
    raise AssertionError("the last attempt either returns or raises")
