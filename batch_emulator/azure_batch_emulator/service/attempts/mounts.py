"""File systems that a pool mounts on its nodes: here local folders, below the node's folder of mounts."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.records.nodes import NodeError
from azure_batch_emulator.runner.interface import Link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.settings import Settings

_KINDS = (
    "azureBlobFileSystemConfiguration",
    "azureFileShareConfiguration",
    "nfsMountConfiguration",
    "cifsMountConfiguration",
)
_MOST = 10


def check(body: Mapping[str, Any]) -> None:
    """Hold the mounts of a pool against the rules.

    :raises ApiError: 400 if there are too many, or one is not of one kind or leads elsewhere
    """
    mounts = body.get("mountConfiguration") or ()
    if len(mounts) > _MOST:
        raise ApiError.bad_property("mountConfiguration", len(mounts), f"at most {_MOST} are allowed")
    for mount in mounts:
        kinds = [kind for kind in _KINDS if mount.get(kind)]
        if len(kinds) != 1:
            reason = f"exactly one of {', '.join(_KINDS)} is needed"
            raise ApiError.bad_property("mountConfiguration", kinds, reason)
        path = PurePosixPath(str(mount[kinds[0]].get("relativeMountPath") or ""))
        if path.is_absolute() or ".." in path.parts or path == PurePosixPath():
            reason = "a path below the folder of mounts is needed"
            raise ApiError.bad_property("mountConfiguration.relativeMountPath", str(path), reason)


def links(settings: Settings, pool: Pool, root: Path) -> tuple[Link, ...]:
    """List where the mounts of a pool appear on a node."""
    found = ((path, settings.mounts.get(name)) for name, path in _mounts(pool))
    return tuple(Link(root / "fsmounts" / path, folder) for path, folder in found if folder is not None)


def error(settings: Settings, pool: Pool) -> NodeError | None:
    """Tell why a pool's nodes are of no use: the first mount that no folder stands for."""
    for name, path in _mounts(pool):
        if name not in settings.mounts:
            message = f"Nothing can be mounted for {name}. Start the emulator with --mount {name}=FOLDER."
            details = (("Source", name), ("RelativeMountPath", path))
            # The service's own code for a failed mount is not documented.
            return NodeError("MountConfigurationError", message, details)
    return None


def _mounts(pool: Pool) -> Iterator[tuple[str, str]]:
    for mount in pool.spec.get("mountConfiguration") or ():
        kind = next(kind for kind in _KINDS if mount.get(kind))
        yield _name(kind, mount[kind]), str(mount[kind]["relativeMountPath"])


def _name(kind: str, mount: Mapping[str, Any]) -> str:
    if kind == "azureBlobFileSystemConfiguration":
        return f"{mount.get('accountName')}/{mount.get('containerName')}"
    if kind == "azureFileShareConfiguration":
        return str(mount.get("azureFileUrl")).rstrip("/")
    return str(mount.get("source"))
