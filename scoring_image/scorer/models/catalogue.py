"""The registry in storage: reads it, changes it and writes it back with a conditional write.

Concurrent changes lose nothing: the later write fails, and its change is applied to the new registry. Former
versions stay listed, so a manifest that names one can still be scored again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import BlobConflict, BlobMissing, ModelFault
from scoring_contract.errors import MessageError
from scoring_contract.layout import REGISTRY_BLOB
from scoring_contract.messages.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from scorer.storage import BlobContainer
    from scoring_contract.messages.registry import TrainedSensor

ATTEMPTS = 8
"""Conditional writes before giving up; each failure means that another writer has succeeded."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The registry as it was read, and its ETag for the conditional write; None if there was none."""

    registry: Registry
    etag: str | None

    @classmethod
    def read(cls, models: BlobContainer) -> Catalogue:
        """Read the registry; an empty one if there is none yet.

        :raises ModelFault: if it is damaged, so that nothing overwrites it
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
    """The result of publishing models."""

    registry: Registry
    """As it is in storage now."""
    refused: Mapping[str, str]
    """Sensor to the reason why the registry cannot take its new model."""


def publish(catalogue: Catalogue, models: BlobContainer, trained: Iterable[TrainedSensor]) -> Published:
    """Make new models the current ones; a model that the registry refuses does not hold back the others.

    :param catalogue: the registry as it was read when training began
    :raises BlobConflict: if other writers win every attempt
    :raises ModelFault: if the registry cannot be read
    :raises StorageFault: if storage refuses or does not answer
    """
    news = tuple(trained)
    refused: dict[str, str] = {}

    def change(registry: Registry) -> Registry:
        # Checked again for every new registry: another training may have taken an id meanwhile.
        refused.clear()
        refused.update(registry.objections(news))
        return registry.publishing(new for new in news if new.sensor not in refused)

    return Published(amend(models, change, catalogue=catalogue), refused)


def amend(
    models: BlobContainer, change: Callable[[Registry], Registry], *, catalogue: Catalogue | None = None
) -> Registry:
    """Change the registry in one conditional write; write nothing if the change has no effect.

    :param change: returns the new registry for the old; called again if another writer was faster
    :param catalogue: the registry as it was read before, to save reading it again
    :return: the registry as it is in storage now
    :raises RegistryError: if the registry cannot take the change
    :raises BlobConflict: if other writers win every attempt
    :raises ModelFault: if the registry cannot be read
    :raises StorageFault: if storage refuses or does not answer
    """
    seen = catalogue or Catalogue.read(models)
    attempt = 0
    while True:
        attempt += 1
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
