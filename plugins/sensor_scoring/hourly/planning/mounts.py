"""The mounts of a run: what the pool must mount, and what the plan tells the scorer of mounted readings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scoring_contract.layout import Container
from scoring_contract.messages.planned_file import PlannedFile
from sensor_scoring.azure_batch.pool.mounts import BlobMount, FileShareMount, NfsMount
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.setting_values.mount_sources import BLOB, mount_paths, share_account

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoring_contract.messages.manifest import Manifest
    from sensor_scoring.azure_batch.pool.mounts import Mount
    from sensor_scoring.blob_storage.listing import FoundBlob
    from sensor_scoring.settings import Settings


def mounts_of(settings: Settings) -> tuple[Mount, ...]:
    """Return what the nodes of the pool mount; connections are not asked yet."""
    return tuple(_mount(settings, container, path) for container, path in mount_paths(settings).items())


def _mount(settings: Settings, container: Container, path: str) -> Mount:
    is_data = container is Container.DATA
    source = settings.mounts.data_mount if is_data else settings.mounts.models_mount
    keys = BlobStore(settings.mounts.mount_conn_id or settings.connections.wasb_conn_id)
    if source == BLOB:
        return BlobMount(
            path,
            settings.containers.name_of(container),
            account=BlobStore(settings.connections.wasb_conn_id),
            keys=keys,
            identity=settings.pool.node_identity,
            # A model is held against its digest, whatever its age; readings may be written again.
            is_cached=not is_data,
        )
    if account := share_account(source):
        return FileShareMount(path, source, account, keys)
    return NfsMount(path, source)


def with_files(manifests: Iterable[Manifest], blobs: Iterable[FoundBlob]) -> list[Manifest]:
    """Return manifests that describe their readings as the plan's listing shows them."""
    found = {blob.name: PlannedFile(blob.size, blob.modified) for blob in blobs}
    return [
        replace(manifest, files={name: found[name] for order in manifest.sensors for name in order.readings})
        for manifest in manifests
    ]
